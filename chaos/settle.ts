/** Waits after the load until everything acknowledged has arrived, and measures how long things took. */
import type { Entry } from './history.ts';
import { leftovers, type Leftovers } from './stage.ts';

/** Resolves once nothing is left to do, or after the limit, with what the database still holds. It may be away for a while. */
export async function settled(limitMs: number): Promise<Leftovers> {
  const limit = performance.now() + limitMs;
  let left: Leftovers = { unread: -1, pending: -1, dead: -1, quarantined: -1, stuckLanes: -1 };
  for (;;) {
    left = await leftovers().catch(() => left);
    if ((left.unread === 0 && left.pending === 0) || performance.now() > limit) return left;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export type Spread = { count: number; p50: number; p95: number; p99: number; max: number };

/** Times of the tries that were answered 200. */
export function acknowledgeMs(entries: readonly Entry[]): Spread {
  return spread(entries.flatMap((entry) => (entry.kind === 'answered' && entry.status === 200 ? [entry.ms] : [])));
}

/** From the first 200 (or, where it arrived sooner, from then) to the first arrival, for events of `shop` sent from `since` ms on. */
export function arriveMs(entries: readonly Entry[], shop?: string, [since, until] = [0, Infinity]): Spread {
  const wanted = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  const delays: number[] = [];
  for (const entry of entries) {
    if (entry.kind === 'sent' && (shop === undefined || entry.shop === shop) && entry.at >= since && entry.at < until) wanted.set(entry.event, entry.at);
    else if (entry.kind === 'answered' && entry.status === 200 && wanted.has(entry.event) && !acknowledged.has(entry.event)) acknowledged.set(entry.event, entry.at);
    else if (entry.kind === 'arrived' && wanted.has(entry.event)) {
      delays.push(Math.max(0, entry.at - (acknowledged.get(entry.event) ?? entry.at)));
      wanted.delete(entry.event);
    }
  }
  return spread(delays);
}

/** Tries by answer: `200`, `503`, `timeout`, `ECONNRESET`. */
export function answers(entries: readonly Entry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const entry of entries) {
    if (entry.kind !== 'answered') continue;
    const word = entry.status === null ? (entry.why ?? 'none') : String(entry.status);
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
