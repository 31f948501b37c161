/**
 * Asks for background work when it is due. Every worker asks; the queue lets one of the same kind through per slot,
 * so that any number of workers make it happen once.
 */
import { env } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';
import { destinationsToImport, importCustomers } from './import-customers.server.ts';
import { prune } from './prune.server.ts';
import { openJobQueue } from './queue.server.ts';
import { checkWebhooks, connectedShops } from './webhook-check.server.ts';

export type Schedule = { stop(): Promise<void> };

const importLookMs = 5_000;
const pruneSeconds = 6 * 3600;

export async function startSchedule(): Promise<Schedule> {
  const queue = await openJobQueue({
    'webhook-check': ({ shopId }) => checkWebhooks(shopId),
    'import-customers': importCustomers,
    prune: (_, signal) => prune(signal),
  });
  const { webhookCheckMs } = env();
  const every = (ms: number, what: string, ask: () => Promise<void>) => {
    const look = () => void ask().catch((error: unknown) => log.warn('Background work could not be asked for', { what, error }));
    look();
    return setInterval(look, ms);
  };
  const timers = [
    every(webhookCheckMs, 'webhook-check', async () => {
      for (const shopId of await connectedShops()) await queue.enqueue('webhook-check', { shopId }, shopId, Math.max(1, Math.floor(webhookCheckMs / 1000)));
    }),
    every(importLookMs, 'import-customers', async () => {
      for (const data of await destinationsToImport()) await queue.enqueue('import-customers', data, data.destinationId, 60);
    }),
    every(pruneSeconds * 1000, 'prune', () => queue.enqueue('prune', { shopId: '0' }, 'prune', pruneSeconds)),
  ];
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await queue.stop();
    },
  };
}
