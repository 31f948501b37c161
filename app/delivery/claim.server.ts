/**
 * Leases lanes whose head is due, so that any number of workers share the work while each customer's deliveries keep
 * their order. Workers search the small lane table only; a blocked lane is parked by its `readyAt` and costs nobody else.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { pool, transaction } from '#app/db.server.ts';
import type { Acceptance } from '#app/destinations/contract.ts';
import type { DomainEvent } from '#app/events/event.ts';

/** How long a lane is ours. A send may take 15 s; what is left covers mapping and recording. */
export const leaseMs = 40_000;
/** With less than this left of a lease nothing is sent any more: another worker may already have the lane. */
export const leaseMarginMs = 18_000;

export type DueDestination = { destinationId: string; shopId: string; type: string; openUntil: Date | null };

export type Head = {
  deliveryId: string;
  laneId: string;
  eventId: string;
  acceptance: Acceptance;
  tries: number;
  attemptCount: number;
  replays: number;
  commandsSealed: Buffer | null;
  createdAt: Date;
  event: DomainEvent;
};

export type Claim = { leaseToken: string; /** performance.now() after which nothing may be sent. */ sendBefore: number; heads: Head[] };

/**
 * Active destinations with work that is due, those waiting longest first, without the `excluded` ones that are being served.
 * A destination behind an open breaker appears when its next probe is due.
 */
export async function dueDestinations(excluded: readonly string[], limit: number): Promise<DueDestination[]> {
  const rows = await pool().query<DueDestination>(
    `select d.id as "destinationId", d."shopId", d.type, d."openUntil" from "Destination" d
     cross join lateral (
       select l."readyAt" from "Lane" l where l."destinationId" = d.id and l."readyAt" <= now() and (l."leasedUntil" is null or l."leasedUntil" < now())
       order by l."readyAt" limit 1) oldest
     where d.status = 'active' and (d."openUntil" is null or d."openUntil" <= now()) and d.id <> all($1)
     order by oldest."readyAt" limit $2`,
    [excluded, limit],
  );
  return rows.rows;
}

/** Leases up to `limit` lanes of a destination and reads their heads. Older waiting states of the same object are superseded first. */
export async function claimHeads(destinationId: string, limit: number): Promise<Claim> {
  const leaseToken = randomUUID();
  const claimedAt = performance.now();
  const heads = await transaction(async (tx) => {
    const lanes = await tx.query<{ id: string }>(
      `with due as (
         select id from "Lane" where "destinationId" = $1 and "readyAt" <= now() and ("leasedUntil" is null or "leasedUntil" < now())
         order by "readyAt" limit $2 for update skip locked)
       update "Lane" l set "leasedUntil" = now() + make_interval(secs => $3), "leaseToken" = $4 from due where l.id = due.id returning l.id`,
      [destinationId, limit, leaseMs / 1000, leaseToken],
    );
    const laneIds = lanes.rows.map((row) => row.id);
    if (laneIds.length === 0) return [];
    await supersede(tx, laneIds);
    return readHeads(tx, laneIds);
  });
  return { leaseToken, sendBefore: claimedAt + leaseMs - leaseMarginMs, heads };
}

async function supersede(tx: pg.PoolClient, laneIds: readonly string[]): Promise<void> {
  await tx.query(
    `update "Delivery" d set state = 'superseded', "settledAt" = now(), reason = 'A newer state of the same object waits behind it.', "commandsSealed" = null
     from "Event" e
     where d."laneId" = any($1) and d.state = 'pending' and d.acceptance = 'state' and e.id = d."eventId"
       and exists (
         select 1 from "Delivery" newer join "Event" ne on ne.id = newer."eventId"
         where newer."laneId" = d."laneId" and newer.state = 'pending' and newer.acceptance = 'state' and newer.id > d.id and ne.type = e.type and ne."objectId" = e."objectId")`,
    [laneIds],
  );
}

type HeadRow = Omit<Head, 'event'> & {
  type: string; version: number; key: string; occurredAt: Date; origin: string; rechargeCustomerId: string | null; objectId: string; data: unknown;
};

async function readHeads(tx: pg.PoolClient, laneIds: readonly string[]): Promise<Head[]> {
  const rows = await tx.query<HeadRow>(
    `select head.id as "deliveryId", head."laneId", head."eventId", head.acceptance, head.tries, head."attemptCount", head.replays, head."commandsSealed", head."createdAt",
       e.type, e.version, e.key, e."occurredAt", e.origin, e."rechargeCustomerId", e."objectId", e.data
     from unnest($1::bigint[]) as lane(id)
     cross join lateral (
       select * from "Delivery" d where d."laneId" = lane.id and d.state = 'pending' order by d.id limit 1) head
     join "Event" e on e.id = head."eventId" order by head.id`,
    [laneIds],
  );
  return rows.rows.map(({ type, version, key, occurredAt, origin, rechargeCustomerId, objectId, data, ...head }) => ({
    ...head,
    event: { type, version, key, occurredAt: occurredAt.toISOString(), origin, rechargeCustomerId, objectId, data } as DomainEvent,
  }));
}

/**
 * Takes the right to send one probe to a destination behind its breaker. False when another worker took it.
 * The next probe is due `waitMs` later whatever happens to this one.
 */
export async function takeProbe(destinationId: string, waitMs: number): Promise<boolean> {
  const taken = await pool().query(
    `update "Destination" set "openUntil" = now() + make_interval(secs => $2), probes = probes + 1 where id = $1 and status = 'active' and "openUntil" <= now()`,
    [destinationId, waitMs / 1000],
  );
  return taken.rowCount === 1;
}

/** When the next lane or probe falls due, in ms from now by the database's clock; null when nothing waits. */
export async function nextDueInMs(): Promise<number | null> {
  const rows = await pool().query<{ ms: number | null }>(
    `select (extract(epoch from min(greatest(l."readyAt", coalesce(d."openUntil", l."readyAt"), coalesce(l."leasedUntil", l."readyAt"))) - now()) * 1000)::float8 as ms
     from "Destination" d
     cross join lateral (select "readyAt", "leasedUntil" from "Lane" where "destinationId" = d.id and "readyAt" is not null order by "readyAt" limit 1) l
     where d.status = 'active'`,
  );
  const ms = rows.rows[0]?.ms ?? null;
  return ms === null ? null : Math.max(0, ms);
}
