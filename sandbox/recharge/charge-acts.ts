// What can happen to a charge: skipped, moved, processed, failed, refunded.
import { announce } from './announce.ts';
import { addQueuedCharge, isOpen, lineItemOf, moveToNextCycle, openChargeOf, requeue, setDue, touch } from './charge-queue.ts';
import { billingOf, shippingOf, totals } from './charge-wire.ts';
import { activeCount, announceActivity, announceQueue, announceRenewal, announceSubscription } from './choreography.ts';
import type { Actor } from './event-log.ts';
import { recordEvent } from './event-log.ts';
import { endSubscription } from './subscription-acts.ts';
import type { ChargeRow, Day, Store, SubscriptionRow } from './types.ts';
import { easternMidnight } from './wire.ts';
import { nextId, nowInstant } from './world.ts';
import type { World } from './world.ts';

export function subscriptionsOf(store: Store, charge: ChargeRow): SubscriptionRow[] {
  return charge.line_items.flatMap((item) => store.subscriptions.get(item.purchase_item_id) ?? []);
}

/** Skips these items. When others stay on the charge, the skipped ones go to a charge of their own. Returns the skipped charge. */
export async function skipCharge(world: World, store: Store, by: Actor, charge: ChargeRow, itemIds: number[]): Promise<ChargeRow> {
  const skippedItems = charge.line_items.filter((item) => itemIds.includes(item.purchase_item_id));
  const isWhole = skippedItems.length === charge.line_items.length;
  const skipped: ChargeRow = isWhole ? charge : store.charges.put({ ...charge, id: nextId(world, 'charge'), line_items: skippedItems, created_at: nowInstant(world) });
  skipped.status = 'skipped';
  skipped.has_uncommitted_changes = false;
  touch(world, skipped);
  const subscriptions = subscriptionsOf(store, skipped);
  for (const subscription of subscriptions) {
    moveToNextCycle(store, subscription, charge.scheduled_at);
    touch(world, subscription);
    recordEvent(world, store, by, { customer_id: charge.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'skipped' });
  }
  for (const item of skippedItems) {
    const onetime = store.onetimes.get(item.purchase_item_id);
    if (onetime !== undefined) onetime.next_charge_scheduled_at = null;
  }
  void announce(world, store, 'charge', isWhole ? 'updated' : 'created', skipped, 350);
  tellItems(world, store, subscriptions, 'skipped');
  await announceQueue(world, store, requeue(world, store, charge.address_id), { first: true });
  return skipped;
}

/** Skips a future day of these subscriptions that has no charge yet: a skipped charge stands there from now on. */
export function skipAhead(world: World, store: Store, by: Actor, addressId: number, day: Day, subscriptions: SubscriptionRow[]): ChargeRow {
  const charge = addQueuedCharge(world, store, addressId, day, subscriptions.map(lineItemOf));
  charge.status = 'skipped';
  for (const subscription of subscriptions) recordEvent(world, store, by, { customer_id: charge.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'skipped' });
  void announce(world, store, 'charge', 'created', charge, 350);
  tellItems(world, store, subscriptions, 'skipped');
  return charge;
}

/** Brings a skipped charge back to its day; merges into a queued one that is already there. Returns the charge that holds it. */
export async function unskipCharge(world: World, store: Store, by: Actor, charge: ChargeRow): Promise<ChargeRow> {
  const subscriptions = subscriptionsOf(store, charge).filter((each) => each.status === 'active');
  for (const subscription of subscriptions) {
    setDue(subscription, charge.scheduled_at);
    touch(world, subscription);
    recordEvent(world, store, by, { customer_id: charge.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'unskipped' });
  }
  const there = openChargeOf(store, charge.address_id, charge.scheduled_at);
  if (there === undefined) {
    charge.status = 'queued';
    touch(world, charge);
    void announce(world, store, 'charge', 'updated', charge, 350);
  } else {
    store.charges.delete(charge.id);
    there.merged_at = nowInstant(world);
    void announce(world, store, 'charge', 'deleted', charge, 600);
  }
  tellItems(world, store, subscriptions, 'unskipped');
  await announceQueue(world, store, requeue(world, store, charge.address_id));
  return there ?? charge;
}

/** Moves every item of a queued charge. Returns the charge that holds them then: another id, as a rule. */
export async function moveCharge(world: World, store: Store, by: Actor, charge: ChargeRow, day: Day): Promise<ChargeRow> {
  const items = [...subscriptionsOf(store, charge), ...charge.line_items.flatMap((item) => store.onetimes.get(item.purchase_item_id) ?? [])];
  for (const item of items) {
    if ('last_due_on' in item) setDue(item, day);
    else item.next_charge_scheduled_at = day;
    touch(world, item);
    recordEvent(world, store, by, { customer_id: charge.customer_id, object_id: item.id, object_type: 'subscription', verb: 'updated' });
    if ('last_due_on' in item) announceSubscription(world, store, 'updated', item);
  }
  await announceQueue(world, store, requeue(world, store, charge.address_id), { first: true });
  return openChargeOf(store, charge.address_id, day) ?? charge;
}

/**
 * A renewal: the charge succeeds, an order is placed, each item moves on a cycle.
 * No subscription/updated, as observed, although the subscriptions' updated_at moves on (one captured record shows it).
 */
export function processCharge(world: World, store: Store, charge: ChargeRow): void {
  const neighbours = store.charges.of('address', charge.address_id).filter((each) => each !== charge && each.status === 'queued' && each.scheduled_at !== charge.scheduled_at);
  settleCharge(world, store, charge);
  const subscriptions = subscriptionsOf(store, charge).filter((each) => each.status === 'active');
  const active = activeCount(store, charge.customer_id);
  for (const subscription of subscriptions) {
    subscription.charges_made += 1;
    touch(world, subscription);
    const limit = subscription.expire_after_specific_number_of_charges;
    if (limit !== null && subscription.charges_made >= limit) endSubscription(world, subscription, 'expired', null, null);
    else moveToNextCycle(store, subscription, charge.scheduled_at);
  }
  for (const item of charge.line_items) {
    const onetime = store.onetimes.get(item.purchase_item_id);
    if (onetime !== undefined) onetime.next_charge_scheduled_at = null;
  }
  if (world.switches.subscriptionUpdatedOnRenewal) {
    for (const subscription of subscriptions) announceSubscription(world, store, 'updated', subscription, 6400);
  }
  announceRenewal(world, store, charge, requeue(world, store, charge.address_id), neighbours.slice(0, 1));
  announceActivity(world, store, charge.customer_id, active, 7000);
}

/** Marks a charge paid and places its order, without telling anybody. */
export function settleCharge(world: World, store: Store, charge: ChargeRow): void {
  const at = nowInstant(world);
  charge.billing_address = billingOf(store, charge);
  charge.shipping_address = shippingOf(store, charge);
  Object.assign(charge, { status: 'success', processed_at: at, updated_at: at, retry_date: null, shipping_known: true, has_uncommitted_changes: false });
  charge.external_order_id = String(5_600_000_000_000 + charge.id);
  charge.transaction_id = String(43_000_000_000 + charge.id);
  const customer = store.customers.get(charge.customer_id);
  if (customer !== undefined) {
    customer.first_charge_processed_at ??= at;
    customer.has_payment_method_in_dunning = false;
    customer.updated_at = at;
  }
  store.orders.put({
    id: nextId(world, 'order'),
    address_id: charge.address_id,
    customer_id: charge.customer_id,
    charge_id: charge.id,
    created_at: at,
    updated_at: at,
    processed_at: at,
    scheduled_at: easternMidnight(charge.scheduled_at),
    status: 'success',
    type: charge.type,
    external_order_id: charge.external_order_id,
    order_number: store.next_order_number++,
  });
}

export function refundCharge(world: World, store: Store, charge: ChargeRow, amountCents: number): void {
  const { totalCents } = totals(charge);
  charge.refunded_cents = Math.min(totalCents, charge.refunded_cents + amountCents);
  charge.status = charge.refunded_cents >= totalCents ? 'refunded' : 'partially_refunded';
  touch(world, charge);
  void announce(world, store, 'charge', 'refunded', charge, 600);
  void announce(world, store, 'charge', 'updated', charge, 700);
}

/** The notice before a charge; X days before, once per charge id. */
export function announceUpcoming(world: World, store: Store, charge: ChargeRow): void {
  charge.upcoming_sent = true;
  void announce(world, store, 'charge', 'upcoming', charge, 0);
}

export function firstOpenCharge(store: Store, charges: Iterable<ChargeRow>): ChargeRow | undefined {
  return [...charges].filter((charge) => isOpen(charge) && store.charges.get(charge.id) === charge).sort((a, b) => (a.scheduled_at < b.scheduled_at ? -1 : 1))[0];
}

function tellItems(world: World, store: Store, subscriptions: SubscriptionRow[], event: string): void {
  for (const subscription of subscriptions) {
    announceSubscription(world, store, event, subscription);
    if (world.switches.subscriptionUpdatedOnSkip) announceSubscription(world, store, 'updated', subscription, 950);
  }
}
