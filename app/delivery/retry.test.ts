import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure, type FailureKind } from '../errors.ts';
import { nextStep, type RetryRules } from './retry.ts';

const delaysMs = [5_000, 30_000, 120_000];
const rules: RetryRules = { delaysMs, idempotent: true, random: 0.5 };
const failure = (kind: FailureKind, retryAfterMs?: number) => new Failure(kind, 'it said no.', { code: 'test', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

describe('what happens after a failed attempt', () => {
  test.each([
    ['transient', 0, { step: 'retry', delayMs: 5_000, countsAsTry: true }],
    ['transient', 2, { step: 'retry', delayMs: 120_000, countsAsTry: true }],
    ['throttled', 0, { step: 'retry', delayMs: 5_000, countsAsTry: false }],
    ['unauthorised', 7, { step: 'retry', delayMs: 5_000, countsAsTry: false }],
    ['unknown_outcome', 1, { step: 'retry', delayMs: 30_000, countsAsTry: true }],
    ['bug', 1, { step: 'retry', delayMs: 30_000, countsAsTry: true }],
  ] as const)('%s after %i used tries waits as planned', (kind, tries, expected) => {
    expect(nextStep(failure(kind), tries, rules)).toEqual(expected);
  });

  test('a refusal is dead at once, with the words of who refused', () => {
    expect(nextStep(failure('rejected'), 0, rules)).toEqual({ step: 'dead', reason: 'it said no.' });
  });

  test('one more try than there are waits, then dead with the last answer', () => {
    expect(nextStep(failure('transient'), 3, rules)).toEqual({ step: 'dead', reason: 'Given up after 4 tries. The last answer: it said no.' });
  });

  test('an unknown outcome is not sent twice to a vendor that cannot recognise it', () => {
    expect(nextStep(failure('unknown_outcome'), 0, { ...rules, idempotent: false })).toMatchObject({ step: 'dead', reason: expect.stringContaining('look before you replay') });
  });

  test('a bug is tried three times and not for three days', () => {
    expect(nextStep(failure('bug'), 2, rules)).toMatchObject({ step: 'dead' });
  });

  test('what the vendor asks for is waited at least, bounded to a day; the plan is a lower bound too', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 10 ** 10 }), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 2 }), (retryAfterMs, random, tries) => {
        const step = nextStep(failure('transient', retryAfterMs), tries, { ...rules, random });
        const planned = delaysMs[tries] ?? 0;
        expect(step.step).toBe('retry');
        if (step.step !== 'retry') return;
        expect(step.delayMs).toBeGreaterThanOrEqual(Math.floor(planned * 0.8));
        expect(step.delayMs).toBeGreaterThanOrEqual(Math.min(retryAfterMs, 86_400_000));
        expect(step.delayMs).toBeLessThanOrEqual(Math.max(86_400_000, planned * 1.2));
      }),
    );
  });
});
