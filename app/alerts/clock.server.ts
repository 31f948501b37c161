/** How far this machine's clock is from the database's (QU-X1): leases, windows of signatures and schedules rest on their agreeing. */
import { pool } from '#app/db.server.ts';

export type ClockReading = { /** The database's clock, at about the moment this returns. */ databaseNow: Date; /** Ours less the database's, in ms; what the round trip leaves open is not counted. */ skewMs: number };

/** Told and logged from here on; /readyz fails from 60 s. */
export const tellSkewFromMs = 5_000;

export async function readClock(now: () => number = Date.now): Promise<ClockReading> {
  const askedAt = now();
  const startedAt = performance.now();
  const rows = await pool().query<{ at: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as at');
  const halfTripMs = (performance.now() - startedAt) / 2;
  const databaseMs = rows.rows[0]?.at ?? askedAt;
  const difference = askedAt + halfTripMs - databaseMs;
  return { databaseNow: new Date(databaseMs), skewMs: Math.sign(difference) * Math.max(0, Math.abs(difference) - halfTripMs) };
}
