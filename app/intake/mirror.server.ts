/**
 * Keeps the newest known state of customers and their subscriptions, from what webhooks and reads tell.
 * Older news never overwrites newer; where two bodies of the same second disagree, the state becomes `unknown` and is
 * read again from Recharge before anybody is told.
 */
import type pg from 'pg';
import { eventVersion, type DomainEvent, type SubscriptionEvent } from '#app/events/event.ts';
import type { CustomerSighting } from '#app/recharge/normalise.ts';
import { parseInstant } from '#app/time.ts';

type KnownSubscription = { rechargeSubscriptionId: string; rechargeCustomerId: string | null; status: string; sourceUpdatedAt: Date | null };

/**
 * Applies customers seen in bodies. Empty fields never erase known ones; an older `updated_at` changes nothing.
 */
export async function applyCustomers(tx: pg.PoolClient, shopId: string, sightings: readonly CustomerSighting[]): Promise<void> {
  const newest = new Map<string, CustomerSighting>();
  for (const sighting of sightings) {
    const before = newest.get(sighting.rechargeCustomerId);
    newest.set(sighting.rechargeCustomerId, before ? merge(before, sighting) : sighting);
  }
  if (newest.size === 0) return;
  const rows = [...newest.values()].sort((a, b) => (a.rechargeCustomerId < b.rechargeCustomerId ? -1 : 1));
  await tx.query(
    `insert into "CustomerState" as known ("shopId", "rechargeCustomerId", email, "shopifyCustomerId", "sourceUpdatedAt")
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[])
     on conflict ("shopId", "rechargeCustomerId") do update set
       email = case when excluded."sourceUpdatedAt" is null then coalesce(known.email, excluded.email) else coalesce(excluded.email, known.email) end,
       "shopifyCustomerId" = case when excluded."sourceUpdatedAt" is null then coalesce(known."shopifyCustomerId", excluded."shopifyCustomerId") else coalesce(excluded."shopifyCustomerId", known."shopifyCustomerId") end,
       "sourceUpdatedAt" = greatest(excluded."sourceUpdatedAt", known."sourceUpdatedAt")
     where excluded."sourceUpdatedAt" is null and (known.email is null or known."shopifyCustomerId" is null)
        or known."sourceUpdatedAt" is null or excluded."sourceUpdatedAt" >= known."sourceUpdatedAt"`,
    [
      shopId,
      rows.map((row) => row.rechargeCustomerId),
      rows.map((row) => row.email?.trim().toLowerCase() || null),
      rows.map((row) => row.shopifyCustomerId),
      rows.map((row) => parseInstant(row.sourceUpdatedAt)),
    ],
  );
}

/**
 * Applies the subscriptions that events tell of. Returns one `customer.subscriptions_changed` for each customer whose set
 * of subscriptions changed: a new one, another status, one gone.
 */
export async function applySubscriptions(tx: pg.PoolClient, shopId: string, events: readonly DomainEvent[]): Promise<DomainEvent[]> {
  const told = events.filter((event): event is SubscriptionEvent => event.type.startsWith('subscription.'));
  if (told.length === 0) return [];
  const known = await lockKnown(tx, shopId, told);
  const changedRows = new Map<string, { event: SubscriptionEvent; status: string; customerId: string | null; updatedAt: Date | null }>();
  const changedCustomers = new Map<string, SubscriptionEvent>();
  const doubtful = new Set<string>();
  for (const event of told) {
    const { subscription } = event.data;
    const before = known.get(subscription.id);
    const customerId = subscription.customer_id ?? event.rechargeCustomerId ?? before?.rechargeCustomerId ?? null;
    const next = nextStatus(before, event);
    if (next === null) continue;
    const updatedAt = laterOf(before?.sourceUpdatedAt ?? null, parseInstant(subscription.updated_at));
    known.set(subscription.id, { rechargeSubscriptionId: subscription.id, rechargeCustomerId: customerId, status: next, sourceUpdatedAt: updatedAt });
    changedRows.set(subscription.id, { event, status: next, customerId, updatedAt });
    if (before?.status !== next && customerId) {
      changedCustomers.set(customerId, event);
      if (next === 'unknown') doubtful.add(customerId);
    }
  }
  await storeSubscriptions(tx, shopId, [...changedRows.values()]);
  if (changedCustomers.size === 0) return [];
  const stateAt = await stampCustomers(tx, shopId, changedCustomers, doubtful);
  return [...changedCustomers].map(([customerId, event]) => ({
    type: 'customer.subscriptions_changed',
    version: eventVersion,
    key: `customer.subscriptions_changed:${customerId}:${stateAt.get(customerId) ?? event.occurredAt}`,
    occurredAt: event.occurredAt,
    origin: event.origin,
    rechargeCustomerId: customerId,
    objectId: customerId,
    data: {},
  }));
}

/** The status after this event, or null when it tells nothing newer. Deleted stays deleted. */
function nextStatus(before: KnownSubscription | undefined, event: SubscriptionEvent): string | null {
  if (event.type === 'subscription.deleted') return 'deleted';
  if (before?.status === 'deleted') return null;
  const status = event.data.subscription.status;
  if (!status) return null;
  const updatedAt = parseInstant(event.data.subscription.updated_at);
  if (!before?.sourceUpdatedAt || !updatedAt) return status;
  const difference = updatedAt.getTime() - before.sourceUpdatedAt.getTime();
  if (difference < 0) return null;
  return difference === 0 && before.status !== status ? 'unknown' : status;
}

async function lockKnown(tx: pg.PoolClient, shopId: string, events: readonly SubscriptionEvent[]): Promise<Map<string, KnownSubscription>> {
  const ids = [...new Set(events.map((event) => event.data.subscription.id))];
  const rows = await tx.query<KnownSubscription>(
    `select "rechargeSubscriptionId", "rechargeCustomerId", status, "sourceUpdatedAt" from "SubscriptionState"
     where "shopId" = $1 and "rechargeSubscriptionId" = any($2) order by "rechargeSubscriptionId" for update`,
    [shopId, ids],
  );
  return new Map(rows.rows.map((row) => [row.rechargeSubscriptionId, row]));
}

async function storeSubscriptions(
  tx: pg.PoolClient,
  shopId: string,
  rows: readonly { event: SubscriptionEvent; status: string; customerId: string | null; updatedAt: Date | null }[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into "SubscriptionState" as known ("shopId", "rechargeSubscriptionId", "rechargeCustomerId", status, "sourceUpdatedAt", facts)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])
     on conflict ("shopId", "rechargeSubscriptionId") do update set
       "rechargeCustomerId" = coalesce(excluded."rechargeCustomerId", known."rechargeCustomerId"),
       status = excluded.status, "sourceUpdatedAt" = excluded."sourceUpdatedAt", facts = excluded.facts`,
    [
      shopId,
      rows.map((row) => row.event.data.subscription.id),
      rows.map((row) => row.customerId),
      rows.map((row) => row.status),
      rows.map((row) => row.updatedAt),
      rows.map((row) => JSON.stringify(row.event.data.subscription)),
    ],
  );
}

/** Moves each customer's `subscriptionsStateAt` strictly forward and returns it; a doubtful set is no longer complete. */
async function stampCustomers(
  tx: pg.PoolClient,
  shopId: string,
  customers: ReadonlyMap<string, SubscriptionEvent>,
  doubtful: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const ids = [...customers.keys()].sort();
  const rows = await tx.query<{ rechargeCustomerId: string; stateAt: Date }>(
    `insert into "CustomerState" as known ("shopId", "rechargeCustomerId", "subscriptionsStateAt")
     select $1, * from unnest($2::text[], $3::timestamptz[])
     on conflict ("shopId", "rechargeCustomerId") do update set
       "subscriptionsStateAt" = greatest(excluded."subscriptionsStateAt", known."subscriptionsStateAt" + interval '1 millisecond'),
       "subscriptionsComplete" = known."subscriptionsComplete" and not (known."rechargeCustomerId" = any($4))
     returning "rechargeCustomerId", "subscriptionsStateAt" as "stateAt"`,
    [shopId, ids, ids.map((id) => new Date(customers.get(id)?.occurredAt ?? 0)), [...doubtful]],
  );
  return new Map(rows.rows.map((row) => [row.rechargeCustomerId, row.stateAt.toISOString()]));
}

function merge(before: CustomerSighting, after: CustomerSighting): CustomerSighting {
  const newer = (parseInstant(after.sourceUpdatedAt)?.getTime() ?? 0) >= (parseInstant(before.sourceUpdatedAt)?.getTime() ?? 0) ? after : before;
  const older = newer === after ? before : after;
  return {
    rechargeCustomerId: newer.rechargeCustomerId,
    email: newer.email ?? older.email,
    shopifyCustomerId: newer.shopifyCustomerId ?? older.shopifyCustomerId,
    sourceUpdatedAt: newer.sourceUpdatedAt ?? older.sourceUpdatedAt,
  };
}

function laterOf(a: Date | null, b: Date | null): Date | null {
  if (!a) return b;
  if (!b) return a;
  return a.getTime() >= b.getTime() ? a : b;
}
