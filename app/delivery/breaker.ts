/**
 * Leaves a destination alone while it fails, asks now and then whether it is back, and stops it when its key is refused.
 * Pure: takes the breaker's record and what one request showed, returns the new record.
 */
import type { Failure } from '../errors.ts';

export type Breaker = {
  failuresInRow: number;
  refusalsInRow: number;
  /** When the present row of failures began. */
  firstFailureAt: Date | null;
  /** Nothing is sent before then; afterwards one probe is. Null while closed. */
  openUntil: Date | null;
  /** Probes sent since it opened. */
  probes: number;
};

export const closedBreaker: Breaker = { failuresInRow: 0, refusalsInRow: 0, firstFailureAt: null, openUntil: null, probes: 0 };

export type BreakerRules = {
  /** Longest wait between two probes, in ms: five minutes, and never more than the longest retry delay. */
  longestProbeMs: number;
};

export type Verdict = {
  breaker: Breaker;
  /** The merchant must act: hold everything and say so. */
  stop: boolean;
  /** It came back with this answer. */
  recovered: boolean;
};

const failuresThatOpen = 5;
const refusalsThatStop = 3;
const firstProbeMs = 60_000;

/** What one request's outcome means for the destination; `null` stands for an answer that shows it is there and lets us in. */
export function judge(before: Breaker, failure: Failure | null, now: Date, rules: BreakerRules): Verdict {
  if (failure === null || failure.kind === 'rejected') {
    return { breaker: closedBreaker, stop: false, recovered: before.openUntil !== null };
  }
  if (failure.kind === 'unauthorised') {
    const refusalsInRow = before.refusalsInRow + 1;
    return { breaker: { ...before, refusalsInRow }, stop: refusalsInRow >= refusalsThatStop, recovered: false };
  }
  if (failure.kind === 'bug' || failure.kind === 'throttled') return { breaker: before, stop: false, recovered: false };
  const failuresInRow = before.failuresInRow + 1;
  const breaker: Breaker = { ...before, failuresInRow, refusalsInRow: 0, firstFailureAt: before.firstFailureAt ?? now };
  if (failuresInRow < failuresThatOpen) return { breaker, stop: false, recovered: false };
  return { breaker: { ...breaker, openUntil: new Date(now.getTime() + probeWaitMs(before.probes, rules)) }, stop: false, recovered: false };
}

/** Waits between probes: one minute, then growing by half to the longest. */
export function probeWaitMs(probes: number, rules: BreakerRules): number {
  return Math.min(Math.round(firstProbeMs * 1.5 ** probes), rules.longestProbeMs);
}

/** The rules that follow from the retry schedule. */
export function breakerRules(delaysMs: readonly number[]): BreakerRules {
  return { longestProbeMs: Math.min(300_000, Math.max(...delaysMs)) };
}
