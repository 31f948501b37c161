// Failed charges: an error line per attempt, six attempts in all, then the end.
import { announce } from './announce.ts';
import { moveToNextCycle, requeue, touch } from './charge-queue.ts';
import { announceActivity, announceQueue, activeCount } from './choreography.ts';
import { subscriptionsOf } from './charge-acts.ts';
import { addDays, easternDay, easternErrorTime } from './dates.ts';
import { recordEvent } from './event-log.ts';
import { endSubscription } from './subscription-acts.ts';
import type { ChargeRow, Store } from './types.ts';
import { easternMidnight } from './wire.ts';
import { nowInstant } from './world.ts';
import type { World } from './world.ts';

export const MAX_ATTEMPTS = 6;

/** One failed attempt; the sixth ends it. Tried the next day, then every six days, as one record shows. */
export async function failCharge(world: World, store: Store, charge: ChargeRow, errorType = 'CARD_DECLINED'): Promise<void> {
  const nowMs = world.clock.now();
  charge.status = 'error';
  charge.error_type = errorType;
  charge.charge_attempts += 1;
  charge.last_charge_attempt = nowInstant(world);
  charge.error = `${charge.error ?? 'None'}\r\n [${easternErrorTime(nowMs)}] ['${errorType.toLowerCase().replaceAll('_', ' ')}']`;
  charge.retry_date = easternMidnight(addDays(easternDay(nowMs), charge.charge_attempts === 1 ? 1 : 6));
  touch(world, charge);
  const customer = store.customers.get(charge.customer_id);
  if (customer !== undefined && !customer.has_payment_method_in_dunning) {
    customer.has_payment_method_in_dunning = true;
    touch(world, customer);
    void announce(world, store, 'customer', 'updated', customer, 900);
  }
  recordEvent(world, store, 'system', { customer_id: charge.customer_id, object_id: charge.id, object_type: 'charge', verb: 'failed' });
  void announce(world, store, 'charge', 'failed', charge, 400);
  void announce(world, store, 'charge', 'updated', charge, 500);
  if (charge.charge_attempts >= MAX_ATTEMPTS) await endDunning(world, store, charge);
}

/** No more tries. The cancellation that may follow sends no subscription/cancelled. */
export async function endDunning(world: World, store: Store, charge: ChargeRow): Promise<void> {
  charge.status = 'error';
  charge.error_type = 'CLOSED_MAX_RETRIES_REACHED';
  charge.charge_attempts = Math.max(charge.charge_attempts, MAX_ATTEMPTS);
  touch(world, charge);
  const active = activeCount(store, charge.customer_id);
  for (const subscription of subscriptionsOf(store, charge)) {
    subscription.max_retries_reached = true;
    if (world.switches.afterMaxRetries === 'cancel') endSubscription(world, subscription, 'cancelled', 'Auto-cancelled - Invalid Payment Method Not Fixed', null);
    else {
      moveToNextCycle(store, subscription, charge.scheduled_at);
      touch(world, subscription);
    }
  }
  void announce(world, store, 'charge', 'max_retries_reached', charge, 600);
  announceActivity(world, store, charge.customer_id, active);
  await announceQueue(world, store, requeue(world, store, charge.address_id));
}
