/** What the database says of everything that might be in trouble, in one query for each kind of subject, whatever the number of shops. */
import type pg from 'pg';
import type { DestinationRecord } from './thresholds.ts';

export type WatchedDestination = DestinationRecord & { destinationId: string; shopId: string; type: string; statusReason: string | null };

/**
 * Destinations that fail, are stopped, lost deliveries lately or have an open notice. `newlyDead` counts what died since the
 * last notice about that, within a day.
 */
export async function watchedDestinations(client: pg.PoolClient, now: Date): Promise<WatchedDestination[]> {
  const rows = await client.query<WatchedDestination>(
    `with shop as (select id from "Shop" where "uninstalledAt" is null),
       told as (
         select subject, max("openedAt") as at from "Notice" where kind = 'dead_letters' and "openedAt" > $1::timestamptz - interval '1 day' group by subject),
       dead as (
         select x."destinationId", count(*)::int as count from shop
         cross join lateral (
           select "destinationId", "settledAt" from "Delivery" where "shopId" = shop.id and state = 'dead' and "settledAt" > $1::timestamptz - interval '1 day') x
         left join told on told.subject = 'destination:' || x."destinationId"
         where told.at is null or x."settledAt" > told.at
         group by x."destinationId")
     select d.id as "destinationId", d."shopId", d.type, d.status, d."statusReason", d."firstFailureAt", d."openUntil", d."lastSuccessAt", d."recoveredAt",
       case when d."checkOk" then d."checkedAt" end as "checkedGoodAt", coalesce(dead.count, 0) as "newlyDead"
     from "Destination" d join shop on shop.id = d."shopId" left join dead on dead."destinationId" = d.id
     where d."openUntil" is not null or d.status = 'stopped' or dead.count > 0
       or exists (select 1 from "Notice" n where n."resolvedAt" is null and n.subject = 'destination:' || d.id)
     order by d.id`,
    [now],
  );
  return rows.rows;
}

export type WatchedConnection = {
  shopId: string;
  status: 'active' | 'unauthorised' | 'disconnected';
  statusReason: string | null;
  checked: boolean;
  wanted: number;
  present: number;
  /** The last gap that a check filled, if it was within half a day. */
  recovered: { at: string; missing: string[]; accepted: number } | null;
};

/** Connections that are refused, lack registrations, had some mended lately or have an open notice. */
export async function watchedConnections(client: pg.PoolClient, now: Date): Promise<WatchedConnection[]> {
  const rows = await client.query<WatchedConnection>(
    `select * from (
       select c."shopId", c.status, c."statusReason", c."webhooksCheckedAt" is not null as checked, c."webhooksWanted" as wanted, c."webhooksPresent" as present,
         case when (c."webhooksReport" -> 'recovered' ->> 'at') > to_char($1::timestamptz - interval '12 hours', 'YYYY-MM-DD"T"HH24:MI:SS') then c."webhooksReport" -> 'recovered' end as recovered
       from "Connection" c join "Shop" s on s.id = c."shopId" where s."uninstalledAt" is null) c
     where c.status = 'unauthorised' or c.present < c.wanted or c.recovered is not null
       or exists (select 1 from "Notice" n where n."resolvedAt" is null and n."shopId" = c."shopId" and n.subject = 'recharge')
     order by c."shopId"`,
    [now],
  );
  return rows.rows;
}

/** How many deliveries wait for a destination, and what it answered last to the one that waits longest. */
export async function whatWaits(client: pg.PoolClient, destinationId: string): Promise<{ waiting: number; reason: string | null }> {
  const rows = await client.query<{ waiting: number; reason: string | null }>(
    `select (select count(*)::int from "Lane" l join "Delivery" d on d."laneId" = l.id and d.state = 'pending' where l."destinationId" = $1) as waiting,
       (select d.reason from "Lane" l join "Delivery" d on d."laneId" = l.id and d.state = 'pending' where l."destinationId" = $1 and d.reason is not null limit 1) as reason`,
    [destinationId],
  );
  return rows.rows[0] ?? { waiting: 0, reason: null };
}

/** The reason of the delivery that died last. */
export async function lastDeadReason(client: pg.PoolClient, shopId: string, destinationId: string): Promise<string | null> {
  const rows = await client.query<{ reason: string | null }>(
    `select reason from "Delivery" where "shopId" = $1 and state = 'dead' and "destinationId" = $2 order by "settledAt" desc limit 1`,
    [shopId, destinationId],
  );
  return rows.rows[0]?.reason ?? null;
}

/**
 * Pauses a destination that had no success in this outage and writes down that it was us. False when it is no longer so:
 * a success came meanwhile, or a person was quicker.
 */
export async function pauseFailing(client: pg.PoolClient, destination: WatchedDestination, reason: string): Promise<boolean> {
  const paused = await client.query(
    `update "Destination" set status = 'paused', "statusReason" = $4, "updatedAt" = now() where id = $1 and "shopId" = $2 and status = 'active' and "openUntil" is not null and "firstFailureAt" = $3`,
    [destination.destinationId, destination.shopId, destination.firstFailureAt, reason],
  );
  if (paused.rowCount !== 1) return false;
  await client.query(`insert into "SettingChange" ("shopId", actor, subject, before, after) values ($1, 'engine', $2, '{"status": "active"}', $3)`, [
    destination.shopId, destination.type, { status: 'paused', reason },
  ]);
  return true;
}
