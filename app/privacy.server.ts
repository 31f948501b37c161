/**
 * What Shopify asks us to do with personal data: say how much we hold of a customer, erase a customer, erase a shop.
 * Everything here can be repeated: a second run finds nothing left. Reports hold counts, never a person.
 */
import type pg from 'pg';
import { db, pool, transaction } from '#app/db.server.ts';
import { openBytes } from '#app/secrets.server.ts';

/** A customer as Shopify's compliance webhooks name one. */
export type ShopifyPerson = { shopifyCustomerId: string | null; email: string | null };

export type CustomerHash = (shopId: string, shopifyCustomerId: string) => string;

/** Rows by table. */
export type RowCounts = Record<string, number>;

const page = 2_000;
const slowStatementMs = 14_000;

/** Counts the rows that belong to a customer, for `customers/data_request`. */
export async function countCustomerRows(shopId: string, person: ShopifyPerson): Promise<RowCounts> {
  const customerIds = await rechargeCustomerIds(pool(), shopId, person);
  const count = async (sql: string) => Number((await pool().query<{ n: string }>(sql, [shopId, customerIds])).rows[0]?.n ?? 0);
  return {
    CustomerState: customerIds.length,
    SubscriptionState: await count(`select count(*) n from "SubscriptionState" where "shopId" = $1 and "rechargeCustomerId" = any($2)`),
    Event: await count(`select count(*) n from "Event" where "shopId" = $1 and "rechargeCustomerId" = any($2)`),
    Delivery: await count(`select count(*) n from "Delivery" d join "Event" e on e.id = d."eventId" where e."shopId" = $1 and e."rechargeCustomerId" = any($2)`),
  };
}

/**
 * Erases everything we hold of a customer, in one transaction. Returns what was erased. `customerHash` is the portal's way of
 * naming a shopper in its record of visits.
 */
export async function eraseCustomer(shopId: string, person: ShopifyPerson, customerHash: CustomerHash): Promise<RowCounts> {
  return transaction(async (client) => {
    const customerIds = await rechargeCustomerIds(client, shopId, person);
    const remove = async (sql: string, values: unknown[] = [shopId, customerIds]) => (await client.query(sql, values)).rowCount ?? 0;
    const unlinked = await webhooksNaming(client, shopId, customerIds, person.email);
    const linked = await client.query<{ id: string }>(
      `select distinct "inboundWebhookId" as id from "Event" where "shopId" = $1 and "rechargeCustomerId" = any($2) and "inboundWebhookId" is not null`,
      [shopId, customerIds],
    );
    const theirs = `select id from "Event" where "shopId" = $1 and "rechargeCustomerId" = any($2)`;
    return {
      Attempt: await remove(`delete from "Attempt" where "deliveryId" in (select id from "Delivery" where "eventId" in (${theirs}))`),
      Delivery: await remove(`delete from "Delivery" where "eventId" in (${theirs})`),
      Event: await remove(`delete from "Event" where id in (${theirs})`),
      InboundWebhook: await remove(`delete from "InboundWebhook" where "shopId" = $1 and id = any($2)`, [shopId, [...linked.rows.map((row) => row.id), ...unlinked]]),
      Lane: await remove(`delete from "Lane" where "shopId" = $1 and key = any($2)`, [shopId, customerIds.map((id) => `customer:${id}`)]),
      PortalVisit: person.shopifyCustomerId
        ? await remove(`delete from "PortalVisit" where "shopId" = $1 and "customerHash" = $2`, [shopId, customerHash(shopId, person.shopifyCustomerId)])
        : 0,
      SubscriptionState: await remove(`delete from "SubscriptionState" where "shopId" = $1 and "rechargeCustomerId" = any($2)`),
      CustomerState: await remove(`delete from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = any($2)`),
    };
  }, { statementTimeoutMs: slowStatementMs });
}

/**
 * Erases a shop and everything of it. A shop that is installed (it came back) is left alone and null is returned.
 * The large tables go in pages, so that no statement runs long; an interrupted run is simply run again.
 */
export async function eraseShop(domain: string): Promise<RowCounts | null> {
  const shop = await db.shop.findUnique({ where: { domain }, select: { id: true, uninstalledAt: true } });
  if (shop && !shop.uninstalledAt) return null;
  const counts: RowCounts = { Session: (await db.session.deleteMany({ where: { shop: domain } })).count };
  if (!shop) return counts;
  const shopId = shop.id;
  const inPages = async (table: string, extra = '') => {
    let total = 0;
    for (let removed = page; removed === page; total += removed) {
      removed = (await pool().query(`delete from "${table}" where ctid = any(array(select ctid from "${table}" where "shopId" = $1 ${extra} limit ${page}))`, [shopId])).rowCount ?? 0;
    }
    return total;
  };
  for (const table of ['Attempt', 'Delivery', 'Event', 'InboundWebhook', 'Lane', 'SubscriptionState', 'CustomerState', 'PortalVisit', 'ScheduledRun', 'SettingChange', 'Notice']) {
    counts[table] = await inPages(table);
  }
  await pool().query(`delete from "IntakeLease" where "connectionId" in (select id from "Connection" where "shopId" = $1)`, [shopId]);
  counts.Destination = (await db.destination.deleteMany({ where: { shopId } })).count;
  counts.Connection = (await db.connection.deleteMany({ where: { shopId } })).count;
  counts.Shop = (await db.shop.deleteMany({ where: { id: shopId, uninstalledAt: { not: null } } })).count;
  return counts;
}

async function rechargeCustomerIds(client: pg.Pool | pg.PoolClient, shopId: string, person: ShopifyPerson): Promise<string[]> {
  const found = await client.query<{ id: string }>(
    `select "rechargeCustomerId" as id from "CustomerState" where "shopId" = $1 and ("shopifyCustomerId" = $2 or lower(email) = lower($3))`,
    [shopId, person.shopifyCustomerId, person.email],
  );
  return found.rows.map((row) => row.id);
}

/** Webhooks that became no event (superseded, quarantined, still waiting) and name the customer in their sealed bytes. */
async function webhooksNaming(client: pg.PoolClient, shopId: string, customerIds: string[], email: string | null): Promise<string[]> {
  const words = [...customerIds.map((id) => new RegExp(`(?<!\\d)${id.replace(/\D/g, '')}(?!\\d)`)), ...(email ? [new RegExp(email.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')] : [])];
  const naming: string[] = [];
  for (let after = '0', rows: { id: string; bodySealed: Buffer }[] = []; words.length > 0; ) {
    rows = (
      await client.query<{ id: string; bodySealed: Buffer }>(
        `select w.id, w."bodySealed" from "InboundWebhook" w where w."shopId" = $1 and w.id > $2
           and not exists (select 1 from "Event" e where e."shopId" = $1 and e."inboundWebhookId" = w.id) order by w.id limit 200`,
        [shopId, after],
      )
    ).rows;
    for (const row of rows) {
      const body = openBytes(row.bodySealed, { shopId, table: 'InboundWebhook', column: 'body' }).toString('utf8');
      if (words.some((word) => word.test(body))) naming.push(row.id);
    }
    const last = rows.at(-1);
    if (!last) break;
    after = last.id;
  }
  return naming;
}
