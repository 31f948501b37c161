/** A shop's destinations: listed, saved once their vendor has accepted the key, paused, opened for sending. */
import type { Destination, Prisma } from '@prisma/client';
import { db } from '#app/db.server.ts';
import type { Checked } from '#app/destinations/contract.ts';
import { findManifest } from '#app/destinations/manifests.ts';
import { Failure } from '#app/errors.ts';
import { connectTo, freshBreaker, loadDestination, pluginOf, secretsOf } from './destination-record.server.ts';
import { differsFromDestination, prepareDestination, storeDestination } from './destination-setup.server.ts';
import { recordChange } from './setting-changes.server.ts';
import { withShopLock } from './shop-lock.server.ts';
import { findShopById } from './shops.server.ts';

export { openDestination, type OpenedDestination } from './destination-record.server.ts';
export { ConfirmationNeeded } from './destination-setup.server.ts';

export type DestinationStatus = 'active' | 'paused' | 'stopped';

/** Everything that may leave the process about a destination: never a secret. */
export type DestinationView = {
  destinationId: string;
  type: string;
  label: string;
  status: DestinationStatus;
  statusReason: string | null;
  settings: Record<string, unknown>;
  /** By field; empty text for a secret too short to show any of it. */
  secretsLast4: Record<string, string>;
  checkedAt: Date | null;
  check: Checked | null;
  lastSuccessAt: Date | null;
};

/** The shop's destinations, oldest first. */
export async function listDestinations(shopId: string): Promise<DestinationView[]> {
  return (await db.destination.findMany({ where: { shopId: BigInt(shopId) }, orderBy: { id: 'asc' } })).map(toView);
}

/** The shop's destination of this type; null when it has none. */
export async function findDestination(shopId: string, type: string): Promise<DestinationView | null> {
  const row = await db.destination.findUnique({ where: { shopId_type_name: { shopId: BigInt(shopId), type, name: '' } } });
  return row && toView(row);
}

/** The shop that a destination belongs to, for the operator's CLI, which names no shop. */
export async function shopOfDestination(destinationId: string): Promise<string | null> {
  if (!/^[1-9]\d{0,18}$/.test(destinationId)) return null;
  const row = await db.destination.findUnique({ where: { id: BigInt(destinationId) }, select: { shopId: true } });
  return row?.shopId.toString() ?? null;
}

/**
 * Saves settings after the vendor accepted them; an absent or empty secret keeps the stored one. A stopped destination is
 * active again, since its key is good now; a paused one stays paused. Throws InputRefused (wrong fields), ConfirmationNeeded
 * (ask, then pass `confirm: true`) or Failure with the vendor's words; nothing is saved then.
 */
export async function saveDestination(
  shopId: string,
  type: string,
  typed: Record<string, unknown>,
  actor: string,
  { confirm = false }: { confirm?: boolean } = {},
): Promise<{ changed: boolean; view: DestinationView; check: Checked }> {
  return lockedShop(shopId, async () => {
    const prepared = await prepareDestination(shopId, type, typed, { confirm });
    const changed = differsFromDestination(prepared);
    const row = await db.$transaction((tx) => storeDestination(tx, shopId, prepared, actor));
    if (changed) await wakeWorkers();
    return { changed, view: toView(row), check: prepared.check };
  });
}

/** Asks the vendor whether the stored key is good, and remembers the answer. A stopped destination that is good goes on. */
export async function checkDestination(shopId: string, destinationId: string): Promise<Checked> {
  const row = await loadDestination(shopId, destinationId);
  const check = await connectTo(row, { ...(row.settings as Record<string, unknown>), ...secretsOf(row) }).check();
  const mended = check.ok && row.status === 'stopped';
  await db.destination.update({
    where: { id: row.id },
    data: { checkedAt: new Date(), checkOk: check.ok, checkMessage: check.message, ...(mended ? { ...freshBreaker, status: 'active', statusReason: null } : {}) },
  });
  if (mended) await wakeWorkers();
  return check;
}

/** Holds the destination's deliveries until it is resumed. */
export async function pauseDestination(shopId: string, destinationId: string, actor: string): Promise<{ changed: boolean; view: DestinationView }> {
  return setStatus(shopId, destinationId, 'paused', 'Paused by a person', actor);
}

/** Lets held deliveries go, in order; also for one that we stopped. */
export async function resumeDestination(shopId: string, destinationId: string, actor: string): Promise<{ changed: boolean; view: DestinationView }> {
  const result = await setStatus(shopId, destinationId, 'active', null, actor);
  if (result.changed) await wakeWorkers();
  return result;
}

/** Forgets the destination and its key; what still waited for it is marked as skipped, what was sent stays on record. */
export async function removeDestination(shopId: string, destinationId: string, actor: string): Promise<void> {
  await lockedShop(shopId, async () => {
    const row = await loadDestination(shopId, destinationId);
    await db.$transaction(async (tx) => {
      await tx.$executeRaw`select id from "Lane" where "destinationId" = ${row.id} order by id for update`;
      await tx.$executeRaw`update "Delivery" set state = 'skipped', reason = 'Its destination was removed', "settledAt" = now()
        where "shopId" = ${row.shopId} and "destinationId" = ${row.id} and state = 'pending'`;
      await tx.lane.deleteMany({ where: { shopId: row.shopId, destinationId: row.id } });
      await tx.destination.delete({ where: { id: row.id } });
      await recordChange(tx, { shopId, actor, subject: row.type, before: { status: row.status, settings: row.settings as Prisma.InputJsonObject }, after: null });
    });
  });
}

export function toView(row: Destination): DestinationView {
  return {
    destinationId: row.id.toString(),
    type: row.type,
    label: findManifest(row.type)?.label ?? row.type,
    status: row.status as DestinationStatus,
    statusReason: row.statusReason,
    settings: row.settings as Record<string, unknown>,
    secretsLast4: row.secretsLast4 as Record<string, string>,
    checkedAt: row.checkedAt,
    check: row.checkOk === null ? null : { ok: row.checkOk, message: row.checkMessage ?? '' },
    lastSuccessAt: row.lastSuccessAt,
  };
}

async function setStatus(shopId: string, destinationId: string, status: DestinationStatus, statusReason: string | null, actor: string) {
  return lockedShop(shopId, async () => {
    const row = await loadDestination(shopId, destinationId);
    pluginOf(row.type);
    if (row.status === status) return { changed: false, view: toView(row) };
    const saved = await db.$transaction(async (tx) => {
      await recordChange(tx, { shopId, actor, subject: row.type, before: { status: row.status }, after: { status } });
      return tx.destination.update({ where: { id: row.id }, data: { status, statusReason, ...(status === 'active' ? freshBreaker : {}) } });
    });
    return { changed: true, view: toView(saved) };
  });
}

async function lockedShop<Result>(shopId: string, work: () => Promise<Result>): Promise<Result> {
  const shop = await findShopById(shopId);
  if (!shop) throw new Failure('rejected', 'This shop has not installed the app.', { code: 'shop_unknown' });
  return withShopLock(shop.domain, work);
}

/** Held deliveries are due at once; otherwise workers would look again only at their next round. */
async function wakeWorkers(): Promise<void> {
  await db.$executeRaw`select pg_notify('rechannel_work', 'delivery')`;
}
