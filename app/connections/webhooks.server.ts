/**
 * Keeps a connection's webhook registrations at Recharge as they should be, and moves them from a former token to the present one.
 * The former token stays stored until its registrations are gone: that is the mark by which an interrupted move is finished.
 */
import type { Connection } from '@prisma/client';
import { db } from '#app/db.server.ts';
import { Failure, toFailure } from '#app/errors.ts';
import { log } from '#app/log.server.ts';
import type { RechargeClient, RegisteredWebhook } from '#app/recharge/client.server.ts';
import { reconcileWebhooks, removeWebhooks, type Reconciled } from '#app/recharge/registration.server.ts';
import { wantedTopics } from '#app/recharge/topics.ts';
import { registrationClient } from './recharge-client.server.ts';
import { tokenRefused } from './recharge-words.ts';
import { emptyReport, loadConnection, openCredentials, reportOf, sealCredentials, webhookBaseUrl, type WebhooksReport } from './recharge-record.server.ts';
import { withShopLock } from './shop-lock.server.ts';
import { findShopById } from './shops.server.ts';

export type Synced = Reconciled & { changed: boolean };

const nothing: Synced = { wanted: 0, present: 0, created: [], deleted: [], failed: [], changed: false };

/** Compares the registrations with what is wanted and mends them. Throws Failure when Recharge cannot be asked; does nothing for a shop that is not connected. */
export async function repairWebhooks(shopId: string): Promise<Synced> {
  const shop = await findShopById(shopId);
  return shop ? withShopLock(shop.domain, () => syncWebhooks(shopId)) : nothing;
}

/** The same for a caller that holds the shop's lock. */
export async function syncWebhooks(shopId: string): Promise<Synced> {
  const row = await loadConnection(shopId);
  if (!row || row.status === 'disconnected') return nothing;
  try {
    return await sync(row);
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'bug') throw error;
    await noteFailure(row, failure);
    throw new Failure(failure.kind, `The Recharge connection is saved, but its webhooks could not be registered: ${failure.message} Run the same again, or wait for the next webhook check.`, {
      code: 'webhooks_not_registered',
      system: 'Recharge',
      ...(failure.status ? { status: failure.status } : {}),
      ...(failure.vendorAnswer ? { vendorAnswer: failure.vendorAnswer } : {}),
      cause: failure,
    });
  }
}

/**
 * Before a further token replaces the present one: finishes a move that was interrupted, since only one former token is kept.
 * When the present token no longer works either, at least the former one's registrations are deleted.
 */
export async function settleFormerToken(shopId: string, newToken: string): Promise<void> {
  const row = await loadConnection(shopId);
  const stored = row && openCredentials(row);
  if (!row || !stored?.previousApiToken || stored.apiToken === newToken) return;
  try {
    await sync(row);
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind !== 'unauthorised') throw error;
    // Going back to the former token: its registrations are the ones we want.
    if (stored.previousApiToken !== newToken) await deleteWith(registrationClient(stored.previousApiToken), webhookBaseUrl(row.connectionKey));
    await db.connection.update({ where: { id: row.id }, data: { previousApiTokenSealed: null } });
  }
}

/** Deletes all registrations of the connection, with each token that is stored. Returns what is left behind and why; null when nothing is. */
export async function removeRegistrations(row: Connection): Promise<string | null> {
  const base = webhookBaseUrl(row.connectionKey);
  const { apiToken, previousApiToken } = openCredentials(row);
  const left: string[] = [];
  for (const token of [apiToken, previousApiToken]) {
    const reason = token && (await deleteWith(registrationClient(token), base));
    if (reason) left.push(reason);
  }
  return left.length > 0 ? left.join(' ') : null;
}

async function sync(row: Connection): Promise<Synced> {
  const base = webhookBaseUrl(row.connectionKey);
  const { apiToken, previousApiToken } = openCredentials(row);
  if (!apiToken) return nothing;
  const client = registrationClient(apiToken);
  const want = { webhookBaseUrl: base, wanted: wantedTopics(row.scopes) };
  const moved = previousApiToken ? await takeOver(row, client, registrationClient(previousApiToken), base) : null;
  let reconciled = await reconcileWebhooks(client, want);
  const leftBehind = moved ? await moved.finish() : reportOf(row).leftBehind;
  if (moved) {
    // What was refused as a double of a registration that only the former token saw can be made now.
    const again = await reconcileWebhooks(client, want);
    reconciled = { ...again, created: [...reconciled.created, ...again.created], deleted: [...reconciled.deleted, ...again.deleted] };
  }
  await saveReport(row, reconciled, { failed: reconciled.failed, leftBehind, madeIds: [] }, previousApiToken !== null);
  return { ...reconciled, changed: previousApiToken !== null || reconciled.created.length > 0 || reconciled.deleted.length > 0 };
}

/**
 * Prepares the move from the former token. Usually each token sees only its own registrations: then the new ones are made first
 * and `finish` deletes the old ones, so nothing is missed in between; a delivery that comes by both ways is the same bytes and counts once.
 * Where both tokens see the same registrations, a new one would be refused as a double, and keeping the old one would keep the old
 * secret's signature: so each is deleted and made again at once, topic by topic.
 */
async function takeOver(row: Connection, client: RechargeClient, former: RechargeClient, base: string): Promise<{ finish(): Promise<string | null> }> {
  const made = new Set(reportOf(row).madeIds);
  const formerList = await registrationsAt(former, base).catch((error: unknown) => refusedOnly(error));
  const isFormer = (webhook: RegisteredWebhook) => !made.has(webhook.id) && (formerList === null || formerList.some((known) => known.id === webhook.id));
  const shared = (await registrationsAt(client, base)).filter(isFormer);
  const wanted = new Set(wantedTopics(row.scopes).map((topic) => topic.name));
  for (const webhook of shared) {
    await former.deleteWebhook(webhook.id).catch(async (error: unknown) => {
      refusedOnly(error);
      await client.deleteWebhook(webhook.id);
    });
    const again = wanted.has(webhook.topic) && (await client.createWebhook({ topic: webhook.topic, address: webhook.address, includedObjects: webhook.includedObjects }));
    if (!again) continue;
    made.add(again.id);
    await db.connection.update({ where: { id: row.id }, data: { webhooksReport: { ...reportOf(row), madeIds: [...made] } } });
  }
  return {
    async finish() {
      if (formerList === null) {
        return 'The former API token no longer works, so registrations that only it can see could not be deleted. Recharge drops them when their deliveries are refused, 48 hours from the change on.';
      }
      const gone = new Set([...made, ...shared.map((webhook) => webhook.id)]);
      for (const webhook of formerList) if (!gone.has(webhook.id)) await former.deleteWebhook(webhook.id);
      return null;
    },
  };
}

async function registrationsAt(client: RechargeClient, base: string): Promise<RegisteredWebhook[]> {
  return (await client.listWebhooks()).filter((webhook) => webhook.address.startsWith(`${base}/`));
}

/** Deletes what this token sees under our address; a token that is refused leaves it behind. */
async function deleteWith(client: RechargeClient, base: string): Promise<string | null> {
  try {
    await removeWebhooks(client, base);
    return null;
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'bug') throw error;
    log.warn('Registrations at Recharge could not be deleted', { failure });
    return `Webhook registrations at Recharge could not be deleted: ${failure.message} Recharge drops them by itself after 48 hours of refused deliveries.`;
  }
}

function refusedOnly(thrown: unknown): null {
  if (toFailure(thrown).kind !== 'unauthorised') throw thrown;
  return null;
}

async function saveReport(row: Connection, { wanted, present }: Reconciled, report: WebhooksReport, moveDone: boolean): Promise<void> {
  await db.connection.update({
    where: { id: row.id },
    data: {
      webhooksWanted: wanted,
      webhooksPresent: present,
      webhooksCheckedAt: new Date(),
      webhooksReport: report,
      ...(moveDone ? sealCredentials(row.shopId.toString(), { previousApiToken: null }) : {}),
      ...(row.status === 'unauthorised' ? { status: 'active', statusReason: null } : {}),
    },
  });
}

async function noteFailure(row: Connection, failure: Failure): Promise<void> {
  const refused = failure.kind === 'unauthorised' && failure.status === 401;
  const wanted = wantedTopics(row.scopes).length;
  await db.connection.update({
    where: { id: row.id },
    data: {
      webhooksWanted: wanted,
      webhooksReport: { ...emptyReport, ...reportOf(row), failed: [{ topic: '*', message: failure.message }] },
      ...(refused ? { status: 'unauthorised', statusReason: tokenRefused(failure.vendorAnswer || 'HTTP 401') } : {}),
    },
  });
}
