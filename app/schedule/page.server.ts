/**
 * Tells what is missing of one page of objects, in one transaction: everything of the page is recorded or nothing.
 * Waits for the webhooks that came before the page was read, and keeps the intake out meanwhile, so that none tells the
 * same at the same time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { pool, transaction } from '#app/db.server.ts';
import { recordEvents } from '#app/delivery/outbox.server.ts';
import { Failure } from '#app/errors.ts';
import { eventVersion, type DomainEvent, type EventOrigin, type EventType } from '#app/events/event.ts';
import { applySubscriptions } from '#app/intake/mirror.server.ts';
import { processConnection } from '#app/intake/process.server.ts';

export type Reading = { shopId: string; connectionId: string; origin: EventOrigin; dryRun: boolean; signal: AbortSignal };

export type Counts = {
  /** Objects that Recharge listed. */
  read: number;
  /** Events that were missing, by type; in a dry run those that would be told. */
  events: Partial<Record<EventType, number>>;
  deliveries: number;
};

export type PageWork = {
  read: number;
  /** Decides what is missing, within the transaction; writes mirrors, never events. `tx` is not to be written to in a dry run. */
  decide(tx: pg.PoolClient): Promise<DomainEvent[]>;
  /** The present state of the page's subscriptions, for our mirror. */
  subscriptions?: readonly DomainEvent[];
};

const intakeLimitMs = 60_000;
/** Another transaction was in the way: lock not available, deadlock. */
const busyCodes = ['55P03', '40P01'];
const mostTries = 5;

export function noCounts(): Counts {
  return { read: 0, events: {}, deliveries: 0 };
}

export function addCounts(sum: Counts, more: Counts): Counts {
  const events = { ...sum.events };
  for (const [type, count] of Object.entries(more.events)) events[type as EventType] = (events[type as EventType] ?? 0) + count;
  return { read: sum.read + more.read, events, deliveries: sum.deliveries + more.deliveries };
}

export function eventCount(counts: Counts): number {
  return Object.values(counts.events).reduce((sum, count) => sum + count, 0);
}

/** Records what a page misses. Throws Failure `transient` when the intake does not get through its webhooks. */
export async function tellPage(reading: Reading, page: PageWork): Promise<Counts> {
  reading.signal.throwIfAborted();
  await intakeUpToNow(reading);
  if (reading.dryRun) return { read: page.read, events: countTypes(await transaction((tx) => page.decide(tx))), deliveries: 0 };
  for (let tries = 1; ; tries++) {
    try {
      return await transaction((tx) => tell(tx, reading, page), { lockTimeoutMs: 10_000 });
    } catch (error) {
      if (!busyCodes.includes((error as { code?: string }).code ?? '') || tries === mostTries) throw error;
      await pause(50 * tries);
    }
  }
}

/** Lets the webhooks that wait now become events; otherwise they would be told a second time. */
async function intakeUpToNow({ shopId, connectionId, signal }: Reading): Promise<void> {
  const waiting = await pool().query<{ last: string | null }>(`select max(id) as last from "InboundWebhook" where "connectionId" = $1 and state = 'received'`, [connectionId]);
  const last = waiting.rows[0]?.last ?? null;
  if (last === null) return;
  for (const end = Date.now() + intakeLimitMs; ; ) {
    signal.throwIfAborted();
    const processed = await processConnection(connectionId, shopId);
    const left = await pool().query(`select 1 from "InboundWebhook" where "connectionId" = $1 and state = 'received' and id <= $2 limit 1`, [connectionId, last]);
    if (left.rowCount === 0) return;
    if (Date.now() > end) throw new Failure('transient', 'Webhooks that came before are not processed yet; the read is begun again later.', { code: 'intake_behind' });
    if (processed === null) await pause(50);
  }
}

async function tell(tx: pg.PoolClient, reading: Reading, page: PageWork): Promise<Counts> {
  const { shopId, connectionId } = reading;
  // The intake writes only while it holds this row.
  await tx.query(`insert into "IntakeLease" ("connectionId") values ($1) on conflict do nothing`, [connectionId]);
  await tx.query(`select 1 from "IntakeLease" where "connectionId" = $1 for update`, [connectionId]);
  const missing = inOrder(await page.decide(tx));
  const changed = await applySubscriptions(tx, shopId, page.subscriptions ?? []);
  const events = [...missing, ...changed, ...(await untoldSets(tx, reading, missing, changed))];
  const recorded = await recordEvents(tx, shopId, events.map((event) => ({ event, inboundWebhookId: null })));
  if (recorded.deliveries > 0) await tx.query(`select pg_notify('rechannel_work', 'delivery')`);
  return { read: page.read, events: countTypes(events.filter((_, index) => recorded.eventIds[index])), deliveries: recorded.deliveries };
}

/**
 * A turn whose new state our mirror held already (a look-up had read it): the customer's set moved without anybody being told.
 * The name of the event is the state's stamp, so one that was told is not told again.
 */
async function untoldSets(tx: pg.PoolClient, { shopId, origin }: Reading, missing: readonly DomainEvent[], changed: readonly DomainEvent[]): Promise<DomainEvent[]> {
  const told = new Set(changed.map((event) => event.objectId));
  const turned = new Map(missing.filter(({ type }) => turns.includes(type)).flatMap((event) => (event.rechargeCustomerId && !told.has(event.rechargeCustomerId) ? [[event.rechargeCustomerId, event.occurredAt] as const] : [])));
  if (turned.size === 0) return [];
  const { rows } = await tx.query<{ customerId: string; stateAt: Date }>(
    `select "rechargeCustomerId" as "customerId", "subscriptionsStateAt" as "stateAt" from "CustomerState"
     where "shopId" = $1 and "rechargeCustomerId" = any($2) and "subscriptionsStateAt" is not null order by "rechargeCustomerId"`,
    [shopId, [...turned.keys()]],
  );
  return rows.map(({ customerId, stateAt }) => ({
    type: 'customer.subscriptions_changed',
    version: eventVersion,
    key: `customer.subscriptions_changed:${customerId}:${stateAt.toISOString()}`,
    occurredAt: turned.get(customerId) ?? stateAt.toISOString(),
    origin,
    rechargeCustomerId: customerId,
    objectId: customerId,
    data: {},
  }));
}

const turns: readonly EventType[] = ['subscription.created', 'subscription.activated', 'subscription.cancelled', 'subscription.expired', 'subscription.deleted'];

/** By the vendor's time; what has the same time keeps its order. */
function inOrder(events: readonly DomainEvent[]): DomainEvent[] {
  return [...events].sort((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt));
}

function countTypes(events: readonly DomainEvent[]): Counts['events'] {
  const counts: Counts['events'] = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}
