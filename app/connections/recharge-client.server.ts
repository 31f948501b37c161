/** A Recharge client for a token, behind the token's bucket, which all processes share. */
import { setTimeout as pause } from 'node:timers/promises';
import { blockBudget, takeFromBudget } from '#app/budget.server.ts';
import { env } from '#app/env.server.ts';
import { Failure } from '#app/errors.ts';
import { createRechargeClient, type Priority, type RechargeBudget, type RechargeClient } from '#app/recharge/client.server.ts';
import { fingerprint } from '#app/secrets.server.ts';

/**
 * Recharge allows 40 requests and 2 more a second (contract 2.1, read November 2026). Background work leaves a quarter of the
 * bucket to people who wait, and nobody uses the last half request a second, because other tools may use the same token.
 */
const bucket = { capacity: 40, refillPerSecond: 1.5 };
const reserveForPeople = 10;

/** Forty registrations at the pace that Recharge allows take half a minute when the bucket is empty. */
const registrationLimitMs = 120_000;

/** A client for any token; calls of both priorities draw from one bucket. */
export function rechargeClient(apiToken: string, priority: Priority): RechargeClient {
  return createRechargeClient({ baseUrl: env().rechargeApiUrl, apiToken, priority, budget: budgetOf(apiToken, priority === 'interactive' ? 0 : reserveForPeople) });
}

/**
 * A client for registering and deleting webhooks: dozens of calls in a row, more than a call of a person may wait for,
 * but not behind background work, since events are missed until they are through.
 */
export function registrationClient(apiToken: string): RechargeClient {
  return createRechargeClient({ baseUrl: env().rechargeApiUrl, apiToken, priority: 'background', budget: budgetOf(apiToken, 0) }).withDeadline(registrationLimitMs);
}

function budgetOf(apiToken: string, reserve: number): RechargeBudget {
  const key = `recharge:${fingerprint(apiToken)}`;
  return {
    async take(_, giveUpAfterMs = Infinity) {
      const end = performance.now() + giveUpAfterMs;
      for (;;) {
        const taken = await takeFromBudget(key, 1, { ...bucket, reserve });
        if (taken.granted) return;
        if (performance.now() + taken.waitMs > end) {
          throw new Failure('throttled', 'Recharge allows only so many requests; this one would have waited too long.', { code: 'recharge_budget_empty', system: 'Recharge', retryAfterMs: taken.waitMs });
        }
        // Jitter, so that those who wait do not all come back in the same millisecond.
        await pause(taken.waitMs + Math.random() * 50);
      }
    },
    penalise: (forMs) => blockBudget(key, forMs),
  };
}
