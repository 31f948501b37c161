// Every request a simulator received, with what became of it.

export interface RecordedRequest {
  number: number;
  /** ISO 8601, the machine's clock. */
  at: string;
  method: string;
  path: string;
  /** Path and query as they came. */
  url: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  /** The body as UTF-8 text; `bodyBytes` is its length on the wire. */
  body: string;
  bodyBytes: number;
  /** Null until answered, and for requests that were never answered. */
  status: number | null;
  /** Id of the fault rule that hit it. */
  fault: string | null;
  /** Whether the simulator carried it out, whatever the caller was told. */
  executed: boolean;
  durationMs: number | null;
}

interface Waiter {
  count: number;
  matches: (request: RecordedRequest) => boolean;
  resolve: (found: RecordedRequest[]) => void;
}

/** Keeps the newest `capacity` requests. */
export class RequestLog {
  readonly #capacity: number;
  readonly #waiters = new Set<Waiter>();
  #requests: RecordedRequest[] = [];
  #total = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get all(): readonly RecordedRequest[] {
    return this.#requests;
  }

  /** How many came since the start, forgotten ones included. */
  get total(): number {
    return this.#total;
  }

  add(request: Omit<RecordedRequest, 'number'>): RecordedRequest {
    const recorded = { number: ++this.#total, ...request };
    this.#requests.push(recorded);
    if (this.#requests.length > this.#capacity * 1.1) this.#requests = this.#requests.slice(-this.#capacity);
    return recorded;
  }

  clear(): void {
    this.#requests = [];
  }

  /** `path` is the source of a regular expression. */
  find(filter: { method?: string; path?: string }): RecordedRequest[] {
    const path = filter.path === undefined ? undefined : new RegExp(filter.path);
    const method = filter.method?.toUpperCase();
    return this.#requests.filter((each) => (path?.test(each.path) ?? true) && (method === undefined || each.method === method));
  }

  /** To be called when a request has its outcome; wakes those who wait for it. */
  settle(): void {
    for (const waiter of this.#waiters) {
      const found = this.#requests.filter(waiter.matches);
      if (found.length < waiter.count) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(found);
    }
  }

  /** Resolves once `count` finished requests match; rejects with a count after `limitMs`. */
  async waitFor(matches: (request: RecordedRequest) => boolean, count = 1, limitMs = 5000): Promise<RecordedRequest[]> {
    const finished = (request: RecordedRequest): boolean => request.durationMs !== null && matches(request);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`waited ${limitMs} ms for ${count} requests, saw ${this.#requests.filter(finished).length}`));
      }, limitMs);
      const waiter: Waiter = {
        count,
        matches: finished,
        resolve: (found) => {
          clearTimeout(timer);
          resolve(found);
        },
      };
      this.#waiters.add(waiter);
      this.settle();
    });
  }
}
