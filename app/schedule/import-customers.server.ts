/**
 * Tells a newly connected destination the present state of every customer, once: customers and subscriptions are read
 * completely from Recharge, page by page, then one `customer.subscriptions_changed` of origin `import` goes to this
 * destination alone. No past events are sent, so no campaign starts. May be broken off and begun again at any point.
 */
import type pg from 'pg';
import { acceptingDestinations } from '#app/connections/acceptance.server.ts';
import { openRecharge } from '#app/connections/recharge.server.ts';
import { pool, transaction } from '#app/db.server.ts';
import { recordEvents } from '#app/delivery/outbox.server.ts';
import { eventVersion, type DomainEvent } from '#app/events/event.ts';
import type { Customer, Subscription } from '#app/events/facts.ts';
import { applyCustomers, applySubscriptions } from '#app/intake/mirror.server.ts';
import type { JobData } from './queue.server.ts';

const job = 'import-customers';
const pageSize = 500;
const wholeShopMs = 120_000;

/** Destinations that take a customer's state and were not yet told everybody's. */
export async function destinationsToImport(): Promise<{ shopId: string; destinationId: string }[]> {
  const rows = await pool().query<{ shopId: string; id: string }>(
    `select d."shopId", d.id from "Destination" d join "Connection" c on c."shopId" = d."shopId" and c.status = 'active'
     where d.status = 'active' and not exists (
       select 1 from "ScheduledRun" r where r."shopId" = d."shopId" and r.job = $1 and r.slot = 'destination:' || d.id and r.state = 'done')`,
    [job],
  );
  return rows.rows.map((row) => ({ shopId: row.shopId, destinationId: row.id }));
}

/** Runs the import of one destination to its end. Throws Failure of Recharge when a read breaks off: begun again by the queue. */
export async function importCustomers({ shopId, destinationId }: JobData, signal: AbortSignal): Promise<void> {
  if (!destinationId) return;
  const takesState = await transaction(async (tx) => {
    const own = (await acceptingDestinations(tx, shopId)).find((destination) => destination.destinationId === destinationId);
    if (own) await noteRun(tx, shopId, destinationId, 'running', null);
    return own?.accepts['customer.subscriptions_changed'] !== undefined;
  });
  const report = takesState ? await readEverybody(shopId, signal).then(() => tellEverybody(shopId, destinationId, signal)) : { customers: 0 };
  await transaction((tx) => noteRun(tx, shopId, destinationId, 'done', report));
}

/** Both lists to their ends; only then are the sets known to be complete. */
async function readEverybody(shopId: string, signal: AbortSignal): Promise<void> {
  const startedAt = new Date();
  const { client } = await openRecharge(shopId, 'background');
  for await (const page of client.listCustomers({})) {
    signal.throwIfAborted();
    await transaction((tx) => applyCustomers(tx, shopId, page.map(sightingOf)));
  }
  for await (const page of client.listSubscriptions({})) {
    signal.throwIfAborted();
    await transaction(async (tx) => {
      await applyCustomers(tx, shopId, page.flatMap((subscription) => (subscription.customer_id ? [nameless(subscription.customer_id)] : [])));
      await applySubscriptions(tx, shopId, page.map((subscription) => seenBy(subscription, startedAt)));
    });
  }
  await transaction(
    (tx) =>
      tx.query({
        text: `update "CustomerState" c set "subscriptionsComplete" = true, "subscriptionsStateAt" = coalesce(c."subscriptionsStateAt", $2)
          where c."shopId" = $1 and not exists (
            select 1 from "SubscriptionState" s where s."shopId" = $1 and s."rechargeCustomerId" = c."rechargeCustomerId" and s.status = 'unknown')`,
        values: [shopId, startedAt],
        // One statement over all customers of a shop.
        query_timeout: wholeShopMs + 5_000,
      } as pg.QueryConfig),
    { statementTimeoutMs: wholeShopMs },
  );
}

async function tellEverybody(shopId: string, destinationId: string, signal: AbortSignal): Promise<{ customers: number }> {
  let customers = 0;
  for (let after = ''; ; ) {
    signal.throwIfAborted();
    const rows = await pool().query<{ id: string; stateAt: Date | null }>(
      `select c."rechargeCustomerId" as id, c."subscriptionsStateAt" as "stateAt" from "CustomerState" c
       where c."shopId" = $1 and c."rechargeCustomerId" > $2
         and exists (select 1 from "SubscriptionState" s where s."shopId" = $1 and s."rechargeCustomerId" = c."rechargeCustomerId")
       order by c."rechargeCustomerId" limit $3`,
      [shopId, after, pageSize],
    );
    const last = rows.rows.at(-1);
    if (!last) break;
    await transaction((tx) => recordEvents(tx, shopId, rows.rows.map((row) => ({ event: importedState(row.id, row.stateAt ?? new Date(0), destinationId), inboundWebhookId: null })), destinationId));
    await pool().query(`select pg_notify('rechannel_work', 'delivery')`);
    customers += rows.rows.length;
    after = last.id;
  }
  return { customers };
}

function importedState(rechargeCustomerId: string, stateAt: Date, destinationId: string): DomainEvent {
  return {
    type: 'customer.subscriptions_changed',
    version: eventVersion,
    key: `customer.subscriptions_changed:${rechargeCustomerId}:import:${destinationId}`,
    occurredAt: stateAt.toISOString(),
    origin: 'import',
    rechargeCustomerId,
    objectId: rechargeCustomerId,
    data: {},
  };
}

function seenBy(subscription: Subscription, readAt: Date): DomainEvent {
  return {
    type: 'subscription.updated',
    version: eventVersion,
    key: `subscription.updated:${subscription.id}:import`,
    occurredAt: subscription.updated_at ?? readAt.toISOString(),
    origin: 'import',
    rechargeCustomerId: subscription.customer_id,
    objectId: subscription.id,
    data: { subscription },
  };
}

function sightingOf(customer: Customer) {
  return { rechargeCustomerId: customer.id, email: customer.email, shopifyCustomerId: customer.external_customer_id, sourceUpdatedAt: customer.updated_at };
}

function nameless(rechargeCustomerId: string) {
  return { rechargeCustomerId, email: null, shopifyCustomerId: null, sourceUpdatedAt: null };
}

async function noteRun(tx: pg.PoolClient, shopId: string, destinationId: string, state: 'running' | 'done', report: object | null): Promise<void> {
  await tx.query(
    `insert into "ScheduledRun" as run ("shopId", job, slot, state, "finishedAt", report) values ($1, $2, $3, $4, case when $4 = 'done' then now() end, $5)
     on conflict ("shopId", job, slot) do update set state = excluded.state, "finishedAt" = excluded."finishedAt", report = excluded.report`,
    [shopId, job, `destination:${destinationId}`, state, report],
  );
}
