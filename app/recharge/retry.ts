/**
 * When a failed call to Recharge is asked again. Sources: design/reliability 4.3 (five tries, full jitter from 1 s),
 * contract of Recharge 2.1 (at least 2 s after a 429) and 2.4 (a 409 passes in about 3 s).
 */
import type { Failure } from '../errors.ts';

/** How often each kind of trouble was met so far, this time included. */
export type Troubles = { lost: number; busy: number; throttled: number };

const busyWaitsMs = [3_000, 6_000, 12_000];
const maxTries = 5;
/** Fewer for what must not be done twice; it is asked again only when surely nothing happened. */
const maxWriteTries = 3;
/** A longer wait is the business of whoever scheduled the work. */
const maxWaitMs = 60_000;

/** The wait before the next try in ms, or null for no further try. `random` gives 0 to 1. */
export function nextWaitMs(failure: Failure, repeatable: boolean, troubles: Troubles, random: () => number): number | null {
  if (failure.code === 'recharge_busy') return busyWaitsMs[troubles.busy - 1] ?? null;
  if (failure.kind === 'throttled') {
    if (troubles.throttled >= maxTries) return null;
    const waitMs = throttledWaitMs(failure, troubles.throttled, random);
    return waitMs > maxWaitMs ? null : waitMs;
  }
  if (failure.kind !== 'transient' || troubles.lost >= (repeatable ? maxTries : maxWriteTries)) return null;
  return random() * Math.min(maxWaitMs, 1_000 * 2 ** (troubles.lost - 1));
}

/** Bounds of what a vendor may ask for; design/reliability P08. */
const minAskedMs = 1_000;
const maxAskedMs = 24 * 3_600_000;

/** What Recharge asked for, else 2 s doubling, with up to a quarter more so that waiters spread. */
export function throttledWaitMs(failure: Failure, times: number, random: () => number): number {
  if (failure.retryAfterMs !== undefined) return Math.min(maxAskedMs, Math.max(minAskedMs, failure.retryAfterMs));
  return Math.min(maxWaitMs, 2_000 * 2 ** (times - 1) * (1 + random() / 4));
}

/**
 * How long background work should pause after an answer that shows the bucket above 80 %, so that it is back at 80 % then.
 * `header` is the undocumented `X-Recharge-Limit: used/capacity`; anything else counts as no news.
 */
export function slowDownMs(header: string | undefined): number {
  const [, used, capacity] = /^\s*(\d{1,6})\s*\/\s*(\d{1,6})\s*$/.exec(header ?? '') ?? [];
  if (used === undefined || capacity === undefined || Number(capacity) === 0) return 0;
  // The bucket of 40 leaks 2 a second and the one of 80 leaks 4: a twentieth of the capacity.
  const leakPerSecond = Number(capacity) / 20;
  const over = Math.min(Number(used), Number(capacity)) - 0.8 * Number(capacity);
  return over > 0 ? Math.ceil((over / leakPerSecond) * 1000) : 0;
}
