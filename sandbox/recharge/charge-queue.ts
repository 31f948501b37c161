// The rule behind queued charges: one per address and day, listing every item due there then.
import { dueAfter } from './cadence.ts';
import { nextId, nowInstant } from './world.ts';
import type { World } from './world.ts';
import type { ChargeRow, Day, LineItem, OnetimeRow, Store, SubscriptionRow } from './types.ts';

export interface QueueChange {
  created: ChargeRow[];
  updated: ChargeRow[];
  deleted: ChargeRow[];
}

/** Makes the queued charges of an address fit the items due there. Ids change: emptied charges go, new days get new charges. */
export function requeue(world: World, store: Store, addressId: number): QueueChange {
  const change: QueueChange = { created: [], updated: [], deleted: [] };
  const wanted = itemsByDay(store, addressId);
  for (const charge of store.charges.of('address', addressId)) {
    if (!isOpen(charge)) continue;
    const items = wanted.get(charge.scheduled_at);
    wanted.delete(charge.scheduled_at);
    const kept = [...(items ?? []), ...charge.line_items.filter((item) => item.purchase_item_type === 'free_gift')];
    if (items === undefined) {
      store.charges.delete(charge.id);
      change.deleted.push(charge);
    } else if (sameItems(charge.line_items, kept)) {
      continue;
    } else {
      charge.line_items = kept;
      touch(world, charge);
      change.updated.push(charge);
    }
  }
  for (const [day, items] of wanted) change.created.push(addQueuedCharge(world, store, addressId, day, items));
  return change;
}

/** Takes the present quantities, prices and properties of its items into a charge. */
export function rebuild(world: World, store: Store, charge: ChargeRow): void {
  const items = itemsByDay(store, charge.address_id).get(charge.scheduled_at);
  if (items !== undefined && charge.status === 'queued') charge.line_items = [...items, ...charge.line_items.filter((item) => item.purchase_item_type === 'free_gift')];
  touch(world, charge);
}

/** Queued, or failed and still to be tried again. */
export function isOpen(charge: ChargeRow): boolean {
  return charge.status === 'queued' || charge.status === 'pending' || (charge.status === 'error' && charge.error_type !== 'CLOSED_MAX_RETRIES_REACHED');
}

export function openChargeOf(store: Store, addressId: number, day: Day | null): ChargeRow | undefined {
  return day === null ? undefined : store.charges.of('address', addressId).find((charge) => charge.scheduled_at === day && isOpen(charge));
}

/** Moves a subscription one cycle on from this day, over days that were skipped in advance. */
export function moveToNextCycle(store: Store, subscription: SubscriptionRow, from: Day): void {
  const skipped = store.charges
    .of('address', subscription.address_id)
    .filter((charge) => charge.status === 'skipped' && charge.line_items.some((item) => item.purchase_item_id === subscription.id))
    .map((charge) => charge.scheduled_at);
  let day = dueAfter(subscription, from);
  while (skipped.includes(day)) day = dueAfter(subscription, day);
  setDue(subscription, day);
}

export function setDue(subscription: SubscriptionRow, day: Day): void {
  subscription.next_charge_scheduled_at = day;
  subscription.last_due_on = day;
}

export function touch(world: World, row: { updated_at: string }): void {
  row.updated_at = nowInstant(world);
}

export function lineItemOf(item: SubscriptionRow | OnetimeRow): LineItem {
  return {
    purchase_item_id: item.id,
    purchase_item_type: 'order_interval_unit' in item ? 'subscription' : 'onetime',
    external_product_id: item.external_product_id,
    external_variant_id: item.external_variant_id,
    properties: structuredClone(item.properties),
    quantity: item.quantity,
    sku: item.sku,
    title: item.product_title,
    variant_title: item.variant_title,
    unit_cents: Math.round(Number(item.price) * 100),
  };
}

function itemsByDay(store: Store, addressId: number): Map<Day, LineItem[]> {
  const days = new Map<Day, LineItem[]>();
  const add = (item: SubscriptionRow | OnetimeRow): void => {
    const day = item.next_charge_scheduled_at;
    if (day !== null) days.set(day, [...(days.get(day) ?? []), lineItemOf(item)]);
  };
  for (const subscription of store.subscriptions.of('address', addressId)) if (subscription.status === 'active') add(subscription);
  for (const onetime of store.onetimes.of('address', addressId)) if (!onetime.is_cancelled) add(onetime);
  return days;
}

function sameItems(a: LineItem[], b: LineItem[]): boolean {
  const ids = (items: LineItem[]): string => items.map((item) => item.purchase_item_id).sort((one, other) => one - other).join();
  return ids(a) === ids(b);
}

export function addQueuedCharge(world: World, store: Store, addressId: number, day: Day, items: LineItem[]): ChargeRow {
  const address = store.addresses.get(addressId);
  if (address === undefined) throw new Error(`no address ${addressId}`);
  const at = nowInstant(world);
  return store.charges.put({
    id: nextId(world, 'charge'),
    address_id: addressId,
    customer_id: address.customer_id,
    status: 'queued',
    type: 'recurring',
    scheduled_at: day,
    created_at: at,
    updated_at: at,
    processed_at: null,
    line_items: items,
    discounts: structuredClone(address.discounts),
    has_uncommitted_changes: false,
    shipping_known: false,
    external_order_id: null,
    transaction_id: null,
    error: null,
    error_type: null,
    charge_attempts: 0,
    last_charge_attempt: null,
    retry_date: null,
    merged_at: null,
    note: null,
    refunded_cents: 0,
    upcoming_sent: false,
    billing_address: null,
    shipping_address: null,
  });
}
