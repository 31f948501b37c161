/**
 * Compares a shop's webhook registrations at Recharge with what is wanted, mends them, and fills the gap that a missing one left:
 * Recharge deletes registrations whose deliveries fail for two days. The time of the last good check is kept until the gap is
 * filled, so a check that was broken off is made good by the next one.
 */
import { loadConnection, webhookBaseUrl } from '#app/connections/recharge-record.server.ts';
import { openRecharge, repairWebhooks } from '#app/connections/recharge.server.ts';
import { pool } from '#app/db.server.ts';
import { toFailure } from '#app/errors.ts';
import type { EventType } from '#app/events/event.ts';
import { log } from '#app/log.server.ts';
import { withJobLock } from './ledger.server.ts';
import { eventCount } from './page.server.ts';
import { readGap } from './read-gap.server.ts';
import { longestGapMs } from './reconcile.server.ts';

export type Recovery = {
  /** When the gap was filled. */
  at: string;
  /** Topics whose registrations were missing; empty when a check that was broken off was made good. */
  missing: string[];
  /** What was read: from the last good check, less ten minutes. */
  since: string;
  /** Events that no webhook had told, in all and by type. */
  accepted: number;
  events: Partial<Record<EventType, number>>;
  deliveries: number;
};

export type WebhookCheck = {
  accepted: number;
  wanted: number;
  present: number;
  missing: string[];
  created: string[];
  deleted: string[];
  failed: { topic: string; message: string }[];
  /** What the filled gap held; null when nothing was missing. */
  recovered: Recovery | null;
};

type Watch = {
  /** Everything up to here is told. */
  goodAt: string;
  /** Ids of our registrations at the last good check, by topic, and whose they were. */
  ids: Record<string, string>;
  tokenLast4: string | null;
  /** The last gap that was filled. */
  recovered: Recovery | null;
};

const [job, slot] = ['webhook-check', 'watch'];
const nothing: WebhookCheck = { accepted: 0, wanted: 0, present: 0, missing: [], created: [], deleted: [], failed: [], recovered: null };

/** Shops whose registrations are to be watched. */
export async function connectedShops(): Promise<string[]> {
  const rows = await pool().query<{ shopId: string }>(
    `select c."shopId" from "Connection" c join "Shop" s on s.id = c."shopId" where c.status <> 'disconnected' and s."uninstalledAt" is null order by c."webhooksCheckedAt" nulls first`,
  );
  return rows.rows.map((row) => row.shopId);
}

/** What a merchant disconnected is not watched, and what happens meanwhile is not told later. */
export async function forgetDisconnected(): Promise<void> {
  await pool().query(`delete from "ScheduledRun" r using "Connection" c where c."shopId" = r."shopId" and c.status = 'disconnected' and r.job = $1 and r.slot = $2`, [job, slot]);
}

/** Checks, mends, fills. Throws Failure when Recharge cannot be asked (the merchant sees it at the connection) or breaks off, or `job_running`. */
export async function checkWebhooks(shopId: string, signal: AbortSignal = new AbortController().signal, waitMs = 0): Promise<WebhookCheck> {
  return withJobLock(shopId, job, waitMs, async () => {
    const connection = await loadConnection(shopId);
    if (!connection || connection.status === 'disconnected') return nothing;
    const { watch, interrupted } = await loadWatch(shopId);
    const goodAt = watch?.goodAt ?? (connection.webhooksCheckedAt ?? connection.createdAt).toISOString();
    const known = watch?.tokenLast4 === connection.apiTokenLast4 ? watch?.ids : undefined;
    const startedAt = new Date();
    await noteWatch(shopId, 'running', watch ?? { goodAt, ids: {}, tokenLast4: null, recovered: null });
    try {
      const { changed: _, ...repaired } = await repairWebhooks(shopId);
      const ids = await registrationIds(shopId, webhookBaseUrl(connection.connectionKey));
      // Somebody else may have made it again already: then it has another id.
      const remade = Object.entries(known ?? {}).flatMap(([topic, id]) => (ids[topic] !== undefined && ids[topic] !== id ? [topic] : []));
      const missing = [...new Set([...repaired.created, ...remade])].sort();
      const recovered = missing.length > 0 || interrupted ? await fill(shopId, missing, new Date(goodAt), connection.createdAt, signal) : null;
      await noteWatch(shopId, 'done', { goodAt: startedAt.toISOString(), ids, tokenLast4: connection.apiTokenLast4, recovered: recovered ?? watch?.recovered ?? null });
      if (missing.length > 0 || repaired.deleted.length > 0) log.warn('Webhook registrations were mended', { shopId, missing, deleted: repaired.deleted, recovered: recovered?.accepted ?? 0 });
      return { accepted: recovered?.accepted ?? 0, ...repaired, missing, recovered };
    } catch (error) {
      await noteWatch(shopId, 'failed', watch ?? { goodAt, ids: {}, tokenLast4: null, recovered: null });
      throw error;
    }
  });
}

/** For the queue: a refusal of Recharge waits for the next check, anything that time cures is tried again sooner. */
export async function watchWebhooks(shopId: string, signal: AbortSignal): Promise<void> {
  try {
    await checkWebhooks(shopId, signal);
  } catch (error) {
    const failure = toFailure(error);
    if (failure.code === 'job_running') return;
    if (failure.kind !== 'unauthorised' && failure.kind !== 'rejected') throw error;
    log.warn('Webhook registrations could not be checked', { shopId, failure });
  }
}

/** The last gap that was filled; null when there was none yet. */
export async function lastRecovery(shopId: string): Promise<Recovery | null> {
  return (await loadWatch(shopId)).watch?.recovered ?? null;
}

async function fill(shopId: string, missing: string[], goodAt: Date, connectedAt: Date, signal: AbortSignal): Promise<Recovery> {
  const since = new Date(Math.max(goodAt.getTime(), Date.now() - longestGapMs));
  const gap = await readGap(shopId, { since, origin: 'reconcile', notBefore: connectedAt, signal });
  return { at: new Date().toISOString(), missing, since: gap.since, accepted: eventCount(gap), events: gap.events, deliveries: gap.deliveries };
}

async function registrationIds(shopId: string, baseUrl: string): Promise<Record<string, string>> {
  const { client } = await openRecharge(shopId, 'background');
  const ours = (await client.listWebhooks()).filter((webhook) => webhook.address.startsWith(`${baseUrl}/`));
  return Object.fromEntries(ours.map((webhook) => [webhook.topic, webhook.id]));
}

/** `interrupted`: the last check began and did not come to its end, so nobody knows what was missing. */
async function loadWatch(shopId: string): Promise<{ watch: Watch | null; interrupted: boolean }> {
  const { rows } = await pool().query<{ state: string; report: Watch | null }>(`select state, report from "ScheduledRun" where "shopId" = $1 and job = $2 and slot = $3`, [shopId, job, slot]);
  const row = rows[0];
  return { watch: row?.report ?? null, interrupted: row !== undefined && row.state !== 'done' };
}

/** What was recovered stands with the connection too, beside what is known about its registrations, for the screens. */
async function noteWatch(shopId: string, state: 'running' | 'done' | 'failed', watch: Watch): Promise<void> {
  await pool().query(
    `insert into "ScheduledRun" as run ("shopId", job, slot, state, report) values ($1, $2, $3, $4, $5)
     on conflict ("shopId", job, slot) do update set state = excluded.state, report = excluded.report,
       "startedAt" = case when excluded.state = 'running' then now() else run."startedAt" end, "finishedAt" = case when excluded.state = 'running' then null else now() end`,
    [shopId, job, slot, state, watch],
  );
  if (state === 'done' && watch.recovered) {
    await pool().query(`update "Connection" set "webhooksReport" = coalesce("webhooksReport", '{}'::jsonb) || jsonb_build_object('recovered', $2::jsonb) where "shopId" = $1`, [shopId, JSON.stringify(watch.recovered)]);
  }
}
