/** Lists and counts of events and deliveries for screens, CLI and tools. The shop comes first, always. */
import { pool } from '#app/db.server.ts';
import { isDeliveryState, type DeliveryState } from './state.ts';

export type DeliveryRow = {
  deliveryId: string;
  eventId: string;
  eventType: string;
  objectId: string;
  rechargeCustomerId: string | null;
  email: string | null;
  destinationId: string;
  /** The destination's type; `removed` when it is gone. */
  destination: string;
  state: DeliveryState;
  reason: string | null;
  attemptCount: number;
  dueAt: Date;
  createdAt: Date;
  settledAt: Date | null;
};

export type AttemptRow = {
  number: number;
  at: Date;
  durationMs: number;
  outcome: string;
  code: string | null;
  status: number | null;
  vendorAnswer: string | null;
  requestedBy: string;
};

export type EventRow = {
  eventId: string;
  type: string;
  objectId: string;
  rechargeCustomerId: string | null;
  email: string | null;
  occurredAt: Date;
  receivedAt: Date;
  origin: string;
  /** The least finished of its deliveries; `recorded` when no destination takes it. */
  state: DeliveryState | 'recorded';
};

export type DeliveryFilter = {
  state?: DeliveryState | undefined;
  destinationId?: string | undefined;
  /** A destination type. */
  type?: string | undefined;
  eventType?: string | undefined;
  /** A Recharge customer id, an object's id, an event's id or an e-mail address. */
  search?: string | undefined;
  limit: number;
  /** The last id of the page before. */
  cursor?: string | undefined;
};

export type Page<Row> = { items: Row[]; next: string | null };

/** What a person sees: a pending delivery is `sending` while its lane is leased and `held` while its destination is stopped. */
const visibleState = `case
  when d.state <> 'pending' then d.state
  when dest.status is distinct from 'active' then 'held'
  when l."leasedUntil" > now() and not exists (
    select 1 from "Delivery" before where before."laneId" = d."laneId" and before.state = 'pending' and before.id < d.id) then 'sending'
  else 'pending' end`;

const deliveryColumns = `d.id as "deliveryId", d."eventId", e.type as "eventType", e."objectId", e."rechargeCustomerId", c.email, d."destinationId",
  coalesce(dest.type, 'removed') as destination, ${visibleState} as state,
  case when d.state = 'pending' and dest.status <> 'active' then coalesce(dest."statusReason", d.reason) else d.reason end as reason,
  d."attemptCount", greatest(d."dueAt", case when d.state = 'pending' then dest."openUntil" end) as "dueAt", d."createdAt", d."settledAt"`;

const deliveryTables = `"Delivery" d join "Event" e on e.id = d."eventId" left join "Destination" dest on dest.id = d."destinationId" left join "Lane" l on l.id = d."laneId"
  left join "CustomerState" c on c."shopId" = d."shopId" and c."rechargeCustomerId" = e."rechargeCustomerId"`;

/** Newest first; `cursor` continues after that delivery. */
export async function listDeliveries(shopId: string, filter: DeliveryFilter): Promise<Page<DeliveryRow>> {
  const where = [`d."shopId" = $1`];
  const values: unknown[] = [shopId];
  const and = (condition: (parameter: string) => string, value: unknown) => {
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  if (filter.state) addState(filter.state, where, and);
  if (filter.destinationId) and((p) => `d."destinationId" = ${p}`, filter.destinationId);
  if (filter.type) and((p) => `dest.type = ${p}`, filter.type);
  if (filter.eventType) and((p) => `e.type = ${p}`, filter.eventType);
  if (filter.search) addSearch(filter.search.trim(), and);
  if (filter.cursor && isId(filter.cursor)) and((p) => `d.id < ${p}`, filter.cursor);
  values.push(filter.limit + 1);
  const rows = await pool().query<DeliveryRow>(`select ${deliveryColumns} from ${deliveryTables} where ${where.join(' and ')} order by d.id desc limit $${values.length}`, values);
  return page(rows.rows, filter.limit, (row) => row.deliveryId);
}

function addState(state: DeliveryState, where: string[], and: (condition: (parameter: string) => string, value: unknown) => void): void {
  if (state === 'held') where.push(`d.state = 'pending' and dest.status is distinct from 'active'`);
  else if (state === 'pending') where.push(`d.state = 'pending' and dest.status = 'active'`);
  else if (state === 'sending') where.push(`d.state = 'pending' and dest.status = 'active' and l."leasedUntil" > now()`);
  else and((p) => `d.state = ${p}`, state);
}

function addSearch(search: string, and: (condition: (parameter: string) => string, value: unknown) => void): void {
  if (search.includes('@')) and((p) => `c.email = ${p}`, search.toLowerCase());
  else and((p) => `(e."rechargeCustomerId" = ${p} or e."objectId" = ${p} or d.id::text = ${p} or e.id::text = ${p})`, search);
}

/** One delivery with its attempts and what is known of the event; null when the shop has no such delivery. */
export async function deliveryDetail(shopId: string, deliveryId: string): Promise<(DeliveryRow & { attempts: AttemptRow[]; occurredAt: Date; origin: string }) | null> {
  if (!isId(deliveryId)) return null;
  const rows = await pool().query<DeliveryRow & { occurredAt: Date; origin: string }>(
    `select ${deliveryColumns}, e."occurredAt", e.origin from ${deliveryTables} where d."shopId" = $1 and d.id = $2`,
    [shopId, deliveryId],
  );
  const row = rows.rows[0];
  if (!row) return null;
  return { ...row, attempts: (await attemptsOf(shopId, [deliveryId])).get(deliveryId) ?? [] };
}

/** The attempts of some deliveries, oldest first. */
export async function attemptsOf(shopId: string, deliveryIds: readonly string[]): Promise<Map<string, AttemptRow[]>> {
  const rows = await pool().query<AttemptRow & { deliveryId: string }>(
    `select "deliveryId", number, at, "durationMs", outcome, code, status, "vendorAnswer", "requestedBy" from "Attempt" where "shopId" = $1 and "deliveryId" = any($2) order by number`,
    [shopId, deliveryIds],
  );
  const attempts = new Map<string, AttemptRow[]>();
  for (const { deliveryId, ...attempt } of rows.rows) attempts.set(deliveryId, [...(attempts.get(deliveryId) ?? []), attempt]);
  return attempts;
}

/** The shop a delivery belongs to, for the operator's CLI, which names no shop. */
export async function shopOfDelivery(deliveryId: string): Promise<string | null> {
  if (!isId(deliveryId)) return null;
  const rows = await pool().query<{ shopId: string }>(`select "shopId" from "Delivery" where id = $1`, [deliveryId]);
  return rows.rows[0]?.shopId ?? null;
}

const stateRank = `array_position(array['dead', 'held', 'sending', 'pending', 'delivered', 'skipped', 'superseded'], ${visibleState})`;

/** What came in, newest first. `customer` is an e-mail address or a Recharge customer id. */
export async function listEvents(shopId: string, filter: { customer?: string | undefined; limit: number; cursor?: string | undefined }): Promise<Page<EventRow>> {
  const where = [`e."shopId" = $1`];
  const values: unknown[] = [shopId];
  if (filter.customer) {
    values.push(filter.customer.trim().toLowerCase());
    where.push(filter.customer.includes('@') ? `c.email = $${values.length}` : `e."rechargeCustomerId" = $${values.length}`);
  }
  if (filter.cursor && isId(filter.cursor)) {
    values.push(filter.cursor);
    where.push(`e.id < $${values.length}`);
  }
  values.push(filter.limit + 1);
  const rows = await pool().query<EventRow>(
    `select e.id as "eventId", e.type, e."objectId", e."rechargeCustomerId", c.email, e."occurredAt", e."receivedAt", e.origin, coalesce(worst.state, 'recorded') as state
     from "Event" e left join "CustomerState" c on c."shopId" = e."shopId" and c."rechargeCustomerId" = e."rechargeCustomerId"
     left join lateral (
       select ${visibleState} as state from "Delivery" d left join "Destination" dest on dest.id = d."destinationId" left join "Lane" l on l.id = d."laneId"
       where d."eventId" = e.id order by ${stateRank} limit 1) worst on true
     where ${where.join(' and ')} order by e.id desc limit $${values.length}`,
    values,
  );
  return page(rows.rows, filter.limit, (row) => row.eventId);
}

export type QueueSummary = {
  /** Deliveries that wait, by destination type. */
  waiting: number;
  held: number;
  dead: number;
  /** When the oldest undelivered one was recorded. */
  oldestWaitingAt: Date | null;
  /** Webhooks stored but not yet turned into events. */
  unprocessedWebhooks: number;
  quarantinedWebhooks: number;
  lastDay: { webhooks: number; events: number; delivered: number; dead: number };
};

/** Health of a shop's queue at a glance. */
export async function queueSummary(shopId: string): Promise<QueueSummary> {
  const rows = await pool().query<Omit<QueueSummary, 'lastDay'> & { webhooks24: number; events24: number; delivered24: number; dead24: number }>(
    `select
       (select count(*)::int from "Delivery" d join "Destination" dest on dest.id = d."destinationId" where d."shopId" = $1 and d.state = 'pending' and dest.status = 'active') as waiting,
       (select count(*)::int from "Delivery" d join "Destination" dest on dest.id = d."destinationId" where d."shopId" = $1 and d.state = 'pending' and dest.status <> 'active') as held,
       (select count(*)::int from "Delivery" where "shopId" = $1 and state = 'dead') as dead,
       (select min("createdAt") from "Delivery" where "shopId" = $1 and state = 'pending') as "oldestWaitingAt",
       (select count(*)::int from "InboundWebhook" where "shopId" = $1 and state = 'received') as "unprocessedWebhooks",
       (select count(*)::int from "InboundWebhook" where "shopId" = $1 and state = 'quarantined') as "quarantinedWebhooks",
       (select count(*)::int from "InboundWebhook" where "shopId" = $1 and "receivedAt" > now() - interval '1 day') as webhooks24,
       (select count(*)::int from "Event" where "shopId" = $1 and "receivedAt" > now() - interval '1 day') as events24,
       (select count(*)::int from "Delivery" where "shopId" = $1 and state = 'delivered' and "settledAt" > now() - interval '1 day') as delivered24,
       (select count(*)::int from "Delivery" where "shopId" = $1 and state = 'dead' and "settledAt" > now() - interval '1 day') as dead24`,
    [shopId],
  );
  const row = rows.rows[0];
  if (!row) throw new Error('A query without a table returned no row');
  const { webhooks24, events24, delivered24, dead24, ...summary } = row;
  return { ...summary, lastDay: { webhooks: webhooks24, events: events24, delivered: delivered24, dead: dead24 } };
}

/** Reads a state typed by a person; undefined when it names none. */
export function readState(typed: string | null | undefined): DeliveryState | undefined {
  return typed && isDeliveryState(typed) ? typed : undefined;
}

function page<Row>(rows: Row[], limit: number, idOf: (row: Row) => string): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? idOf(last) : null };
}

function isId(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text);
}
