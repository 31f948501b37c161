/** Reads what was told of some objects, and what our mirror knows of them, inside the caller's transaction or outside any. */
import type pg from 'pg';
import type { EventType } from '#app/events/event.ts';
import type { Subscription } from '#app/events/facts.ts';
import { parseInstant } from '#app/time.ts';
import { newestOf, nothingTold, type Told, type ToldEvent } from './told.ts';

type Reader = Pick<pg.PoolClient, 'query'>;
type Row = { eventId: string; key: string; type: EventType; objectId: string; occurredAt: Date; updatedAt: string | null; status: string | null; attempts: string | null; refunds: string | null };

/** By object id; what has no entry was never told. `object` is the key of the facts in an event's data. */
export async function toldOf<Facts>(tx: Reader, shopId: string, object: string, types: readonly EventType[], objectIds: readonly string[]): Promise<(objectId: string) => Told<Facts>> {
  const { rows } = await tx.query<Row>(
    `select id as "eventId", key, type, "objectId", "occurredAt", data->$2->>'updated_at' as "updatedAt", data->$2->>'status' as status,
       data->$2->>'charge_attempts' as attempts, data->$2->>'total_refunds' as refunds
     from "Event" where "shopId" = $1 and type = any($3) and "objectId" = any($4) order by id`,
    [shopId, object, types, objectIds],
  );
  const events = new Map<string, ToldEvent[]>();
  for (const row of rows) {
    const { eventId, key, type, occurredAt, status, refunds } = row;
    const told: ToldEvent = { eventId, key, type, occurredAt, status, updatedAt: parseInstant(row.updatedAt), chargeAttempts: row.attempts === null ? null : Number(row.attempts), totalRefunds: refunds };
    events.set(row.objectId, [...(events.get(row.objectId) ?? []), told]);
  }
  const newest = new Map([...events].flatMap(([objectId, list]) => [newestOf(list)].flatMap((event) => (event ? [[objectId, event] as const] : []))));
  const contents = await tx.query<{ eventId: string; facts: Facts }>(`select id as "eventId", data->$2 as facts from "Event" where "shopId" = $1 and id = any($3)`, [
    shopId,
    object,
    [...newest.values()].map((event) => event.eventId),
  ]);
  const factsOf = new Map(contents.rows.map((row) => [row.eventId, row.facts]));
  return (objectId) => {
    const event = newest.get(objectId);
    const facts = event && factsOf.get(event.eventId);
    return events.has(objectId) ? { events: events.get(objectId) ?? [], newest: event && facts ? { event, facts } : null } : nothingTold;
  };
}

/** The subscriptions as our mirror holds them, with the mirror's own status; one in doubt is not known. */
export async function mirrored(tx: Reader, shopId: string, subscriptionIds: readonly string[]): Promise<Map<string, Subscription>> {
  const { rows } = await tx.query<{ id: string; status: string; facts: Subscription }>(
    `select "rechargeSubscriptionId" as id, status, facts from "SubscriptionState" where "shopId" = $1 and "rechargeSubscriptionId" = any($2) and status <> 'unknown'`,
    [shopId, subscriptionIds],
  );
  return new Map(rows.map((row) => [row.id, { ...row.facts, status: row.status }]));
}
