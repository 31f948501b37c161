/**
 * Who an event is about: answered from our own tables where they know, otherwise read from Recharge and remembered.
 * "No subscription is active" is said only after a complete read; a read that failed or broke off says nothing and throws.
 */
import type pg from 'pg';
import { pool, transaction } from '#app/db.server.ts';
import type { CustomerContext, Need } from '#app/destinations/contract.ts';
import { Failure, toFailure } from '#app/errors.ts';
import type { Customer, Subscription } from '#app/events/facts.ts';
import type { RechargeClient } from '#app/recharge/client.server.ts';
import { isoUtc, parseInstant } from '#app/time.ts';
import { noteRechargeRefusal, openRecharge } from './recharge.server.ts';

/** A set that keeps moving under our reads is left for later. */
const mostReads = 3;

type ShopName = { shopId: string; domain: string };
type KnownCustomer = { email: string | null; shopifyCustomerId: string | null; sourceUpdatedAt: Date | null };
type KnownSet = { activeCount: number; totalCount: number; doubtfulCount: number; complete: boolean; stateAt: Date | null };

/**
 * Names the customer as far as `needs` asks. Needs nothing of Recharge when our tables can answer: in particular one known
 * active subscription is enough for "active". A customer that Recharge no longer has comes back without e-mail.
 * Throws Failure of Recharge when it had to be asked and did not answer completely. Writes CustomerState and SubscriptionState.
 */
export async function resolveCustomer(shop: ShopName, rechargeCustomerId: string, needs: readonly Need[]): Promise<CustomerContext> {
  try {
    const customer = await customerFor(shop.shopId, rechargeCustomerId, needs);
    const subscriptions = needs.includes('subscriptions') ? await subscriptionsFor(shop.shopId, rechargeCustomerId) : null;
    return { rechargeCustomerId, email: customer?.email ?? null, shopifyCustomerId: customer?.shopifyCustomerId ?? null, shopDomain: shop.domain, subscriptions };
  } catch (error) {
    await noteRechargeRefusal(shop.shopId, error);
    throw error;
  }
}

async function customerFor(shopId: string, rechargeCustomerId: string, needs: readonly Need[]): Promise<KnownCustomer | null> {
  const known = await knownCustomer(shopId, rechargeCustomerId);
  const unknownEmail = needs.includes('email') && !known?.email;
  // With an `updated_at` the customer's own body was seen, and it named no Shopify customer.
  const unknownShopifyId = needs.includes('shopifyCustomerId') && !known?.shopifyCustomerId && !known?.sourceUpdatedAt;
  if (!unknownEmail && !unknownShopifyId) return known;
  const { client } = await openRecharge(shopId, 'background');
  const read = await client.getCustomer(rechargeCustomerId).catch((error: unknown) => {
    const failure = toFailure(error);
    if (failure.status !== 404) throw error;
    return null;
  });
  if (!read) return known;
  await rememberCustomers(shopId, [read]);
  return knownCustomer(shopId, rechargeCustomerId);
}

/** Keeps what a read of customers told; an older body never overrules a newer one. */
async function rememberCustomers(shopId: string, customers: readonly Customer[]): Promise<void> {
  await pool().query(
    `insert into "CustomerState" as known ("shopId", "rechargeCustomerId", email, "shopifyCustomerId", "sourceUpdatedAt")
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) as read(id, email, "shopifyCustomerId", "sourceUpdatedAt") order by read.id
     on conflict ("shopId", "rechargeCustomerId") do update set
       email = coalesce(excluded.email, known.email),
       "shopifyCustomerId" = coalesce(excluded."shopifyCustomerId", known."shopifyCustomerId"),
       "sourceUpdatedAt" = greatest(excluded."sourceUpdatedAt", known."sourceUpdatedAt")
     where known."sourceUpdatedAt" is null or known.email is null or excluded."sourceUpdatedAt" >= known."sourceUpdatedAt"`,
    [shopId, customers.map((row) => row.id), customers.map((row) => row.email?.trim().toLowerCase() || null), customers.map((row) => row.external_customer_id), customers.map((row) => parseInstant(row.updated_at))],
  );
}

/** How many customers one call names; keeps the address of the call short. */
const customersPerCall = 50;

/**
 * Reads several customers that our tables do not know, fifty in one call instead of one each. What Recharge does not list is
 * left for the single look-up. Throws Failure of Recharge.
 */
export async function readCustomers(shopId: string, rechargeCustomerIds: readonly string[]): Promise<void> {
  const { client } = await openRecharge(shopId, 'background');
  for (let start = 0; start < rechargeCustomerIds.length; start += customersPerCall) {
    const ids = rechargeCustomerIds.slice(start, start + customersPerCall);
    for await (const page of client.listCustomers({ ids: ids.join(',') })) await rememberCustomers(shopId, page);
  }
}

async function knownCustomer(shopId: string, rechargeCustomerId: string): Promise<KnownCustomer | null> {
  const { rows } = await pool().query<KnownCustomer>(
    `select email, "shopifyCustomerId", "sourceUpdatedAt" from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = $2`,
    [shopId, rechargeCustomerId],
  );
  return rows[0] ?? null;
}

async function subscriptionsFor(shopId: string, rechargeCustomerId: string): Promise<CustomerContext['subscriptions']> {
  for (let reads = 0; ; reads++) {
    const known = await knownSet(pool(), shopId, rechargeCustomerId);
    if (isAnswer(known)) return { activeCount: known.activeCount, totalCount: known.totalCount, stateAt: isoUtc(known.stateAt) };
    if (reads === mostReads) {
      throw new Failure('transient', "The customer's subscriptions changed while they were read; they are read again later.", { code: 'subscriptions_in_motion', system: 'Recharge' });
    }
    const { client } = await openRecharge(shopId, 'background');
    await storeRead(shopId, rechargeCustomerId, await readAll(client, rechargeCustomerId), known.stateAt);
  }
}

/** One active subscription settles it; "none" needs a complete set without doubt. */
function isAnswer(known: KnownSet): known is KnownSet & { stateAt: Date } {
  return known.stateAt !== null && (known.activeCount > 0 || (known.complete && known.doubtfulCount === 0));
}

async function knownSet(tx: Pick<pg.PoolClient, 'query'>, shopId: string, rechargeCustomerId: string): Promise<KnownSet> {
  const { rows } = await tx.query<KnownSet>(
    `select
       (select count(*)::int from "SubscriptionState" where "shopId" = $1 and "rechargeCustomerId" = $2 and status = 'active') as "activeCount",
       (select count(*)::int from "SubscriptionState" where "shopId" = $1 and "rechargeCustomerId" = $2 and status <> 'deleted') as "totalCount",
       (select count(*)::int from "SubscriptionState" where "shopId" = $1 and "rechargeCustomerId" = $2 and status = 'unknown') as "doubtfulCount",
       coalesce((select "subscriptionsComplete" from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = $2), false) as complete,
       (select "subscriptionsStateAt" from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = $2) as "stateAt"`,
    [shopId, rechargeCustomerId],
  );
  const row = rows[0];
  if (!row) throw new Error('A query without a table returned no row');
  return row;
}

/** Every subscription of the customer. The client's list throws when it breaks off, so what is returned is complete. */
async function readAll(client: RechargeClient, rechargeCustomerId: string): Promise<Subscription[]> {
  const all: Subscription[] = [];
  for await (const page of client.listSubscriptions({ customer_id: rechargeCustomerId })) all.push(...page);
  return all;
}

/**
 * Stores a complete read. Webhooks may have told something newer while it was on its way, and another worker may have read the same:
 * only a strictly newer `updated_at` overwrites; deleted stays deleted; a doubtful state is settled only if the set did not move
 * since before the read (`stateAtBefore`). What is settled is counted from the table afterwards, so it includes what arrived meanwhile.
 */
async function storeRead(shopId: string, rechargeCustomerId: string, read: readonly Subscription[], stateAtBefore: Date | null): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      // Gives up before PostgreSQL looks for deadlocks: those who apply webhooks come first, this is the cheaper work to repeat.
      return await transaction((tx) => store(tx, shopId, rechargeCustomerId, read, stateAtBefore), { lockTimeoutMs: 500 });
    } catch (error) {
      const busy = ['55P03', '40P01'].includes((error as { code?: string }).code ?? '');
      if (!busy || tries === 5) throw error;
    }
  }
}

async function store(tx: pg.PoolClient, shopId: string, rechargeCustomerId: string, read: readonly Subscription[], stateAtBefore: Date | null): Promise<void> {
  await tx.query(`insert into "CustomerState" ("shopId", "rechargeCustomerId") values ($1, $2) on conflict do nothing`, [shopId, rechargeCustomerId]);
  const locked = await tx.query<{ stateAt: Date | null }>(
    `select "subscriptionsStateAt" as "stateAt" from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = $2 for update`,
    [shopId, rechargeCustomerId],
  );
  const unmoved = locked.rows[0]?.stateAt?.getTime() === stateAtBefore?.getTime();
  const rows = [...read].sort((a, b) => (a.id < b.id ? -1 : 1));
  const ids = rows.map((row) => row.id);
  const stored = await tx.query(
    `insert into "SubscriptionState" as known ("shopId", "rechargeSubscriptionId", "rechargeCustomerId", status, "sourceUpdatedAt", facts)
     select $1, told.id, $2, told.status, told.at, told.facts from unnest($3::text[], $4::text[], $5::timestamptz[], $6::jsonb[]) as told(id, status, at, facts)
     on conflict ("shopId", "rechargeSubscriptionId") do update set
       "rechargeCustomerId" = excluded."rechargeCustomerId", status = excluded.status,
       "sourceUpdatedAt" = greatest(excluded."sourceUpdatedAt", known."sourceUpdatedAt"), facts = excluded.facts
     where known.status = 'unknown' and $7
        or known.status not in ('unknown', 'deleted')
           and (known."sourceUpdatedAt" is null or excluded."sourceUpdatedAt" > known."sourceUpdatedAt" or known."rechargeCustomerId" is null)`,
    [shopId, rechargeCustomerId, ids, rows.map((row) => row.status ?? 'unknown'), rows.map((row) => parseInstant(row.updated_at)), rows.map((row) => JSON.stringify(row)), unmoved],
  );
  // A doubtful one that a complete list does not have is at least not active; "cancelled" can come back, "deleted" could not.
  const settled = await tx.query(
    `update "SubscriptionState" set status = 'cancelled'
     where "shopId" = $1 and "rechargeCustomerId" = $2 and status = 'unknown' and $4 and not ("rechargeSubscriptionId" = any($3))`,
    [shopId, rechargeCustomerId, ids, unmoved],
  );
  const newest = rows.map((row) => parseInstant(row.updated_at)?.getTime() ?? 0).reduce((a, b) => Math.max(a, b), 0);
  // The stamp moves only when the set did, and then strictly forward, whatever the vendor's clock says.
  await tx.query(
    `update "CustomerState" set "subscriptionsComplete" = true,
       "subscriptionsStateAt" = case when $4 or "subscriptionsStateAt" is null
         then greatest($3::timestamptz, "subscriptionsStateAt" + interval '1 millisecond') else "subscriptionsStateAt" end
     where "shopId" = $1 and "rechargeCustomerId" = $2`,
    [shopId, rechargeCustomerId, newest > 0 ? new Date(newest) : new Date(), (stored.rowCount ?? 0) + (settled.rowCount ?? 0) > 0],
  );
}
