// What can happen to a subscription, with the charges and webhooks that follow.
import { realign, resumeOn } from './cadence.ts';
import { openChargeOf, requeue, setDue, touch } from './charge-queue.ts';
import { activeCount, announceActivated, announceActivity, announceCancelled, announceQueue, announceSubscription, rebuildLater, rebuildNow } from './choreography.ts';
import { toMicroInstant } from './dates.ts';
import type { Actor } from './event-log.ts';
import { recordEvent } from './event-log.ts';
import type { Day, Store, SubscriptionRow } from './types.ts';
import { nextId, nowInstant, today } from './world.ts';
import type { World } from './world.ts';

export type NewSubscription = Pick<SubscriptionRow, 'address_id' | 'external_variant_id' | 'quantity' | 'charge_interval_frequency' | 'order_interval_frequency' | 'order_interval_unit'> &
  Partial<SubscriptionRow> & { next_charge_scheduled_at: Day };

/** Adds a row without telling anybody. */
export function addSubscription(world: World, store: Store, input: NewSubscription): SubscriptionRow {
  const address = store.addresses.get(input.address_id);
  if (address === undefined) throw new Error(`no address ${input.address_id}`);
  const at = nowInstant(world);
  const product = store.products.find((each) => each.variants.some((variant) => variant.external_variant_id === input.external_variant_id));
  const variant = product?.variants.find((each) => each.external_variant_id === input.external_variant_id);
  return store.subscriptions.put({
    id: nextId(world, 'subscription'),
    customer_id: address.customer_id,
    cancellation_reason: null,
    cancellation_reason_comments: null,
    cancelled_at: null,
    created_at: at,
    expire_after_specific_number_of_charges: null,
    external_product_id: product?.external_product_id ?? null,
    is_prepaid: false,
    is_skippable: true,
    is_swappable: false,
    max_retries_reached: false,
    order_day_of_month: null,
    order_day_of_week: null,
    plan_id: product?.plan_id ?? null,
    presentment_currency: store.currency,
    price: ((variant?.cents ?? 1000) / 100).toFixed(2),
    product_title: product?.title ?? 'Product',
    properties: [],
    sku: variant?.sku ?? null,
    sku_override: false,
    status: 'active',
    updated_at: at,
    variant_title: variant?.title ?? null,
    charges_made: 0,
    ...input,
    last_due_on: input.next_charge_scheduled_at,
  });
}

export async function createSubscription(world: World, store: Store, by: Actor, input: NewSubscription): Promise<SubscriptionRow> {
  const before = store.addresses.get(input.address_id)?.customer_id ?? 0;
  const active = activeCount(store, before);
  const subscription = addSubscription(world, store, input);
  recordEvent(world, store, by, { customer_id: subscription.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'created' });
  announceSubscription(world, store, 'created', subscription);
  announceActivity(world, store, subscription.customer_id, active);
  await announceQueue(world, store, requeue(world, store, subscription.address_id), { first: true });
  return subscription;
}

/** Changes the given fields; `commit` rebuilds the queued charge before the answer. */
export async function updateSubscription(world: World, store: Store, by: Actor, subscription: SubscriptionRow, changes: Partial<SubscriptionRow>, commit = false): Promise<void> {
  const before: SubscriptionRow = { ...subscription };
  Object.assign(subscription, changes);
  if (changes.next_charge_scheduled_at) setDue(subscription, changes.next_charge_scheduled_at);
  else if (subscription.next_charge_scheduled_at !== null && (changes.order_day_of_week !== undefined || changes.order_day_of_month !== undefined)) {
    setDue(subscription, realign(subscription, subscription.next_charge_scheduled_at, today(world)));
  }
  touch(world, subscription);
  const changed = Object.keys(changes)
    .filter((key) => JSON.stringify(before[key as keyof SubscriptionRow]) !== JSON.stringify(subscription[key as keyof SubscriptionRow]))
    .map((key) => ({ attribute: key, previous_value: before[key as keyof SubscriptionRow], value: subscription[key as keyof SubscriptionRow] }));
  recordEvent(world, store, by, { customer_id: subscription.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'updated', changed });
  announceSubscription(world, store, 'updated', subscription);
  if (before.external_variant_id !== subscription.external_variant_id) announceSubscription(world, store, 'swapped', subscription, 950);
  await announceQueue(world, store, requeue(world, store, subscription.address_id), { first: true });
  const charge = openChargeOf(store, subscription.address_id, subscription.next_charge_scheduled_at);
  if (charge?.status !== 'queued' || before.next_charge_scheduled_at !== subscription.next_charge_scheduled_at) return;
  if (commit) rebuildNow(world, store, charge);
  else rebuildLater(world, store, charge);
}

/** Moves the next charge date; subscriptions of one address and day share a charge. */
export async function moveSubscription(world: World, store: Store, by: Actor, subscription: SubscriptionRow, day: Day, pause = false): Promise<void> {
  const from = subscription.next_charge_scheduled_at;
  setDue(subscription, day);
  touch(world, subscription);
  recordEvent(world, store, by, { customer_id: subscription.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'updated', changed: [{ attribute: 'next_charge_scheduled_at', previous_value: from, value: day }] });
  announceSubscription(world, store, 'updated', subscription);
  if (pause) announceSubscription(world, store, 'paused', subscription, 1050);
  await announceQueue(world, store, requeue(world, store, subscription.address_id), { first: true });
}

export async function cancelSubscription(world: World, store: Store, by: Actor, subscription: SubscriptionRow, reason: string, comments: string | null = null, sendEmail = true): Promise<void> {
  const active = activeCount(store, subscription.customer_id);
  endSubscription(world, subscription, 'cancelled', reason, comments);
  const change = requeue(world, store, subscription.address_id);
  recordEvent(world, store, by, { customer_id: subscription.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'cancelled', changed: [{ attribute: 'status', previous_value: 'active', value: 'cancelled' }] });
  announceCancelled(world, store, subscription);
  announceActivity(world, store, subscription.customer_id, active);
  if (sendEmail) mailCustomer(world, store, subscription, 'subscription_cancelled');
  await announceQueue(world, store, change);
}

/** Puts the ending fields in place without telling anybody. */
export function endSubscription(world: World, subscription: SubscriptionRow, status: 'cancelled' | 'expired', reason: string | null, comments: string | null): void {
  subscription.status = status;
  subscription.cancellation_reason = reason;
  subscription.cancellation_reason_comments = comments;
  subscription.cancelled_at = status === 'cancelled' ? toMicroInstant(world.clock.now()) : null;
  subscription.next_charge_scheduled_at = null;
  touch(world, subscription);
}

export async function activateSubscription(world: World, store: Store, by: Actor, subscription: SubscriptionRow): Promise<void> {
  const active = activeCount(store, subscription.customer_id);
  subscription.status = 'active';
  subscription.cancellation_reason = null;
  subscription.cancellation_reason_comments = null;
  subscription.cancelled_at = null;
  subscription.max_retries_reached = false;
  setDue(subscription, resumeOn(subscription, today(world)));
  touch(world, subscription);
  recordEvent(world, store, by, { customer_id: subscription.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'activated' });
  await announceQueue(world, store, requeue(world, store, subscription.address_id), { first: true });
  announceActivated(world, store, subscription);
  announceActivity(world, store, subscription.customer_id, active);
}

/** Expired: the number of charges it was made for has been reached. */
export async function expireSubscription(world: World, store: Store, subscription: SubscriptionRow): Promise<void> {
  const active = activeCount(store, subscription.customer_id);
  endSubscription(world, subscription, 'expired', null, null);
  announceSubscription(world, store, 'updated', subscription);
  announceActivity(world, store, subscription.customer_id, active);
  await announceQueue(world, store, requeue(world, store, subscription.address_id));
}

/** Removes it with its history. Of a cancelled one only subscription/deleted tells. */
export async function deleteSubscription(world: World, store: Store, by: Actor, subscription: SubscriptionRow): Promise<void> {
  const active = activeCount(store, subscription.customer_id);
  store.subscriptions.delete(subscription.id);
  recordEvent(world, store, by, { customer_id: subscription.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'deleted' });
  announceSubscription(world, store, 'deleted', subscription, 650);
  announceActivity(world, store, subscription.customer_id, active);
  await announceQueue(world, store, requeue(world, store, subscription.address_id), { deletedAfterMs: 750 });
}

export async function changeSubscriptionAddress(world: World, store: Store, by: Actor, subscription: SubscriptionRow, addressId: number, day: Day | null): Promise<void> {
  const from = subscription.address_id;
  subscription.address_id = addressId;
  store.subscriptions.put(subscription);
  if (day !== null) setDue(subscription, day);
  touch(world, subscription);
  recordEvent(world, store, by, { customer_id: subscription.customer_id, object_id: subscription.id, object_type: 'subscription', verb: 'updated', changed: [{ attribute: 'address_id', previous_value: from, value: addressId }] });
  announceSubscription(world, store, 'updated', subscription);
  await announceQueue(world, store, requeue(world, store, from));
  await announceQueue(world, store, requeue(world, store, addressId), { first: true });
}

export function mailCustomer(world: World, store: Store, about: { id: number; customer_id: number }, kind: string): void {
  world.mails.push({ at: nowInstant(world), to: store.customers.get(about.customer_id)?.email ?? '', kind, about: { shop: store.shop, id: about.id } });
}
