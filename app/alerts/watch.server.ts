/** Looks after everything once a minute: clock, disk, destinations, connections; tells what is new. Every worker runs one. */
import { log } from '#app/log.server.ts';
import type { Clock } from '#app/time.ts';
import { readClock, tellSkewFromMs } from './clock.server.ts';
import { inspectMachine, lookAround } from './look.server.ts';
import { sendDueNotices } from './send.server.ts';

export type AlertOptions = {
  intervalMs?: number;
  /** What time it is; the database's clock otherwise, the same for all watchers. */
  clock?: Clock;
};

/** Starts the watch; `stop` lets a round that is under way end. */
export function startAlerts({ intervalMs = 60_000, clock }: AlertOptions = {}): { stop(): Promise<void> } {
  let stopped = false;
  let running: Promise<void> | null = null;

  function round(): void {
    if (stopped || running) return;
    running = watchOnce(clock, () => stopped)
      .catch((error: unknown) => log.error('The look for trouble failed; the next one comes in a minute', { error }))
      .finally(() => (running = null));
  }

  round();
  const timer = setInterval(round, intervalMs);
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/** One round: look, write down, send. */
export async function watchOnce(clock?: Clock, stopped: () => boolean = () => false): Promise<void> {
  const { databaseNow, skewMs } = await readClock();
  if (Math.abs(skewMs) >= tellSkewFromMs) log.warn('The clock of this machine differs from the database', { skewMs: Math.round(skewMs) });
  const measuredAt = performance.now();
  const now = clock ? () => clock.now() : () => new Date(databaseNow.getTime() + performance.now() - measuredAt);
  await lookAround(now(), await inspectMachine(skewMs));
  await sendDueNotices(now, stopped);
}
