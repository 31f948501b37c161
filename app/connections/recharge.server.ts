/** A shop's Recharge connection: looked at, opened, connected, repaired, disconnected. */
import type { Connection } from '@prisma/client';
import { db } from '#app/db.server.ts';
import { Failure, toFailure } from '#app/errors.ts';
import type { Priority, RechargeClient } from '#app/recharge/client.server.ts';
import { rechargeClient } from './recharge-client.server.ts';
import { connectionHint, tokenRefused } from './recharge-words.ts';
import { destinationTypes, loadConnection, openCredentials, viewOf, type ConnectionView } from './recharge-record.server.ts';

export { checkRechargeToken, connectRecharge, disconnectRecharge } from './recharge-setup.server.ts';
export { repairWebhooks } from './webhooks.server.ts';
export type { ConnectionView, MissingScope, TopicFault } from './recharge-record.server.ts';

export type OpenedRecharge = {
  client: RechargeClient;
  connection: {
    connectionId: string;
    status: ConnectionView['status'];
    scopes: string[];
    storefrontToken: string | null;
    storeTimezone: string | null;
    customerPortalBaseUrl: string | null;
    merchantPortalBaseUrl: string | null;
  };
};

/** What may be shown of the shop's connection; null when it never had one. */
export async function rechargeConnection(shopId: string): Promise<ConnectionView | null> {
  const row = await loadConnection(shopId);
  return row && viewOf(row, await destinationTypes(shopId));
}

/** A client with the shop's token. Throws Failure `unauthorised` when the shop has no token. */
export async function openRecharge(shopId: string, priority: Priority): Promise<OpenedRecharge> {
  const row = await loadConnection(shopId);
  const credentials = row && row.status !== 'disconnected' ? openCredentials(row) : null;
  if (!row || !credentials?.apiToken) {
    throw new Failure('unauthorised', `This shop is not connected to Recharge. ${connectionHint}`, { code: 'recharge_not_connected', system: 'Recharge' });
  }
  return { client: rechargeClient(credentials.apiToken, priority), connection: openedConnection(row, credentials.storefrontToken) };
}

/**
 * Remembers that Recharge refuses the shop's token, so that screens say so. Pass what a call threw; only a refusal of the
 * token itself (401) counts, not a missing scope.
 */
export async function noteRechargeRefusal(shopId: string, thrown: unknown): Promise<void> {
  const failure = toFailure(thrown);
  if (failure.kind !== 'unauthorised' || failure.status !== 401) return;
  await db.connection.updateMany({ where: { shopId: BigInt(shopId), status: 'active' }, data: { status: 'unauthorised', statusReason: tokenRefused(failure.vendorAnswer || 'HTTP 401') } });
}

function openedConnection(row: Connection, storefrontToken: string | null): OpenedRecharge['connection'] {
  return {
    connectionId: row.id.toString(),
    status: row.status as ConnectionView['status'],
    scopes: row.scopes,
    storefrontToken,
    storeTimezone: row.storeTimezone,
    customerPortalBaseUrl: row.customerPortalBaseUrl,
    merchantPortalBaseUrl: row.merchantPortalBaseUrl,
  };
}
