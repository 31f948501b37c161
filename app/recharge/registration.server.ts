/** Keeps Recharge's webhook registrations equal to what we want, touching nothing that is not ours. */
import { toFailure, type Failure } from '../errors.ts';
import type { RechargeClient, RegisteredWebhook } from './client.server.ts';
import { apiVersion } from './calls.server.ts';
import type { Topic } from './topics.ts';

export type Reconciled = {
  wanted: number;
  /** How many of the wanted are registered now, the created included. */
  present: number;
  created: string[];
  deleted: string[];
  failed: { topic: string; message: string }[];
};

/** Registrations made at the same time. More would wait for each other's turn once the allowance is used up, and a person's call does not wait long. */
const abreast = 2;

/**
 * Lists what is registered, creates what is missing and deletes strays: registrations under `webhookBaseUrl` that are not
 * wanted, doubled, or of another API version. Other addresses are never touched.
 * A topic that Recharge refuses is listed in `failed` and stops nothing. Throws Failure when the list cannot be read, the token is
 * refused, or Recharge stops answering; what was created until then stays.
 */
export async function reconcileWebhooks(client: RechargeClient, want: { webhookBaseUrl: string; wanted: readonly Topic[] }): Promise<Reconciled> {
  const ours = (await client.listWebhooks()).filter((webhook) => isUnder(want.webhookBaseUrl, webhook));
  const kept = new Map<string, RegisteredWebhook>();
  const strays: RegisteredWebhook[] = [];
  const wanted = new Map(want.wanted.map((topic) => [topic.name, `${want.webhookBaseUrl}/${topic.name}`]));
  for (const webhook of ours) {
    const good = wanted.get(webhook.topic) === webhook.address && (webhook.version === null || webhook.version === apiVersion) && !kept.has(webhook.topic);
    if (good) kept.set(webhook.topic, webhook);
    else strays.push(webhook);
  }

  const result: Reconciled = { wanted: wanted.size, present: kept.size, created: [], deleted: [], failed: [] };
  // One at a time: a stray of another version stands in the way of the one that replaces it.
  for (const stray of strays) {
    await client.deleteWebhook(stray.id);
    result.deleted.push(stray.topic);
  }
  const missing = want.wanted.filter((topic) => !kept.has(topic.name));
  await eachAbreast(missing, async ({ name, resource }) => {
    try {
      const made = await client.createWebhook({ topic: name, address: `${want.webhookBaseUrl}/${name}`, ...(resource === 'subscription' ? { includedObjects: ['customer'] } : {}) });
      result.present += 1;
      if (made) result.created.push(name);
    } catch (error) {
      const failure = toFailure(error);
      if (!isRefusalOfTopic(failure)) throw error;
      result.failed.push({ topic: name, message: failure.message });
    }
  });
  return result;
}

/** Deletes every registration under our base URL; answers their topics. */
export async function removeWebhooks(client: RechargeClient, webhookBaseUrl: string): Promise<string[]> {
  const ours = (await client.listWebhooks()).filter((webhook) => isUnder(webhookBaseUrl, webhook));
  await eachAbreast(ours, (webhook) => client.deleteWebhook(webhook.id));
  return ours.map((webhook) => webhook.topic);
}

function isUnder(webhookBaseUrl: string, webhook: RegisteredWebhook): boolean {
  return webhook.address.startsWith(`${webhookBaseUrl}/`);
}

/** A missing permission or an unknown topic concerns one topic; a refused token or a silent Recharge concerns all. */
function isRefusalOfTopic(failure: Failure): boolean {
  return failure.kind === 'rejected' || failure.status === 403;
}

/** Like a loop, several items at a time; the first failure ends it once the items under way are done. */
async function eachAbreast<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  let stopped = false;
  const lanes = Array.from({ length: abreast }, async () => {
    for (let item = waiting.shift(); item !== undefined && !stopped; item = waiting.shift()) {
      await act(item).catch((error: unknown) => {
        stopped = true;
        throw error;
      });
    }
  });
  for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason;
}
