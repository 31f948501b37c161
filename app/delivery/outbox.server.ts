/**
 * Records events and what is to be sent of them, inside the caller's transaction: either everything is there or nothing.
 * A fact that is already known (same key, same content) is not recorded again and nothing is sent for it.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { acceptingDestinations, type AcceptingDestination } from '#app/connections/acceptance.server.ts';
import { objectTypeOf, type DomainEvent } from '#app/events/event.ts';

export type NewEvent = { event: DomainEvent; inboundWebhookId: string | null };

export type Recorded = {
  /** Event ids in the order given; null where the fact was known before. */
  eventIds: (string | null)[];
  deliveries: number;
};

type StoredEvent = NewEvent & { eventId: string };

/** Records events in the order given and fans them out to the shop's destinations, or to the one named. */
export async function recordEvents(tx: pg.PoolClient, shopId: string, events: readonly NewEvent[], onlyDestinationId?: string): Promise<Recorded> {
  const eventIds = await insertEvents(tx, shopId, events);
  const stored = events.flatMap((event, index) => (eventIds[index] ? [{ ...event, eventId: eventIds[index] }] : []));
  if (stored.length === 0) return { eventIds, deliveries: 0 };
  const destinations = await acceptingDestinations(tx, shopId);
  const deliveries = await fanOut(tx, shopId, stored, destinations.filter(({ destinationId }) => onlyDestinationId === undefined || destinationId === onlyDestinationId));
  return { eventIds, deliveries };
}

async function insertEvents(tx: pg.PoolClient, shopId: string, events: readonly NewEvent[]): Promise<(string | null)[]> {
  const rows = events.map(({ event, inboundWebhookId }, index) => ({ index, event, inboundWebhookId, key: event.key, digest: contentDigest(event) }));
  const ids = new Map<number, string>();
  const first = firstOfEachKey(rows);
  await insertRows(tx, shopId, first, ids);
  // The vendor's clock has seconds, and several changes may share one: same key with other content is another fact.
  const clashing = rows.filter((row) => !ids.has(row.index));
  if (clashing.length === 0) return rows.map((row) => ids.get(row.index) ?? null);
  const known = await tx.query<{ key: string; contentDigest: Buffer }>(
    `select key, "contentDigest" from "Event" where "shopId" = $1 and key = any($2)`,
    [shopId, [...new Set(clashing.map((row) => row.key))]],
  );
  const digestOf = new Map(known.rows.map((row) => [row.key, row.contentDigest]));
  const others = clashing
    .filter((row) => !happensOnce(row.event) && !digestOf.get(row.key)?.equals(row.digest))
    .map((row) => ({ ...row, key: `${row.key}#${row.digest.toString('hex').slice(0, 12)}` }));
  await insertRows(tx, shopId, firstOfEachKey(others), ids);
  return rows.map((row) => ids.get(row.index) ?? null);
}

/** Facts whose key holds their own time: a second body of the same key is a later look at the same fact, not another one. */
function happensOnce(event: DomainEvent): boolean {
  if (event.type === 'subscription.cancelled') return event.data.subscription.cancelled_at !== null;
  return event.type === 'charge.paid' || event.type.endsWith('.created');
}

type Row = { index: number; event: DomainEvent; inboundWebhookId: string | null; key: string; digest: Buffer };

function firstOfEachKey(rows: readonly Row[]): Row[] {
  const seen = new Set<string>();
  return rows.filter((row) => !seen.has(row.key) && seen.add(row.key));
}

async function insertRows(tx: pg.PoolClient, shopId: string, rows: readonly Row[], ids: Map<number, string>): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.flatMap(({ event, key, digest, inboundWebhookId }) => [
    key, event.type, event.version, event.rechargeCustomerId, event.objectId, event.occurredAt, event.origin, JSON.stringify(event.data), digest, inboundWebhookId,
  ]);
  const inserted = await tx.query<{ id: string; key: string }>(
    `insert into "Event" ("shopId", key, type, version, "rechargeCustomerId", "objectId", "occurredAt", origin, data, "contentDigest", "inboundWebhookId")
     values ${placeholders(rows.length, 10, 1)} on conflict ("shopId", key) do nothing returning id, key`,
    [shopId, ...values],
  );
  const idByKey = new Map(inserted.rows.map((row) => [row.key, row.id]));
  for (const row of rows) {
    const id = idByKey.get(row.key);
    if (id) ids.set(row.index, id);
  }
}

async function fanOut(tx: pg.PoolClient, shopId: string, events: readonly StoredEvent[], destinations: readonly AcceptingDestination[]): Promise<number> {
  const wanted = events.flatMap((stored) =>
    destinations.flatMap((destination) => {
      const acceptance = destination.accepts[stored.event.type];
      return acceptance ? [{ stored, destination, acceptance, laneKey: laneKeyOf(stored.event) }] : [];
    }),
  );
  if (wanted.length === 0) return 0;
  const laneIds = await lockLanes(tx, shopId, wanted.map(({ destination, laneKey }) => ({ destinationId: destination.destinationId, laneKey })));
  const values = wanted.flatMap(({ stored, destination, acceptance, laneKey }) => [
    stored.eventId, destination.destinationId, laneIds.get(`${destination.destinationId} ${laneKey}`), acceptance,
  ]);
  for (let start = 0; start < wanted.length; start += 2000) {
    const part = values.slice(start * 4, (start + 2000) * 4);
    await tx.query(
      `insert into "Delivery" ("shopId", "eventId", "destinationId", "laneId", acceptance) values ${placeholders(part.length / 4, 4, 1)}`,
      [shopId, ...part],
    );
  }
  await tx.query(`update "Lane" set "readyAt" = now() where id = any($1) and "readyAt" is null`, [[...laneIds.values()]]);
  return wanted.length;
}

/** Makes missing lanes and locks all of them in the order of their ids, as the recorder of attempts does: no deadlock. */
async function lockLanes(tx: pg.PoolClient, shopId: string, wanted: readonly { destinationId: string; laneKey: string }[]): Promise<Map<string, string>> {
  const unique = [...new Map(wanted.map((lane) => [`${lane.destinationId} ${lane.laneKey}`, lane])).values()];
  const destinationIds = unique.map((lane) => lane.destinationId);
  const keys = unique.map((lane) => lane.laneKey);
  await tx.query(
    `insert into "Lane" ("shopId", "destinationId", key) select $1, * from unnest($2::bigint[], $3::text[]) on conflict ("destinationId", key) do nothing`,
    [shopId, destinationIds, keys],
  );
  const locked = await tx.query<{ id: string; destinationId: string; key: string }>(
    `select l.id, l."destinationId", l.key from "Lane" l join unnest($1::bigint[], $2::text[]) as wanted(d, k) on l."destinationId" = wanted.d and l.key = wanted.k
     order by l.id for update of l`,
    [destinationIds, keys],
  );
  return new Map(locked.rows.map((row) => [`${row.destinationId} ${row.key}`, row.id]));
}

/** Order is kept per customer; a fact without a customer keeps its order per object. */
export function laneKeyOf(event: DomainEvent): string {
  return event.rechargeCustomerId ? `customer:${event.rechargeCustomerId}` : `${objectTypeOf(event.type)}:${event.objectId}`;
}

/** SHA-256 of what the fact says, for telling a copy from another fact within the same second. */
export function contentDigest(event: DomainEvent): Buffer {
  return createHash('sha256').update(JSON.stringify([event.type, event.data])).digest();
}

/** `($1, $2, $3), ($1, $4, $5)`: the first `shared` parameters are repeated in each row. */
function placeholders(rows: number, columns: number, shared: number): string {
  const prefix = Array.from({ length: shared }, (_, index) => `$${index + 1}`);
  return Array.from({ length: rows }, (_, row) => `(${[...prefix, ...Array.from({ length: columns }, (_, column) => `$${shared + row * columns + column + 1}`)].join(', ')})`).join(', ');
}
