// What a customer will get and when: the queued charges, then the cadence carried on.
import { dueAfter } from './cadence.ts';
import type { Call } from './call.ts';
import { lineItemOf, openChargeOf } from './charge-queue.ts';
import { money } from './charge-wire.ts';
import { readInstant } from './filters.ts';
import type { AddressRow, CustomerRow, Day, LineItem, Store } from './types.ts';
import { placeWire } from './wire.ts';
import type { Wire } from './wire.ts';

interface Due {
  day: Day;
  address: AddressRow;
  item: LineItem;
  isSkippable: boolean;
  isNext: boolean;
}

/** No wrapper: `customer` and `deliveries` at the top. */
export function deliverySchedule(call: Call, customer: CustomerRow): Wire {
  const count = Math.min(Number(call.query.get('delivery_count_future') ?? 5) || 5, 100);
  const bounds = ['date_min', 'date_max'].map((name) => {
    const text = call.query.get(name);
    if (text !== null) readInstant(text, name);
    return text;
  });
  const [min, max] = bounds;
  const days = new Map<Day, Due[]>();
  for (const due of dues(call.store, customer, count)) {
    if ((min && due.day < min) || (max && due.day > max)) continue;
    days.set(due.day, [...(days.get(due.day) ?? []), due]);
  }
  const deliveries = [...days.keys()].sort().slice(0, count).map((date) => ({ date, orders: ordersOf(call.store, days.get(date) ?? []) }));
  return { customer: { id: customer.id, email: customer.email, first_name: customer.first_name, last_name: customer.last_name }, deliveries };
}

function dues(store: Store, customer: CustomerRow, count: number): Due[] {
  const found: Due[] = [];
  for (const subscription of store.subscriptions.of('customer', customer.id)) {
    const address = store.addresses.get(subscription.address_id);
    let day = subscription.status === 'active' ? subscription.next_charge_scheduled_at : null;
    if (address === undefined) continue;
    for (let number = 0; day !== null && number < count; number += 1) {
      found.push({ day, address, item: lineItemOf(subscription), isSkippable: subscription.is_skippable, isNext: number === 0 });
      day = dueAfter(subscription, day);
    }
  }
  for (const onetime of store.onetimes.of('customer', customer.id)) {
    const address = store.addresses.get(onetime.address_id);
    if (address !== undefined && !onetime.is_cancelled && onetime.next_charge_scheduled_at !== null) {
      found.push({ day: onetime.next_charge_scheduled_at, address, item: lineItemOf(onetime), isSkippable: false, isNext: true });
    }
  }
  return found;
}

function ordersOf(store: Store, dueToday: Due[]): Wire[] {
  const byAddress = new Map<number, Due[]>();
  for (const due of dueToday) byAddress.set(due.address.id, [...(byAddress.get(due.address.id) ?? []), due]);
  return [...byAddress.values()].map((items) => {
    const { address, day } = items[0] as Due;
    const charge = items.some((due) => due.isNext) ? openChargeOf(store, address.id, day) : undefined;
    const subtotal = money(items.reduce((sum, { item }) => sum + item.unit_cents * item.quantity, 0));
    const method = address.payment_method_id === null ? undefined : store.payment_methods.get(address.payment_method_id);
    return {
      id: null,
      address_id: address.id,
      charge_id: charge?.id ?? null,
      currency: store.currency,
      has_uncommitted_changes: charge?.has_uncommitted_changes ?? false,
      line_items: items.map(lineOf),
      order_subtotal: subtotal,
      payment_method: { id: method?.id ?? null, billing_address: placeWire(method?.billing_address ?? address), payment_details: method?.payment_details ?? {} },
      shipping_address: placeWire(address),
      shipping_lines: [],
      total_discounts: '0.00',
      total_duties: '0.00',
      total_price: subtotal,
      total_tax: '0.00',
    };
  });
}

function lineOf({ item, isSkippable }: Due): Wire {
  return {
    subscription_id: item.purchase_item_id,
    external_product_id: { ecommerce: item.external_product_id },
    external_variant_id: { ecommerce: item.external_variant_id },
    images: {},
    is_prepaid: false,
    is_skippable: isSkippable,
    is_skipped: false,
    original_price: money(item.unit_cents),
    plan_type: item.purchase_item_type === 'onetime' ? 'onetime' : 'subscription',
    product_title: item.title,
    properties: item.properties,
    quantity: item.quantity,
    subtotal_price: money(item.unit_cents * item.quantity),
    unit_price: money(item.unit_cents),
    variant_title: item.variant_title,
  };
}
