/**
 * Puts arrived webhooks into the database and says so once they are committed. Whatever waits goes in with one multi-row
 * INSERT, by at most two writers and with no added delay: a row of its own for each request reaches half the rate, a fixed
 * window only adds waiting (docs/performance.md).
 */
import type pg from 'pg';
import { counter, gauge, histogram } from '#app/metrics.server.ts';

export type Arrival = {
  shopId: string;
  connectionId: string;
  topic: string;
  /** SHA-256 of topic and body: what makes a second copy recognisable. */
  digest: Buffer;
  scheme: 'v1' | 'legacy';
  bodySealed: Buffer;
  bodyBytes: number;
};

export type InboundStore = {
  /**
   * Resolves once the arrival is committed: `duplicate` when it was there already. Rejects when it could not be stored
   * within `limitMs`; it may then still have been, which a further copy finds out.
   */
  keep(arrival: Arrival, limitMs: number): Promise<'stored' | 'duplicate'>;
  /** Resolves when nothing waits any more. */
  drain(): Promise<void>;
};

type Waiter = { resolve(outcome: 'stored' | 'duplicate'): void; reject(error: Error): void; timer: NodeJS.Timeout };
type Entry = { key: string; arrival: Arrival; waiters: Set<Waiter> };

const writers = 2;
const mostRows = 128;
const mostBytes = 4 * 1024 * 1024;
const mostWaitingBytes = 128 * 1024 * 1024;
const queryTimeoutMs = 5_000;
const pauseBetweenTriesMs = 100;

const flushRows = histogram('rechannel_intake_flush_rows', 'Rows written by one INSERT of the intake', [1, 2, 4, 8, 16, 32, 64, 128]);
const flushSeconds = histogram('rechannel_intake_flush_seconds', 'Duration of one INSERT and commit of the intake', [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]);
const flushFailures = counter('rechannel_intake_flush_failures_total', 'INSERTs of the intake that failed and were tried again or given up');

export function createInboundStore(pool: () => pg.Pool): InboundStore {
  const entries = new Map<string, Entry>();
  let queue: Entry[] = [];
  let waitingBytes = 0;
  let busy = 0;
  let scheduled = false;
  const idle: (() => void)[] = [];
  gauge('rechannel_intake_waiting_rows', 'Arrivals that are not committed yet', [], function () {
    this.set(entries.size);
  });

  function keep(arrival: Arrival, limitMs: number): Promise<'stored' | 'duplicate'> {
    const key = `${arrival.connectionId} ${arrival.digest.toString('latin1')}`;
    const twin = entries.get(key);
    if (!twin && waitingBytes + arrival.bodySealed.length > mostWaitingBytes) return Promise.reject(new Error('Too much waits to be stored'));
    return new Promise((resolve, reject) => {
      const entry = twin ?? { key, arrival, waiters: new Set() };
      const timer = setTimeout(() => {
        entry.waiters.delete(waiter);
        reject(new Error(`Not stored within ${limitMs} ms`));
      }, limitMs);
      const waiter: Waiter = { resolve, reject, timer };
      entry.waiters.add(waiter);
      if (twin) return;
      entries.set(key, entry);
      queue.push(entry);
      waitingBytes += arrival.bodySealed.length;
      schedule();
    });
  }

  /** After the requests that this turn of the event loop reads, so that they share a write. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (busy < writers && queue.length > 0) void write(nextBatch());
    });
  }

  function nextBatch(): Entry[] {
    let bytes = 0;
    let rows = 0;
    while (rows < queue.length && rows < mostRows && (rows === 0 || bytes < mostBytes)) bytes += (queue[rows++] as Entry).arrival.bodySealed.length;
    const batch = queue.slice(0, rows);
    queue = queue.slice(rows);
    return batch;
  }

  async function write(batch: Entry[]): Promise<void> {
    busy++;
    let failure: Error | undefined;
    // Tried again while anybody waits: a database that restarts is back before its senders are told to come again.
    while (batch.some((entry) => entry.waiters.size > 0)) {
      const stop = flushSeconds.startTimer();
      try {
        const stored = await insert(batch.map((entry) => entry.arrival));
        stop();
        flushRows.observe(batch.length);
        for (const entry of batch) settle(entry, stored.has(entry.arrival.digest.toString('latin1')));
        break;
      } catch (error) {
        flushFailures.inc();
        failure = error as Error;
        await new Promise((resolve) => setTimeout(resolve, pauseBetweenTriesMs));
      }
    }
    for (const entry of batch) forget(entry, failure);
    busy--;
    if (queue.length > 0) schedule();
    else if (busy === 0) for (const done of idle.splice(0)) done();
  }

  /** The digests of the rows that were new. The same statement wakes the worker, once, when there are any. */
  async function insert(arrivals: Arrival[]): Promise<Set<string>> {
    const values = arrivals.flatMap(({ shopId, connectionId, digest, topic, scheme, bodySealed, bodyBytes }) => [shopId, connectionId, digest, topic, scheme, bodySealed, bodyBytes]);
    const query = { name: `intake_${arrivals.length}`, text: insertOf(arrivals.length), values, query_timeout: queryTimeoutMs };
    const { rows } = await pool().query<{ digest: Buffer }>(query);
    return new Set(rows.map((row) => row.digest.toString('latin1')));
  }

  /** The first that waits for a new row has stored it, all others brought copies. */
  function settle(entry: Entry, isNew: boolean): void {
    let outcome: 'stored' | 'duplicate' = isNew ? 'stored' : 'duplicate';
    for (const waiter of entry.waiters) {
      clearTimeout(waiter.timer);
      waiter.resolve(outcome);
      outcome = 'duplicate';
    }
    entry.waiters.clear();
  }

  function forget(entry: Entry, failure: Error | undefined): void {
    entries.delete(entry.key);
    waitingBytes -= entry.arrival.bodySealed.length;
    for (const waiter of entry.waiters) {
      clearTimeout(waiter.timer);
      waiter.reject(failure ?? new Error('Not stored'));
    }
  }

  return {
    keep,
    drain: () => new Promise((resolve) => (entries.size === 0 ? resolve() : void idle.push(resolve))),
  };
}

const columns = 7;
const statements = new Map<number, string>();

function insertOf(rows: number): string {
  const known = statements.get(rows);
  if (known) return known;
  const tuples = Array.from({ length: rows }, (_, row) => `(${Array.from({ length: columns }, (_, column) => `$${row * columns + column + 1}`).join(',')})`);
  const text = `
    insert into "InboundWebhook" ("shopId", "connectionId", "digest", "topic", "scheme", "bodySealed", "bodyBytes")
    values ${tuples.join(',')}
    on conflict ("connectionId", "digest") do nothing
    returning "digest", pg_notify('rechannel_work', 'intake')`;
  statements.set(rows, text);
  return text;
}
