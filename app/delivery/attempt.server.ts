/**
 * One try of a batch of heads at one destination: map what was not mapped yet, send, decide, record.
 * What is sent is frozen at the first try and sent unchanged ever after.
 */
import { openDestination } from '#app/connections/destinations.server.ts';
import { resolveCustomers, stillAsking } from '#app/connections/customer-contexts.server.ts';
import type { CustomerContext, Mapped, SendResult } from '#app/destinations/contract.ts';
import { blockBudget } from '#app/budget.server.ts';
import { env } from '#app/env.server.ts';
import { Failure, toFailure } from '#app/errors.ts';
import { log } from '#app/log.server.ts';
import { open } from '#app/secrets.server.ts';
import { countAttempt } from './metrics.server.ts';
import { breakerRules } from './breaker.ts';
import { leaseMarginMs, type Claim, type Head } from './claim.server.ts';
import { giveBack, recordOutcomes, type Outcome } from './record.server.ts';
import { nextStep } from './retry.ts';

/** How soon a delivery looks again whose customer Recharge is being asked about. */
const stillAskingMs = 1_000;

type Opened = Awaited<ReturnType<typeof openDestination>>;
type Ready = { head: Head; commands: unknown[]; newlyMapped: boolean };

/**
 * Tries the heads of a claim with at most `requests` requests and gives the rest back. `probing` asks a destination behind its
 * breaker and uses up no try. Throws only when the database is away.
 */
export async function attemptHeads(destinationId: string, shopId: string, claim: Claim, { probing, requests: mostRequests }: { probing: boolean; requests: number }): Promise<void> {
  let destination: Opened;
  try {
    destination = await openDestination(destinationId);
  } catch (error) {
    if (!(error instanceof Failure)) return untouchedAfter(error, claim);
    await whileLeased(claim, () => recordOutcomes(shopId, claim.leaseToken, claim.heads.map((head) => failed(head, error, null, null, true, false)), null));
    return;
  }
  let mapped: Awaited<ReturnType<typeof mapHeads>>;
  try {
    mapped = await mapHeads(destination, shopId, claim.heads);
  } catch (error) {
    return untouchedAfter(error, claim);
  }
  const { ready, outcomes } = mapped;
  // A process that was stopped for a while must not send on a lease that may have passed to another.
  if (performance.now() > claim.sendBefore) {
    await giveBack(claim.leaseToken, claim.heads.map((head) => head.laneId));
    return;
  }
  const requests: (Failure | null)[] = [];
  for (const batch of batches(ready, destination.plugin.manifest.batch ?? 1)) {
    const startedAt = new Date();
    const started = performance.now();
    if (requests.length === mostRequests || performance.now() > claim.sendBefore) break;
    const results = await sendBatch(destination, batch);
    const durationMs = performance.now() - started;
    const verdict = verdictOf(results);
    requests.push(verdict);
    outcomes.push(...batch.map((item, index) => outcomeOf(item, results[index] ?? missingResult(), startedAt, durationMs, destination, probing)));
    if (verdict?.kind === 'throttled') await blockBudget(`destination:${destinationId}`, verdict.retryAfterMs ?? env().retryDelaysMs[0] ?? 1_000);
    // What one request shows of the destination holds for the next one too.
    if (verdict !== null) break;
  }
  const done = new Set(outcomes.map((outcome) => outcome.head.deliveryId));
  const untouched = claim.heads.filter((head) => !done.has(head.deliveryId));
  const news = { destinationId, shopId, requests, rules: breakerRules(env().retryDelaysMs) };
  const { recorded, stopped, recovered } = await whileLeased(claim, () => recordOutcomes(shopId, claim.leaseToken, outcomes, news));
  if (untouched.length > 0) await giveBack(claim.leaseToken, untouched.map((head) => head.laneId));
  report(destination, shopId, destinationId, outcomes, new Set(recorded));
  if (stopped) log.warn('Destination stopped: its key is refused; deliveries are held', { shopId, destinationId, destination: destination.plugin.manifest.type });
  if (recovered) log.info('Destination is back', { shopId, destinationId, destination: destination.plugin.manifest.type });
}

/** Nothing was sent: the lanes go back as soon as the database is there, and the trouble on to the caller. */
async function untouchedAfter(trouble: unknown, claim: Claim): Promise<never> {
  await whileLeased(claim, () => giveBack(claim.leaseToken, claim.heads.map((head) => head.laneId)));
  throw trouble;
}

/**
 * Writes again while the database is away and the lanes are ours: what was sent is then neither sent twice nor left lying
 * until its lease runs out. Writing is fenced by the lease, so that a write whose answer was lost does nothing the second time.
 */
async function whileLeased<Result>(claim: Claim, write: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const refusedForGood = /^(22|23|42)/.test(String((error as { code?: unknown }).code));
      if (refusedForGood || performance.now() > claim.sendBefore + leaseMarginMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

async function mapHeads(destination: Opened, shopId: string, heads: readonly Head[]): Promise<{ ready: Ready[]; outcomes: Outcome[] }> {
  const { plugin, settings } = destination;
  const ready: Ready[] = [];
  const outcomes: Outcome[] = [];
  const unmapped: Head[] = [];
  for (const head of heads) {
    if (!head.commandsSealed) {
      unmapped.push(head);
      continue;
    }
    try {
      ready.push({ head, commands: JSON.parse(open(head.commandsSealed, { shopId, table: 'Delivery', column: 'commands' })) as unknown[], newlyMapped: false });
    } catch (error) {
      // Of this delivery alone: thrown on, it would take the whole claim with it, again at every look.
      outcomes.push(failed(head, toFailure(error), null, null, plugin.manifest.idempotent, true));
    }
  }
  const contexts = await resolveCustomers(shopId, unmapped.map((head) => ({ rechargeCustomerId: head.event.rechargeCustomerId, needs: plugin.needs(head.event, settings) })));
  for (const [index, head] of unmapped.entries()) {
    const context = contexts[index];
    if (!context || context instanceof Failure) {
      // Not the destination's fault, and not the delivery's: it waits without using up tries.
      const failure = context ?? new Failure('bug', 'The customer could not be looked up', { code: 'customer_not_resolved' });
      outcomes.push(
        failure.code === stillAsking
          ? { head, attempt: null, state: 'pending', reason: failure.message, delayMs: stillAskingMs, tries: head.tries, commands: null }
          : failed(head, failure, null, null, plugin.manifest.idempotent, failure.kind === 'rejected'),
      );
      continue;
    }
    const mapped = mapOne(destination, head, context);
    if (mapped instanceof Failure) outcomes.push(failed(head, mapped, null, null, plugin.manifest.idempotent, true));
    else if ('skip' in mapped) outcomes.push({ head, attempt: null, state: 'skipped', reason: mapped.skip, delayMs: 0, tries: head.tries, commands: null });
    else ready.push({ head, commands: mapped.commands, newlyMapped: true });
  }
  return { ready, outcomes };
}

function mapOne(destination: Opened, head: Head, context: CustomerContext): Mapped<unknown> | Failure {
  try {
    return destination.plugin.map(head.event, destination.settings, context);
  } catch (error) {
    return toFailure(error);
  }
}

/** Cuts into requests of at most `limit` commands; a delivery is never split. */
function* batches(ready: readonly Ready[], limit: number): Generator<Ready[]> {
  let batch: Ready[] = [];
  let size = 0;
  for (const item of ready) {
    if (batch.length > 0 && size + item.commands.length > limit) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(item);
    size += item.commands.length;
  }
  if (batch.length > 0) yield batch;
}

async function sendBatch(destination: Opened, batch: readonly Ready[]): Promise<SendResult[]> {
  try {
    return await destination.connected.send(batch.map((item) => ({ key: item.head.deliveryId, commands: item.commands })));
  } catch (error) {
    const failure = toFailure(error);
    return batch.map(() => ({ ok: false, failure, answer: failure.vendorAnswer ?? '' }));
  }
}

/** What a request's results say about the destination itself: one good or refused item shows that it is there. */
function verdictOf(results: readonly SendResult[]): Failure | null {
  for (const result of results) if (result.ok || result.failure.kind === 'rejected') return null;
  const first = results[0];
  return first && !first.ok ? first.failure : null;
}

function outcomeOf(item: Ready, result: SendResult, at: Date, durationMs: number, destination: Opened, probing: boolean): Outcome {
  const { head } = item;
  const commands = item.newlyMapped ? JSON.stringify(item.commands) : null;
  if (result.ok) {
    return { head, attempt: { at, durationMs, outcome: 'delivered', code: null, status: result.status, vendorAnswer: result.answer }, state: 'delivered', reason: null, delayMs: 0, tries: head.tries + 1, commands: null };
  }
  const { failure } = result;
  const attempt = { at, durationMs, outcome: failure.kind, code: failure.code, status: failure.status ?? null, vendorAnswer: result.answer || failure.message };
  return failed(head, failure, attempt, commands, destination.plugin.manifest.idempotent, !probing || failure.kind === 'rejected');
}

/** With `mayUseTries` false the trouble lies elsewhere (Recharge, a destination known to be down): the delivery waits and loses nothing. */
function failed(head: Head, failure: Failure, attempt: Outcome['attempt'], commands: string | null, idempotent: boolean, mayUseTries: boolean): Outcome {
  const { retryDelaysMs } = env();
  const tries = mayUseTries ? head.tries : Math.min(head.attemptCount, waitingSteps, retryDelaysMs.length - 1);
  const step = nextStep(failure, tries, { delaysMs: retryDelaysMs, idempotent, random: Math.random() });
  const tried = attempt ?? { at: new Date(), durationMs: 0, outcome: failure.kind, code: failure.code, status: failure.status ?? null, vendorAnswer: failure.vendorAnswer ?? failure.message };
  if (step.step === 'dead' && mayUseTries) return { head, attempt: tried, state: 'dead', reason: step.reason, delayMs: 0, tries: head.tries + 1, commands };
  const delayMs = step.step === 'retry' ? step.delayMs : (retryDelaysMs[waitingSteps] ?? 0);
  const usesTry = mayUseTries && step.step === 'retry' && step.countsAsTry;
  return { head, attempt: tried, state: 'pending', reason: failure.message, delayMs, tries: head.tries + (usesTry ? 1 : 0), commands };
}

/** A delivery that waits for something else goes no further up the schedule than this step (10 minutes). */
const waitingSteps = 3;

function missingResult(): SendResult {
  return { ok: false, failure: new Failure('unknown_outcome', 'The answer did not say what became of this item', { code: 'no_result_for_item' }), answer: '' };
}

function report(destination: Opened, shopId: string, destinationId: string, outcomes: readonly Outcome[], recorded: ReadonlySet<string>): void {
  for (const { head, attempt, state, reason } of outcomes) {
    if (!recorded.has(head.deliveryId)) continue;
    const outcome = attempt?.outcome ?? state;
    countAttempt(destination.plugin.manifest.type, outcome, attempt?.durationMs ?? 0, state === 'delivered' ? Date.now() - head.createdAt.getTime() : null);
    log[state === 'dead' ? 'warn' : 'info']('Delivery attempt', {
      shopId, destinationId, destination: destination.plugin.manifest.type, deliveryId: head.deliveryId, eventId: head.eventId, eventType: head.event.type,
      attempt: head.attemptCount + 1, outcome, status: attempt?.status ?? null, durationMs: Math.round(attempt?.durationMs ?? 0), next: state, reason,
    });
  }
}
