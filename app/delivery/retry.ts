/**
 * What happens after a failed attempt, and when a destination is left alone. Pure: the callers load, call and store.
 * Schedule and thresholds: docs/decisions/0003-retries-and-breaker.md.
 */
import { assertNever, type Failure } from '../errors.ts';

export type NextStep =
  /** Tried again; `countsAsTry` is false where the vendor or Recharge, not the delivery, is the trouble. */
  | { step: 'retry'; delayMs: number; countsAsTry: boolean }
  | { step: 'dead'; reason: string };

export type RetryRules = {
  /** Waits between tries, in ms; one more try than there are waits. */
  delaysMs: readonly number[];
  /** False when the vendor cannot recognise a repeated command. */
  idempotent: boolean;
  /** Uniform in [0, 1); drawn once for each decision. */
  random: number;
};

const retryAfterMinMs = 1_000;
const retryAfterMaxMs = 86_400_000;
const triesOfABug = 3;
const jitterShare = 0.2;

/**
 * Decides after a failed attempt. `tries` counts the tries that were used up before this one (0 at the first).
 * Never throws, writes nothing. Delays are in ms with jitter of up to a fifth either way; what the vendor asked for is a lower bound.
 */
export function nextStep(failure: Failure, tries: number, rules: RetryRules): NextStep {
  switch (failure.kind) {
    case 'transient':
      return scheduled(failure, tries, rules);
    case 'throttled':
      return { step: 'retry', delayMs: waitFor(failure, rules, Math.min(tries, 2)), countsAsTry: false };
    case 'unauthorised':
      return { step: 'retry', delayMs: waitFor(failure, rules, 0), countsAsTry: false };
    case 'unknown_outcome':
      return rules.idempotent
        ? scheduled(failure, tries, rules)
        : { step: 'dead', reason: `${failure.message} It may have arrived: look before you replay it.` };
    case 'rejected':
      return { step: 'dead', reason: failure.message };
    case 'bug':
      return tries + 1 < triesOfABug ? scheduled(failure, tries, rules) : { step: 'dead', reason: `Rechannel could not handle this: ${failure.message}` };
    default:
      return assertNever(failure.kind);
  }
}

function scheduled(failure: Failure, tries: number, rules: RetryRules): NextStep {
  if (tries >= rules.delaysMs.length) return { step: 'dead', reason: `Given up after ${tries + 1} tries. The last answer: ${failure.message}` };
  return { step: 'retry', delayMs: waitFor(failure, rules, tries), countsAsTry: true };
}

function waitFor(failure: Failure, rules: RetryRules, index: number): number {
  const planned = rules.delaysMs[Math.min(index, rules.delaysMs.length - 1)] ?? retryAfterMinMs;
  const jittered = planned * (1 - jitterShare + 2 * jitterShare * rules.random);
  if (failure.retryAfterMs === undefined) return Math.round(jittered);
  return Math.round(Math.max(jittered, Math.min(Math.max(failure.retryAfterMs, retryAfterMinMs), retryAfterMaxMs)));
}
