/** Tells what happened at Recharge since a time and was never told. Repeatable: what it told once it does not tell again. */
import { withJobLock } from './ledger.server.ts';
import { eventCount } from './page.server.ts';
import { readGap, type GapReport } from './read-gap.server.ts';

export type BackfillReport = GapReport & { accepted: number; dryRun: boolean };

/** In a dry run `accepted` and `events` are what would be told. Throws Failure of Recharge when a read breaks off; then it can be run again. */
export async function backfill(shopId: string, { since, dryRun = false, signal, waitMs = 0 }: { since: Date; dryRun?: boolean; signal?: AbortSignal; waitMs?: number }): Promise<BackfillReport> {
  return withJobLock(shopId, 'backfill', waitMs, async () => {
    const gap = await readGap(shopId, { since, origin: 'backfill', dryRun, ...(signal ? { signal } : {}) });
    return { accepted: eventCount(gap), dryRun, ...gap };
  });
}
