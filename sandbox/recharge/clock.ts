// The simulator's own time: runs with the machine's clock, faster, or only when told to.

export interface Task {
  at: number;
  order: number;
  run: () => void | Promise<void>;
}

export class SimClock {
  #tasks: Task[] = [];
  #order = 0;
  #scale: number;
  #base: number;
  #realBase = performance.now();
  #frozenAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #advancing: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #running = new Set<Promise<void>>();

  /** `scale` 1 keeps pace with the machine, 60 makes a minute of a second, 0 stands still until `advance`. */
  constructor(startMs: number, scale: number) {
    this.#base = startMs;
    this.#scale = scale;
  }

  get scale(): number {
    return this.#scale;
  }

  now(): number {
    return this.#frozenAt ?? this.#base + Math.floor((performance.now() - this.#realBase) * this.#scale);
  }

  setScale(scale: number): void {
    this.#rebase(this.now());
    this.#scale = scale;
    this.#arm();
  }

  /** Runs `run` once `delayMs` of simulated time have passed. Failures go to standard error. */
  schedule(delayMs: number, run: Task['run']): void {
    this.scheduleAt(this.now() + Math.max(0, delayMs), run);
  }

  scheduleAt(at: number, run: Task['run']): void {
    if (this.#stopped) return;
    const task = { at, order: ++this.#order, run };
    let low = 0;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tasks[middle] as Task).at <= at) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
    if (low === 0) this.#arm();
  }

  /** Moves time on, running what falls due in between one after the other, each at its own time. */
  async advance(seconds: number): Promise<void> {
    const turn = this.#advancing.then(() => this.#advanceNow(seconds * 1000));
    this.#advancing = turn.catch(() => {});
    return turn;
  }

  /** Resolves when nothing is due and nothing runs. */
  async settled(): Promise<void> {
    for (;;) {
      const due = this.#tasks[0] !== undefined && this.#tasks[0].at <= this.now();
      if (!due && this.#running.size === 0) return;
      await (this.#running.size > 0 ? Promise.race(this.#running) : new Promise((resolve) => setTimeout(resolve, 1)));
    }
  }

  clear(): void {
    this.#tasks = [];
    clearTimeout(this.#timer);
  }

  stop(): void {
    this.#stopped = true;
    this.clear();
  }

  async #advanceNow(byMs: number): Promise<void> {
    const target = this.now() + byMs;
    this.#frozenAt = this.now();
    clearTimeout(this.#timer);
    try {
      for (let task = this.#tasks[0]; task !== undefined && task.at <= target; task = this.#tasks[0]) {
        this.#tasks.shift();
        this.#frozenAt = Math.max(this.#frozenAt, task.at);
        await this.#run(task);
      }
    } finally {
      this.#frozenAt = undefined;
      this.#rebase(target);
      this.#arm();
    }
  }

  #rebase(now: number): void {
    this.#base = now;
    this.#realBase = performance.now();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#tasks[0];
    if (next === undefined || this.#frozenAt !== undefined || this.#stopped) return;
    const waitMs = next.at - this.now();
    if (waitMs > 0 && this.#scale === 0) return;
    // setTimeout holds at most 2^31 ms; waking early only arms again.
    this.#timer = setTimeout(() => this.#runDue(), Math.min(waitMs <= 0 ? 0 : waitMs / this.#scale, 2_000_000_000));
    this.#timer.unref();
  }

  #runDue(): void {
    if (this.#frozenAt !== undefined) return;
    const now = this.now();
    let count = 0;
    while (this.#tasks[count] !== undefined && (this.#tasks[count] as Task).at <= now) count += 1;
    for (const task of this.#tasks.splice(0, count)) void this.#run(task);
    this.#arm();
  }

  async #run(task: Task): Promise<void> {
    const running = (async () => task.run())().catch((error: unknown) => {
      process.stderr.write(`recharge simulator: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    });
    this.#running.add(running);
    await running;
    this.#running.delete(running);
  }
}
