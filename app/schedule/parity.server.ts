/**
 * Compares what Recharge has with what we hold and with what each destination was told: counts by complete lists, and the
 * differences by id. Changes nothing.
 */
import { acceptingDestinations } from '#app/connections/acceptance.server.ts';
import { openRecharge } from '#app/connections/recharge.server.ts';
import { pool, transaction } from '#app/db.server.ts';
import type { RechargeClient } from '#app/recharge/client.server.ts';
import { byIds } from './read-gap.server.ts';

/** What is compared; the same words for every side. */
export type ParityCounts = { customers: number; activeSubscriptions: number; customersWithActiveSubscription: number };

/** Ids on one side only; at most `mostIds` of each are named, `count` is all. */
export type Difference = { count: number; ids: string[] };

export type DestinationParity = {
  destinationId: string;
  destination: string;
  status: string;
  /** Of the customers with a subscription: how many know the present state, how many wait, failed, or were never told. Null for one that takes no customer state. */
  customers: { told: number; waiting: number; failed: number; never: number } | null;
  /** Customers with an active subscription whose present state was told. */
  customersWithActiveSubscription: number | null;
  /** Customers that Recharge counts as active and who were not told as such. */
  notTold: Difference | null;
  deliveries: { delivered: number; waiting: number; dead: number };
};

export type ParityReport = {
  /** Differences found, of all kinds; 0 means that everything agrees. */
  accepted: number;
  at: string;
  recharge: ParityCounts;
  rechannel: ParityCounts;
  differences: {
    /** Active at Recharge, not so here. */
    activeOnlyAtRecharge: Difference;
    /** Active here, not so at Recharge. */
    activeOnlyHere: Difference;
  };
  destinations: DestinationParity[];
};

const mostIds = 100;

/** Reads both lists to their ends. Throws Failure of Recharge when one breaks off: half a list is no comparison. */
export async function parity(shopId: string, signal: AbortSignal = new AbortController().signal): Promise<ParityReport> {
  const { client } = await openRecharge(shopId, 'background');
  const active = new Map<string, string | null>();
  for await (const page of client.listSubscriptions({ status: 'active' })) {
    signal.throwIfAborted();
    for (const { id, customer_id } of page) active.set(id, customer_id);
  }
  const customers = new Set<string>();
  for await (const page of client.listCustomers({})) {
    signal.throwIfAborted();
    for (const { id } of page) customers.add(id);
  }
  const here = await mirroredActive(shopId);
  const onlyThere = await stillSo(shopId, client, [...active.keys()].filter((id) => !here.has(id)), 'active there');
  const onlyHere = await stillSo(shopId, client, [...here.keys()].filter((id) => !active.has(id)), 'active here');
  const activeCustomers = new Set([...active.values()].filter((id) => id !== null));
  const destinations = await destinationsOf(shopId, activeCustomers);
  const known = await pool().query<{ count: number }>(`select count(*)::int as count from "CustomerState" where "shopId" = $1`, [shopId]);
  return {
    accepted: onlyThere.length + onlyHere.length + destinations.reduce((sum, { notTold }) => sum + (notTold?.count ?? 0), 0),
    at: new Date().toISOString(),
    recharge: { customers: customers.size, activeSubscriptions: active.size, customersWithActiveSubscription: activeCustomers.size },
    rechannel: { customers: known.rows[0]?.count ?? 0, activeSubscriptions: here.size, customersWithActiveSubscription: new Set([...here.values()].filter((id) => id !== null)).size },
    differences: { activeOnlyAtRecharge: named(onlyThere), activeOnlyHere: named(onlyHere) },
    destinations,
  };
}

async function mirroredActive(shopId: string, ids: readonly string[] | null = null): Promise<Map<string, string | null>> {
  const { rows } = await pool().query<{ id: string; customerId: string | null }>(
    `select "rechargeSubscriptionId" as id, "rechargeCustomerId" as "customerId" from "SubscriptionState" where "shopId" = $1 and status = 'active' and ($2::text[] is null or "rechargeSubscriptionId" = any($2))`,
    [shopId, ids],
  );
  return new Map(rows.map((row) => [row.id, row.customerId]));
}

/** Looks a second time at what differed: a change that came between the two looks is no difference. */
async function stillSo(shopId: string, client: RechargeClient, ids: readonly string[], side: 'active there' | 'active here'): Promise<string[]> {
  const looked = ids.slice(0, mostIds);
  if (looked.length === 0) return [];
  const there = new Set<string>();
  for await (const page of byIds(client, looked)) for (const { id, status } of page) if (status === 'active') there.add(id);
  const here = await mirroredActive(shopId, looked);
  return [...looked.filter((id) => (side === 'active there' ? there.has(id) && !here.has(id) : here.has(id) && !there.has(id))), ...ids.slice(mostIds)];
}

async function destinationsOf(shopId: string, activeCustomers: ReadonlySet<string>): Promise<DestinationParity[]> {
  const accepting = await transaction((tx) => acceptingDestinations(tx, shopId));
  return Promise.all(
    accepting.map(async ({ destinationId, type, accepts }) => {
      const { rows } = await pool().query<{ status: string; delivered: number; waiting: number; dead: number }>(
        `select (select status from "Destination" where id = $2) as status, count(*) filter (where state = 'delivered')::int as delivered,
           count(*) filter (where state = 'pending')::int as waiting, count(*) filter (where state = 'dead')::int as dead
         from "Delivery" where "shopId" = $1 and "destinationId" = $2`,
        [shopId, destinationId],
      );
      const { status = 'active', ...deliveries } = rows[0] ?? { delivered: 0, waiting: 0, dead: 0 };
      const states = accepts['customer.subscriptions_changed'] ? await toldStates(shopId, destinationId) : null;
      const toldActive = states && [...states].filter(([id, state]) => state === 'told' && activeCustomers.has(id));
      const of = (wanted: string) => [...(states?.values() ?? [])].filter((state) => state === wanted).length;
      return {
        destinationId, destination: type, status,
        customers: states && { told: of('told'), waiting: of('waiting'), failed: of('failed'), never: of('never') },
        customersWithActiveSubscription: toldActive && toldActive.length,
        notTold: states && named([...activeCustomers].filter((id) => states.get(id) !== 'told')),
        deliveries: { delivered: deliveries.delivered, waiting: deliveries.waiting, dead: deliveries.dead },
      };
    }),
  );
}

/** For each customer with a subscription: what became of the newest event about the customer's state. A newer one that was delivered tells the older ones too. */
async function toldStates(shopId: string, destinationId: string): Promise<Map<string, 'told' | 'waiting' | 'failed' | 'never'>> {
  const { rows } = await pool().query<{ customerId: string; state: string | null }>(
    `select c."rechargeCustomerId" as "customerId", newest.state from "CustomerState" c
     left join lateral (
       select d.state from "Event" e join "Delivery" d on d."eventId" = e.id and d."destinationId" = $2
       where e."shopId" = $1 and e.type = 'customer.subscriptions_changed' and e."objectId" = c."rechargeCustomerId" and d.state <> 'superseded' order by e.id desc limit 1) newest on true
     where c."shopId" = $1 and exists (select 1 from "SubscriptionState" s where s."shopId" = $1 and s."rechargeCustomerId" = c."rechargeCustomerId" and s.status <> 'deleted')`,
    [shopId, destinationId],
  );
  const words: Record<string, 'told' | 'waiting' | 'failed'> = { delivered: 'told', skipped: 'told', pending: 'waiting', dead: 'failed' };
  return new Map(rows.map((row) => [row.customerId, row.state === null ? 'never' : (words[row.state] ?? 'failed')]));
}

function named(ids: readonly string[]): Difference {
  return { count: ids.length, ids: ids.slice(0, mostIds) };
}
