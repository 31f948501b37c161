/**
 * The worker's two loops: stored webhooks become events and deliveries, and due deliveries are sent.
 * Woken by the database's notifications, with a look every second in case one is lost.
 */
import pg from 'pg';
import { databaseUrl } from '#app/env.server.ts';
import { startDrain } from '#app/delivery/drain.server.ts';
import { processConnection, waitingConnections } from '#app/intake/process.server.ts';
import { log } from '#app/log.server.ts';

export type Worker = {
  /** Takes no more work, lets what is under way end, gives back the rest. */
  stop(): Promise<void>;
};

const lookEveryMs = 1_000;
const connectionsAtOnce = 4;

/** Starts both loops in this process. Any number of processes may do so on one database. */
export async function startWorker(): Promise<Worker> {
  const drain = startDrain();
  const intake = startIntakeLoop(() => drain.wake());
  const listener = await listen((channelWord) => {
    if (channelWord === 'delivery') drain.wake();
    else intake.wake();
  });
  return {
    async stop() {
      await listener.close();
      await intake.stop();
      await drain.stop();
    },
  };
}

function startIntakeLoop(onDeliveries: () => void): { wake(): void; stop(): Promise<void> } {
  let stopped = false;
  let again = false;
  let running: Promise<void> | null = null;
  const timer = setInterval(() => wake(), lookEveryMs);

  function wake(): void {
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    running = rounds().finally(() => {
      running = null;
      if (again) {
        again = false;
        wake();
      }
    });
  }

  async function rounds(): Promise<void> {
    try {
      for (let found = true; found && !stopped; ) {
        const waiting = await waitingConnections();
        const results = await inGroups(waiting, connectionsAtOnce, ({ connectionId, shopId }) => processOne(connectionId, shopId));
        found = results.some(Boolean);
        if (found) onDeliveries();
      }
    } catch (error) {
      log.error('Reading stored webhooks failed', { error });
    }
  }

  wake();
  return {
    wake,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/** True when something was processed. One connection's trouble stops no other. */
async function processOne(connectionId: string, shopId: string): Promise<boolean> {
  try {
    const processed = await processConnection(connectionId, shopId);
    if (processed && processed.quarantined > 0) log.warn('Webhooks were set aside', { shopId, connectionId, quarantined: processed.quarantined });
    return (processed?.webhooks ?? 0) > 0;
  } catch (error) {
    log.error('Webhooks of a connection could not be processed', { shopId, connectionId, error });
    return false;
  }
}

async function inGroups<Item, Result>(items: readonly Item[], size: number, work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += size) results.push(...(await Promise.all(items.slice(start, start + size).map(work))));
  return results;
}

/** Listens on a session of its own and comes back after the connection broke. */
async function listen(onWord: (word: string) => void): Promise<{ close(): Promise<void> }> {
  let closed = false;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const next = new pg.Client({ connectionString: databaseUrl(), application_name: 'rechannel-listen', keepAlive: true });
    next.on('error', () => {});
    next.on('end', () => {
      client = null;
      if (!closed) timer = setTimeout(() => void connect().catch(() => {}), lookEveryMs);
    });
    next.on('notification', (message) => onWord(message.payload ?? ''));
    try {
      await next.connect();
      await next.query('listen rechannel_work');
      client = next;
    } catch (error) {
      log.warn('Listening for work failed; looking every second instead', { error });
      await next.end().catch(() => {});
      throw error;
    }
  }

  await connect().catch(() => {});
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
