/**
 * Turns stored webhooks into events and deliveries: one connection at a time by one process, in the order they came,
 * everything of a batch in one transaction. What cannot be read is set aside with its reason and stops nobody.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { pool, transaction } from '#app/db.server.ts';
import { recordEvents, type NewEvent } from '#app/delivery/outbox.server.ts';
import { toFailure } from '#app/errors.ts';
import type { DomainEvent } from '#app/events/event.ts';
import { log } from '#app/log.server.ts';
import { normaliseWebhook, type CustomerSighting } from '#app/recharge/normalise.ts';
import { parseRechargeJson } from '#app/recharge/json.ts';
import { openBytes } from '#app/secrets.server.ts';
import { applyCustomers, applySubscriptions } from './mirror.server.ts';

const batchSize = 500;
const leaseSeconds = 30;
/** While the database is away each look may leave one; only one of them can hold the row. */
const mostUnreleased = 100;

export type Processed = { webhooks: number; events: number; deliveries: number; quarantined: number };

type WaitingRow = { id: string; topic: string; bodySealed: Buffer; receivedAt: Date };
type ReadRow = { inboundWebhookId: string; outcome: { ok: true; events: DomainEvent[]; customers: CustomerSighting[] } | { ok: false; reason: string } };

/** Connections with webhooks that wait, oldest first. */
export async function waitingConnections(limit = 50): Promise<{ connectionId: string; shopId: string }[]> {
  const rows = await pool().query<{ connectionId: string; shopId: string }>(
    `select c.id as "connectionId", c."shopId" from "Connection" c
     cross join lateral (select w.id from "InboundWebhook" w where w."connectionId" = c.id and w.state = 'received' order by w.id limit 1) oldest
     order by oldest.id limit $1`,
    [limit],
  );
  return rows.rows;
}

/**
 * Processes up to one batch of a connection's webhooks. Returns null when another process has the connection.
 * The lease is checked inside the transaction that writes, so a process that was stopped for too long writes nothing.
 */
export async function processConnection(connectionId: string, shopId: string): Promise<Processed | null> {
  const leaseToken = randomUUID();
  try {
    if (!(await takeLease(connectionId, leaseToken))) return null;
    const waiting = await pool().query<WaitingRow>(
      `select id, topic, "bodySealed", "receivedAt" from "InboundWebhook" where "connectionId" = $1 and state = 'received' order by id limit $2`,
      [connectionId, batchSize],
    );
    if (waiting.rows.length === 0) return { webhooks: 0, events: 0, deliveries: 0, quarantined: 0 };
    const read = waiting.rows.map((row) => readRow(row, shopId));
    return await transaction((tx) => store(tx, connectionId, shopId, leaseToken, read));
  } finally {
    await release(connectionId, leaseToken);
  }
}

/**
 * Leases that this process could not give back because the database was away. It may take them again at once, instead of
 * leaving a shop's webhooks lying until they run out; a transaction that still goes on holds the row until it ends.
 */
const unreleased = new Map<string, string[]>();

async function takeLease(connectionId: string, token: string): Promise<boolean> {
  const taken = await pool().query(
    `insert into "IntakeLease" as held ("connectionId", "leasedUntil", "leaseToken") values ($1, now() + make_interval(secs => $3), $2)
     on conflict ("connectionId") do update set "leasedUntil" = excluded."leasedUntil", "leaseToken" = excluded."leaseToken"
     where held."leasedUntil" is null or held."leasedUntil" < now() or held."leaseToken" = any($4)`,
    [connectionId, token, leaseSeconds, unreleased.get(connectionId) ?? []],
  );
  return taken.rowCount === 1;
}

/** Writes nothing when the lease was not taken or has passed to another. */
async function release(connectionId: string, token: string): Promise<void> {
  try {
    await pool().query(`update "IntakeLease" set "leasedUntil" = null, "leaseToken" = null where "connectionId" = $1 and "leaseToken" = $2`, [connectionId, token]);
    unreleased.delete(connectionId);
  } catch (error) {
    unreleased.set(connectionId, [...(unreleased.get(connectionId) ?? []), token].slice(-mostUnreleased));
    throw error;
  }
}

function readRow(row: WaitingRow, shopId: string): ReadRow {
  try {
    const body = parseRechargeJson(openBytes(row.bodySealed, { shopId, table: 'InboundWebhook', column: 'body' }).toString('utf8'));
    return { inboundWebhookId: row.id, outcome: normaliseWebhook(row.topic, body, row.receivedAt.toISOString()) };
  } catch (error) {
    const failure = toFailure(error);
    log.error('A stored webhook could not be read', { shopId, inboundWebhookId: row.id, topic: row.topic, failure });
    return { inboundWebhookId: row.id, outcome: { ok: false, reason: `Rechannel could not read it (${failure.code}). The bytes are kept.` } };
  }
}

async function store(tx: pg.PoolClient, connectionId: string, shopId: string, leaseToken: string, read: readonly ReadRow[]): Promise<Processed> {
  const lease = await tx.query(`select 1 from "IntakeLease" where "connectionId" = $1 and "leaseToken" = $2 for update`, [connectionId, leaseToken]);
  if (lease.rowCount !== 1) return { webhooks: 0, events: 0, deliveries: 0, quarantined: 0 };
  const good = read.flatMap((row) => (row.outcome.ok ? [{ inboundWebhookId: row.inboundWebhookId, ...row.outcome }] : []));
  await applyCustomers(tx, shopId, good.flatMap((row) => row.customers));
  const events = await withCustomers(tx, shopId, good.flatMap((row) => row.events.map((event): NewEvent => ({ event, inboundWebhookId: row.inboundWebhookId }))));
  const derived = await applySubscriptions(tx, shopId, events.map(({ event }) => event));
  const recorded = await recordEvents(tx, shopId, [...events, ...derived.map((event): NewEvent => ({ event, inboundWebhookId: null }))]);
  const quarantined = await markWebhooks(tx, read);
  return {
    webhooks: read.length,
    events: recorded.eventIds.filter((id) => id !== null).length,
    deliveries: recorded.deliveries,
    quarantined,
  };
}

/** A deleted charge says nothing but its id: its customer is the one of the last event about the same object. */
async function withCustomers(tx: pg.PoolClient, shopId: string, events: readonly NewEvent[]): Promise<NewEvent[]> {
  const orphans = events.filter(({ event }) => event.rechargeCustomerId === null && event.type !== 'store.updated' && event.type !== 'recharge.uninstalled');
  if (orphans.length === 0) return [...events];
  const known = await tx.query<{ objectId: string; object: string; rechargeCustomerId: string }>(
    `select distinct on (split_part(type, '.', 1), "objectId") split_part(type, '.', 1) as object, "objectId", "rechargeCustomerId" from "Event"
     where "shopId" = $1 and "objectId" = any($2) and "rechargeCustomerId" is not null order by split_part(type, '.', 1), "objectId", id desc`,
    [shopId, orphans.map(({ event }) => event.objectId)],
  );
  const customerOf = new Map(known.rows.map((row) => [`${row.object}:${row.objectId}`, row.rechargeCustomerId]));
  for (const { event } of events) if (event.rechargeCustomerId) customerOf.set(`${event.type.split('.')[0]}:${event.objectId}`, event.rechargeCustomerId);
  return events.map(({ event, inboundWebhookId }) => ({
    inboundWebhookId,
    event: event.rechargeCustomerId ? event : { ...event, rechargeCustomerId: customerOf.get(`${event.type.split('.')[0]}:${event.objectId}`) ?? null },
  }));
}

async function markWebhooks(tx: pg.PoolClient, read: readonly ReadRow[]): Promise<number> {
  const odd = read.flatMap((row) => (row.outcome.ok ? [] : [{ id: row.inboundWebhookId, reason: row.outcome.reason }]));
  const fine = read.filter((row) => row.outcome.ok).map((row) => row.inboundWebhookId);
  if (fine.length > 0) await tx.query(`update "InboundWebhook" set state = 'processed', "processedAt" = now() where id = any($1)`, [fine]);
  if (odd.length > 0) {
    await tx.query(
      `update "InboundWebhook" w set state = 'quarantined', reason = odd.reason, "processedAt" = now() from unnest($1::bigint[], $2::text[]) as odd(id, reason) where w.id = odd.id`,
      [odd.map((row) => row.id), odd.map((row) => row.reason)],
    );
  }
  return odd.length;
}
