/**
 * Sends what is due. One request at a time goes to a destination, as many destinations at once as the worker has slots,
 * and none may hold more than its share, so that a hanging vendor or one shop's backlog slows nobody else.
 */
import { findPlugin } from '#app/destinations/registry.server.ts';
import { takeFromBudget } from '#app/budget.server.ts';
import { env } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';
import { attemptHeads } from './attempt.server.ts';
import { breakerRules, probeWaitMs } from './breaker.ts';
import { claimHeads, dueDestinations, nextDueInMs, takeProbe, type DueDestination } from './claim.server.ts';

/** Of a vendor's published limit we use this share; the rest is for the merchant's other tools. */
const shareOfLimit = 0.6;
/** Lanes taken at once for a destination that has no batches. */
const lanesWithoutBatch = 8;
/** Full batches taken at once: with a backlog the database is asked once for several requests. */
const requestsAtOnce = 4;

export type Drain = {
  /** Looks for work now. */
  wake(): void;
  /** Takes no more work and waits for what is under way. */
  stop(): Promise<void>;
};

/** Starts sending; `wake` is called when new deliveries may be there. */
export function startDrain(): Drain {
  const busy = new Map<string, Promise<void>>();
  const waitUntil = new Map<string, number>();
  let stopped = false;
  let looking = false;
  let lookAgain = false;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    try {
      do {
        lookAgain = false;
        await fillSlots();
      } while (lookAgain && !stopped);
      await setTimer();
    } catch (error) {
      log.error('Looking for due deliveries failed', { error });
      arm(1_000);
    } finally {
      looking = false;
    }
  }

  async function fillSlots(): Promise<void> {
    const slots = env().workerConcurrency;
    if (stopped || busy.size >= slots) return;
    for (const [destinationId, until] of waitUntil) if (until <= Date.now()) waitUntil.delete(destinationId);
    for (const due of await dueDestinations([...busy.keys(), ...waitUntil.keys()], slots - busy.size)) {
      if (stopped || busy.size >= slots) return;
      if (busy.has(due.destinationId)) continue;
      busy.set(due.destinationId, serve(due));
    }
  }

  async function serve(due: DueDestination): Promise<void> {
    let more = false;
    try {
      more = await sendOnce(due);
    } catch (error) {
      log.error('Sending to a destination failed', { destinationId: due.destinationId, error });
      waitUntil.set(due.destinationId, Date.now() + 1_000);
    } finally {
      busy.delete(due.destinationId);
      if (more || busy.size === 0) void look();
      else arm(50);
    }
  }

  /** Returns true when more may be waiting right now. */
  async function sendOnce(due: DueDestination): Promise<boolean> {
    const manifest = findPlugin(due.type)?.manifest;
    if (!manifest) return false;
    const probing = due.openUntil !== null;
    if (probing && !(await takeProbe(due.destinationId, probeWaitMs(1, breakerRules(env().retryDelaysMs))))) return false;
    const waitMs = await budgetWait(due, 1);
    if (waitMs > 0) {
      waitUntil.set(due.destinationId, Date.now() + waitMs);
      arm(waitMs);
      return false;
    }
    const perRequest = manifest.batch ?? 1;
    const claim = await claimHeads(due.destinationId, probing ? 1 : perRequest * (manifest.batch ? requestsAtOnce : lanesWithoutBatch));
    if (claim.heads.length === 0) return false;
    const further = Math.ceil(claim.heads.length / perRequest) - 1;
    const requests = further > 0 && (await budgetWait(due, further)) === 0 ? further + 1 : 1;
    await attemptHeads(due.destinationId, due.shopId, claim, { probing, requests });
    return true;
  }

  async function setTimer(): Promise<void> {
    if (stopped) return;
    arm(Math.min(Math.max((await nextDueInMs()) ?? 1_000, 20), 1_000));
  }

  function arm(ms: number): void {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), ms);
  }

  arm(0);
  return {
    wake: () => void look(),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.allSettled(busy.values());
    },
  };
}

/** Takes requests from the destination's own budget and from its vendor's; returns how long to wait, 0 when they may be sent. */
async function budgetWait(due: DueDestination, requests: number): Promise<number> {
  const limits = findPlugin(due.type)?.manifest.budget;
  if (!limits) return 0;
  for (const [key, perMinute] of [[`destination:${due.destinationId}`, limits.perCredentialPerMinute], [`vendor:${due.type}`, limits.perHostPerMinute]] as const) {
    const perSecond = (perMinute * shareOfLimit) / 60;
    const taken = await takeFromBudget(key, requests, { capacity: Math.max(1, perSecond * 10), refillPerSecond: perSecond });
    if (!taken.granted) return Math.max(10, taken.waitMs);
  }
  return 0;
}
