/**
 * The nightly re-read: what changed since the last one, at least 26 hours, and once a week all active subscriptions.
 * Finds what no webhook told, also changes that send none.
 */
import { pool } from '#app/db.server.ts';
import { loadConnection } from '#app/connections/recharge-record.server.ts';
import { Failure } from '#app/errors.ts';
import { addDays, calendarDayIn, type CalendarDay } from '#app/time.ts';
import { readActiveSubscriptions, type CompleteReport } from './active-subscriptions.server.ts';
import { lastDoneAt, noteCovered, onceForSlot, type Slotted } from './ledger.server.ts';
import { addCounts, eventCount } from './page.server.ts';
import { readGap, type GapReport } from './read-gap.server.ts';
import { dueSlots, isWeeklyDay, slotStart } from './slots.ts';

const atLeastMs = 26 * 3600_000;
/** Beyond that our own record of what was told is pruned. */
export const longestGapMs = 30 * 24 * 3600_000;

export type ReconcileReport = GapReport & {
  /** Events that were missing. */
  accepted: number;
  complete: Pick<CompleteReport, 'active' | 'gone' | 'doubt'> | null;
};

export type ReconcileOptions = { signal?: AbortSignal; /** Also reads all active subscriptions, whatever the day. */ complete?: boolean; waitMs?: number };

/** Does one slot's work once. The slot is a UTC day; anything else names a run of its own, by hand. Throws Failure of Recharge. */
export async function reconcile(shopId: string, slot: string, { signal = new AbortController().signal, complete, waitMs = 0 }: ReconcileOptions = {}): Promise<Slotted<ReconcileReport>> {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(slot);
  const last = await lastDoneAt(shopId, 'reconcile');
  const done = await onceForSlot(shopId, 'reconcile', slot, () => run(shopId, isDay ? slot : null, last, complete, signal), waitMs);
  if (done.ran && isDay) {
    const missed = (await dueOf(shopId)).filter((due) => due < slot);
    await noteCovered(shopId, 'reconcile', missed, slot);
  }
  return done;
}

async function run(shopId: string, day: CalendarDay | null, last: Date | null, complete: boolean | undefined, signal: AbortSignal): Promise<ReconcileReport> {
  const connection = await loadConnection(shopId);
  if (!connection) throw new Failure('unauthorised', 'This shop is not connected to Recharge.', { code: 'recharge_not_connected', system: 'Recharge' });
  const now = Date.now();
  const asked = day ? slotStart(shopId, day).getTime() - atLeastMs : now;
  const since = new Date(Math.max(Math.min(now - atLeastMs, last?.getTime() ?? now, asked), now - longestGapMs));
  const gap = await readGap(shopId, { since, origin: 'reconcile', notBefore: connection.createdAt, signal });
  const whole = complete ?? isWeeklyDay(shopId, day ?? calendarDayIn('utc', new Date())) ? await readActiveSubscriptions(shopId, { since: new Date(gap.since) }, signal) : null;
  const counts = whole ? addCounts(gap, whole) : gap;
  return { accepted: eventCount(counts), ...gap, ...counts, complete: whole && { active: whole.active, gone: whole.gone, doubt: whole.doubt } };
}

/** The slots of a shop that are due now, newest first. */
export async function dueOf(shopId: string, now: Date = new Date()): Promise<CalendarDay[]> {
  return (await dueReconciles(now, shopId)).find((due) => due.shopId === shopId)?.slots ?? [];
}

/** Connected shops with slots that are due; each shop's slots newest first. */
export async function dueReconciles(now: Date = new Date(), shopId: string | null = null): Promise<{ shopId: string; slots: CalendarDay[] }[]> {
  const { rows } = await pool().query<{ shopId: string; connectedAt: Date; done: string[] }>(
    `select c."shopId", c."createdAt" as "connectedAt", array(select slot from "ScheduledRun" r where r."shopId" = c."shopId" and r.job = 'reconcile' and r.state = 'done' and r.slot >= $1) as done
     from "Connection" c join "Shop" s on s.id = c."shopId" where c.status = 'active' and s."uninstalledAt" is null and ($2::bigint is null or c."shopId" = $2) order by c."shopId"`,
    [addDays(calendarDayIn('utc', now), -8), shopId],
  );
  return rows.map((row) => ({ shopId: row.shopId, slots: dueSlots(row.shopId, now, row.connectedAt, new Set(row.done)) })).filter(({ slots }) => slots.length > 0);
}
