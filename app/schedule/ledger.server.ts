/**
 * Which runs are done: one row for each shop, job and slot, so that a slot's work is done once, by whomever asks and however
 * often. While a run is under way its process holds a lock that the database drops when the process dies.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { pool } from '#app/db.server.ts';
import { Failure, toFailure } from '#app/errors.ts';

const lockSpace = 7_273_003;

export type Slotted<Report> = { ran: true; report: Report } | { ran: false; report: Report | null };

/**
 * Does the work of a slot unless it is done; `ran` is false when it was. A run that failed or whose process died is done again.
 * Throws what the work throws, and Failure `transient` (code `job_running`) when another process is at it for longer than `waitMs`.
 */
export async function onceForSlot<Report extends object>(shopId: string, job: string, slot: string, work: () => Promise<Report>, waitMs = 0): Promise<Slotted<Report>> {
  return withJobLock(shopId, job, waitMs, async () => {
    const claimed = await pool().query<{ id: string }>(
      `insert into "ScheduledRun" as run ("shopId", job, slot, state) values ($1, $2, $3, 'running')
       on conflict ("shopId", job, slot) do update set state = 'running', "startedAt" = now(), "finishedAt" = null where run.state <> 'done' returning id`,
      [shopId, job, slot],
    );
    const id = claimed.rows[0]?.id;
    if (!id) {
      const done = await pool().query<{ report: Report | null }>(`select report from "ScheduledRun" where "shopId" = $1 and job = $2 and slot = $3`, [shopId, job, slot]);
      return { ran: false, report: done.rows[0]?.report ?? null };
    }
    try {
      const report = await work();
      await endRun(id, 'done', report);
      return { ran: true, report };
    } catch (error) {
      const { kind, code, message } = toFailure(error);
      await endRun(id, 'failed', { failure: { kind, code, message } });
      throw error;
    }
  });
}

async function endRun(id: string, state: 'done' | 'failed', report: object): Promise<void> {
  await pool().query(`update "ScheduledRun" set state = $2, "finishedAt" = now(), report = $3 where id = $1`, [id, state, report]);
}

/** Runs `work` as the only one of this shop and job, over all processes. */
export async function withJobLock<Result>(shopId: string, job: string, waitMs: number, work: () => Promise<Result>): Promise<Result> {
  const client = await pool().connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    for (const end = Date.now() + waitMs; ; await pause(100)) {
      const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as locked', [lockSpace, `${shopId}:${job}`]);
      if (rows[0]?.locked) break;
      if (Date.now() >= end) throw new Failure('transient', `The job ${job} of this shop is under way already. Try again when it is done.`, { code: 'job_running' });
    }
    try {
      return await work();
    } finally {
      await client.query('select pg_advisory_unlock($1, hashtext($2))', [lockSpace, `${shopId}:${job}`]).catch((error: Error) => (broken = error));
    }
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
}

/** When the newest done run of a job over UTC days began; null when there was none. */
export async function lastDoneAt(shopId: string, job: string): Promise<Date | null> {
  const { rows } = await pool().query<{ startedAt: Date }>(
    `select "startedAt" from "ScheduledRun" where "shopId" = $1 and job = $2 and state = 'done' and slot ~ '^\\d{4}-\\d{2}-\\d{2}$' order by "startedAt" desc limit 1`,
    [shopId, job],
  );
  return rows[0]?.startedAt ?? null;
}

/** Notes slots of the past as done by the run of a later one, which read their time too. */
export async function noteCovered(shopId: string, job: string, slots: readonly string[], by: string): Promise<void> {
  await pool().query(
    `insert into "ScheduledRun" as run ("shopId", job, slot, state, "finishedAt", report) select $1, $2, slot, 'done', now(), jsonb_build_object('coveredBy', $4::text) from unnest($3::text[]) as slot
     on conflict ("shopId", job, slot) do update set state = 'done', "finishedAt" = now(), report = excluded.report where run.state <> 'done'`,
    [shopId, job, slots, by],
  );
}
