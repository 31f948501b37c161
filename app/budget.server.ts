/**
 * Token buckets in the database, shared by all processes and told by the database's clock:
 * one for each vendor credential and vendor host.
 */
import { pool } from './db.server.ts';

export type Bucket = {
  capacity: number;
  refillPerSecond: number;
  /** Tokens this taker must leave in the bucket, so that more urgent callers find some. */
  reserve?: number;
};

export type Taken = { granted: true } | { granted: false; waitMs: number };

/**
 * Takes `tokens` from the bucket `key` or says how long to wait before asking again. Never waits itself.
 * Writes one row of Budget; a refusal writes nothing.
 */
export async function takeFromBudget(key: string, tokens: number, bucket: Bucket): Promise<Taken> {
  const { capacity, refillPerSecond, reserve = 0 } = bucket;
  const least = Math.min(reserve, capacity - tokens);
  const { rows } = await pool().query<{ granted: boolean; waitMs: number | null }>(take, [key, tokens, capacity, refillPerSecond, least]);
  const row = rows[0];
  if (row?.granted) return { granted: true };
  return { granted: false, waitMs: Math.max(1, Math.ceil(row?.waitMs ?? 50)) };
}

// The lock on the row orders the takers. `excluded."updatedAt"` is this taker's clock, read once and cut to the column's
// milliseconds, so that the refills of successive takers add up exactly; a taker that waited for the lock counts no time twice.
const take = `
  with taken as (
    insert into "Budget" as b ("key", "tokens", "updatedAt")
    values ($1, $3::float8 - $2::float8, clock_timestamp())
    on conflict ("key") do update set
      "tokens" = least($3::float8, b."tokens" + $4::float8 * greatest(0, extract(epoch from excluded."updatedAt" - b."updatedAt"))) - $2::float8,
      "updatedAt" = greatest(b."updatedAt", excluded."updatedAt")
    where (b."blockedUntil" is null or b."blockedUntil" <= excluded."updatedAt")
      and least($3::float8, b."tokens" + $4::float8 * greatest(0, extract(epoch from excluded."updatedAt" - b."updatedAt"))) - $2::float8 >= $5::float8
    returning 1
  )
  select exists (select 1 from taken) as granted,
    (select 1000 * greatest(
        extract(epoch from b."blockedUntil" - clock_timestamp()),
        ($5::float8 + $2::float8 - b."tokens") / nullif($4::float8, 0) - extract(epoch from clock_timestamp() - b."updatedAt"),
        0)::float8
     from "Budget" b where b."key" = $1) as "waitMs"`;

/** Closes the bucket for everybody until the time is over; a longer block that is already set stays. */
export async function blockBudget(key: string, forMs: number): Promise<void> {
  await pool().query(block, [key, forMs]);
}

const block = `
  insert into "Budget" as b ("key", "tokens", "updatedAt", "blockedUntil")
  values ($1, 0, clock_timestamp(), clock_timestamp() + $2::float8 * interval '1 millisecond')
  on conflict ("key") do update set "blockedUntil" = greatest(b."blockedUntil", excluded."blockedUntil")`;
