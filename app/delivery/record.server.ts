/**
 * Writes down what became of a batch of heads, in one transaction: attempts, states, the lanes' next due times and the
 * destination's breaker. Lanes that another worker took over meanwhile are left alone: its word counts, not ours.
 */
import type pg from 'pg';
import { seal } from '#app/secrets.server.ts';
import { transaction } from '#app/db.server.ts';
import { redactText } from '#app/log.server.ts';
import type { Head } from './claim.server.ts';
import type { StoredState } from './state.ts';
import { judge, type BreakerRules } from './breaker.ts';
import type { Failure } from '../errors.ts';

export type Try = { at: Date; durationMs: number; outcome: string; code: string | null; status: number | null; vendorAnswer: string | null };

export type Outcome = {
  head: Head;
  /** Null when nothing was sent (skipped by the mapping, given back). */
  attempt: Try | null;
  state: StoredState;
  reason: string | null;
  /** Wait before the next try, in ms; only for `pending`. */
  delayMs: number;
  tries: number;
  /** Commands to keep, the first time they were mapped. */
  commands: string | null;
};

export type DestinationNews = { destinationId: string; shopId: string; /** One entry per request sent; null for an answer that shows it is there. */ requests: readonly (Failure | null)[]; rules: BreakerRules };

const answerLimit = 2000;

/** Records outcomes of lanes that are still ours. Returns the ids of the deliveries whose outcome counted, and whether the destination was stopped. */
export async function recordOutcomes(shopId: string, leaseToken: string, outcomes: readonly Outcome[], news: DestinationNews | null): Promise<{ recorded: string[]; stopped: boolean; recovered: boolean }> {
  return transaction(async (tx) => {
    const breaker = news && news.requests.length > 0 ? await moveBreaker(tx, news) : { stopped: false, recovered: false };
    const owned = await tx.query<{ id: string }>(
      `select id from "Lane" where id = any($1) and "leaseToken" = $2 order by id for update`,
      [outcomes.map((outcome) => outcome.head.laneId), leaseToken],
    );
    const ownedLanes = new Set(owned.rows.map((row) => row.id));
    const ours = outcomes.filter((outcome) => ownedLanes.has(outcome.head.laneId));
    if (ours.length === 0) return { recorded: [], ...breaker };
    await insertAttempts(tx, shopId, ours);
    await updateDeliveries(tx, shopId, ours);
    await releaseLanes(tx, ours.map((outcome) => outcome.head.laneId));
    return { recorded: ours.map((outcome) => outcome.head.deliveryId), ...breaker };
  });
}

async function insertAttempts(tx: pg.PoolClient, shopId: string, outcomes: readonly Outcome[]): Promise<void> {
  const tried = outcomes.flatMap((outcome) => (outcome.attempt ? [{ head: outcome.head, attempt: outcome.attempt }] : []));
  if (tried.length === 0) return;
  await tx.query(
    `insert into "Attempt" ("shopId", "deliveryId", number, at, "durationMs", outcome, code, status, "vendorAnswer", "requestedBy")
     select $1, * from unnest($2::bigint[], $3::int[], $4::timestamptz[], $5::int[], $6::text[], $7::text[], $8::int[], $9::text[], $10::text[])`,
    [
      shopId,
      tried.map(({ head }) => head.deliveryId),
      tried.map(({ head }) => head.attemptCount + 1),
      tried.map(({ attempt }) => attempt.at),
      tried.map(({ attempt }) => Math.round(attempt.durationMs)),
      tried.map(({ attempt }) => attempt.outcome),
      tried.map(({ attempt }) => attempt.code),
      tried.map(({ attempt }) => attempt.status),
      tried.map(({ attempt }) => (attempt.vendorAnswer === null ? null : redactText(attempt.vendorAnswer).slice(0, answerLimit))),
      tried.map(({ head }) => (head.replays > 0 ? 'replay' : 'engine')),
    ],
  );
}

async function updateDeliveries(tx: pg.PoolClient, shopId: string, outcomes: readonly Outcome[]): Promise<void> {
  await tx.query(
    `update "Delivery" d set state = o.state, reason = o.reason, tries = o.tries, "attemptCount" = d."attemptCount" + o.attempted,
       "dueAt" = now() + make_interval(secs => o.delay), "settledAt" = case when o.state = 'pending' then null else now() end,
       "commandsSealed" = case when o.state in ('pending', 'dead') then coalesce(o.commands, d."commandsSealed") end
     from unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[], $6::float8[], $7::bytea[]) as o(id, state, reason, tries, attempted, delay, commands)
     where d.id = o.id`,
    [
      outcomes.map((outcome) => outcome.head.deliveryId),
      outcomes.map((outcome) => outcome.state),
      outcomes.map((outcome) => storable(outcome.reason)),
      outcomes.map((outcome) => outcome.tries),
      outcomes.map((outcome) => (outcome.attempt ? 1 : 0)),
      outcomes.map((outcome) => outcome.delayMs / 1000),
      // Only what will be sent again is kept; a delivered body is not.
      outcomes.map((outcome) => (outcome.commands !== null && (outcome.state === 'pending' || outcome.state === 'dead') ? seal(outcome.commands, { shopId, table: 'Delivery', column: 'commands' }) : null)),
    ],
  );
}

/** PostgreSQL takes no zero byte in a text, and a vendor may put one into its words: then nothing of the batch would ever be recorded, and all of it sent again. */
function storable(text: string | null): string | null {
  return text?.replaceAll('\u0000', '') ?? null;
}

/** A separate statement after the locks, so that it sees deliveries that were added while we waited for them. */
async function releaseLanes(tx: pg.PoolClient, laneIds: readonly string[]): Promise<void> {
  await tx.query(
    `update "Lane" l set "leasedUntil" = null, "leaseToken" = null,
       "readyAt" = (select d."dueAt" from "Delivery" d where d."laneId" = l.id and d.state = 'pending' order by d.id limit 1)
     where l.id = any($1)`,
    [laneIds],
  );
}

/** Gives lanes back untouched: no attempt, no try; on shutdown or when nothing was done. */
export async function giveBack(leaseToken: string, laneIds: readonly string[]): Promise<void> {
  await transaction(async (tx) => {
    const owned = await tx.query<{ id: string }>(`select id from "Lane" where id = any($1) and "leaseToken" = $2 order by id for update`, [laneIds, leaseToken]);
    await releaseLanes(tx, owned.rows.map((row) => row.id));
  });
}

async function moveBreaker(tx: pg.PoolClient, news: DestinationNews): Promise<{ stopped: boolean; recovered: boolean }> {
  const rows = await tx.query<{ failuresInRow: number; refusalsInRow: number; firstFailureAt: Date | null; openUntil: Date | null; probes: number; status: string }>(
    `select "failuresInRow", "refusalsInRow", "firstFailureAt", "openUntil", probes, status from "Destination" where id = $1 and "shopId" = $2 for update`,
    [news.destinationId, news.shopId],
  );
  const before = rows.rows[0];
  if (!before) return { stopped: false, recovered: false };
  const allGood = news.requests.every((request) => request === null);
  const nothingToForget = before.failuresInRow === 0 && before.refusalsInRow === 0 && before.openUntil === null;
  if (allGood && nothingToForget) {
    await tx.query(`update "Destination" set "lastSuccessAt" = now() where id = $1 and ("lastSuccessAt" is null or "lastSuccessAt" < now() - interval '5 seconds')`, [news.destinationId]);
    return { stopped: false, recovered: false };
  }
  let breaker: Parameters<typeof judge>[0] = before;
  let stop = false;
  let recovered = false;
  for (const request of news.requests) {
    const verdict = judge(breaker, request, new Date(), news.rules);
    breaker = verdict.breaker;
    stop ||= verdict.stop;
    recovered ||= verdict.recovered;
  }
  const refusal = news.requests.findLast((request) => request?.kind === 'unauthorised');
  const stopNow = stop && before.status === 'active';
  await tx.query(
    `update "Destination" set "failuresInRow" = $2, "refusalsInRow" = $3, "firstFailureAt" = $4, "openUntil" = $5, probes = $6,
       "lastSuccessAt" = case when $7 then now() else "lastSuccessAt" end, "recoveredAt" = case when $8 then now() else "recoveredAt" end,
       status = case when $9 then 'stopped' else status end, "statusReason" = case when $9 then $10 else "statusReason" end
     where id = $1`,
    [news.destinationId, breaker.failuresInRow, breaker.refusalsInRow, breaker.firstFailureAt, breaker.openUntil, breaker.probes, news.requests.some((request) => request === null), recovered, stopNow, storable(refusal?.message ?? null)],
  );
  return { stopped: stopNow, recovered };
}
