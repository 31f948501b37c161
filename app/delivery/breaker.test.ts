import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure, type FailureKind } from '../errors.ts';
import { breakerRules, closedBreaker, judge, probeWaitMs, type Verdict } from './breaker.ts';

const rules = { longestProbeMs: 300_000 };
const now = new Date('2026-11-21T06:00:00Z');
const failure = (kind: FailureKind) => new Failure(kind, 'no', { code: 'test' });

function after(...kinds: (FailureKind | null)[]): Verdict {
  return kinds.reduce<Verdict>((state, kind) => judge(state.breaker, kind === null ? null : failure(kind), now, rules), { breaker: closedBreaker, stop: false, recovered: false });
}

describe('the breaker of a destination', () => {
  test('opens at the fifth failure in a row and asks again after a minute', () => {
    expect(after('transient', 'transient', 'unknown_outcome', 'transient').breaker.openUntil).toBeNull();
    expect(after('transient', 'transient', 'unknown_outcome', 'transient', 'transient').breaker.openUntil).toEqual(new Date(now.getTime() + 60_000));
  });

  test('one answer that shows the vendor is there closes it: a success, or a refusal of one item', () => {
    for (const sign of [null, 'rejected'] as const) {
      expect(after('transient', 'transient', 'transient', 'transient', 'transient', sign)).toEqual({ breaker: closedBreaker, stop: false, recovered: true });
    }
  });

  test('a refused key stops the destination at the third refusal in a row, not before', () => {
    expect(after('unauthorised', 'unauthorised').stop).toBe(false);
    expect(after('unauthorised', 'unauthorised', null, 'unauthorised', 'unauthorised').stop).toBe(false);
    expect(after('unauthorised', 'unauthorised', 'unauthorised').stop).toBe(true);
  });

  test('a bug of ours and a full quota say nothing about the vendor being away', () => {
    expect(after('bug', 'throttled', 'bug', 'throttled', 'bug', 'throttled').breaker).toEqual(closedBreaker);
  });

  test('probes grow apart, never beyond the longest wait of the schedule', () => {
    expect(breakerRules([1_000, 2_000])).toEqual({ longestProbeMs: 2_000 });
    expect(breakerRules([5_000, 86_400_000])).toEqual({ longestProbeMs: 300_000 });
    fc.assert(fc.property(fc.nat(500), (probes) => probeWaitMs(probes, rules) <= rules.longestProbeMs && probeWaitMs(probes + 1, rules) >= probeWaitMs(probes, rules)));
  });

  test('whatever came before, five failures in a row leave it open and one success leaves it closed', () => {
    const kinds = fc.constantFrom<FailureKind | null>('transient', 'throttled', 'unauthorised', 'rejected', 'unknown_outcome', 'bug', null);
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 30 }), (history) => {
        expect(after(...history, 'transient', 'transient', 'transient', 'transient', 'transient').breaker.openUntil).not.toBeNull();
        expect(after(...history, null).breaker).toEqual(closedBreaker);
      }),
    );
  });
});
