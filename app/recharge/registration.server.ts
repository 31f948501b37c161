/** Keeps Recharge's webhook registrations equal to what we want, touching nothing that is not ours. */
import type { RechargeClient } from './client.server.ts';
import type { Topic } from './topics.ts';

export type Reconciled = {
  wanted: number;
  /** How many of the wanted are registered now, the created included. */
  present: number;
  created: string[];
  deleted: string[];
  failed: { topic: string; message: string }[];
};

export async function reconcileWebhooks(_client: RechargeClient, _want: { webhookBaseUrl: string; wanted: readonly Topic[] }): Promise<Reconciled> {
  throw new Error('not written yet');
}

/** Deletes every registration under our base URL; answers their topics. */
export async function removeWebhooks(_client: RechargeClient, _webhookBaseUrl: string): Promise<string[]> {
  throw new Error('not written yet');
}
