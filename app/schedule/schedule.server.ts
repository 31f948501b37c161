/**
 * Asks for background work when it is due. Every worker asks; the queue lets one of the same kind through per slot,
 * so that any number of workers make it happen once.
 */
import { env } from '#app/env.server.ts';
import { toFailure } from '#app/errors.ts';
import { log } from '#app/log.server.ts';
import { destinationsToImport, importCustomers } from './import-customers.server.ts';
import { prune } from './prune.server.ts';
import { openJobQueue, type JobData } from './queue.server.ts';
import { dueReconciles, reconcile } from './reconcile.server.ts';
import { connectedShops, forgetDisconnected, watchWebhooks } from './webhook-check.server.ts';

export type Schedule = { stop(): Promise<void> };

const importLookMs = 5_000;
const nightlyLookMs = 60_000;
const pruneSeconds = 6 * 3600;

export async function startSchedule(): Promise<Schedule> {
  const queue = await openJobQueue({
    'webhook-check': ({ shopId }, signal) => watchWebhooks(shopId, signal),
    reconcile: nightly,
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
      await forgetDisconnected();
      for (const shopId of await connectedShops()) await queue.enqueue('webhook-check', { shopId }, shopId, Math.max(1, Math.floor(webhookCheckMs / 1000)));
    }),
    every(importLookMs, 'import-customers', async () => {
      for (const data of await destinationsToImport()) await queue.enqueue('import-customers', data, data.destinationId, 60);
    }),
    every(nightlyLookMs, 'reconcile', async () => {
      for (const { shopId, slots } of await dueReconciles()) if (slots[0]) await queue.enqueue('reconcile', { shopId, slot: slots[0] }, `${shopId}:${slots[0]}`, 1800);
    }),
    every(pruneSeconds * 1000, 'prune', () => queue.enqueue('prune', { shopId: '0' }, 'prune', pruneSeconds)),
  ];
  // At start at once, even when another process checked a moment ago: this one may have been down for days.
  for (const shopId of await connectedShops()) await queue.enqueue('webhook-check', { shopId }, `start:${shopId}`, 60);
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await queue.stop();
    },
  };
}

async function nightly({ shopId, slot }: JobData, signal: AbortSignal): Promise<void> {
  if (!slot) return;
  try {
    const { ran, report } = await reconcile(shopId, slot, { signal });
    if (ran && report.accepted > 0) log.warn('The nightly re-read found what no webhook told', { shopId, slot, events: report.events });
  } catch (error) {
    if (toFailure(error).code !== 'job_running') throw error;
  }
}
