/** One real-looking event of each type: for previews, tests and the documentation. All people in it are invented. */
import {
  addressEventTypes, chargeEventTypes, customerEventTypes, derivedEventTypes, eventVersion, onetimeEventTypes, orderEventTypes, storeEventTypes, subscriptionEventTypes,
  type ChargeEvent, type CustomerEvent, type DomainEvent, type EventType, type OnetimeEvent, type OrderEvent, type SubscriptionEvent, type AddressEvent, type StoreEvent,
} from './event.ts';
import type { Address, Charge, Customer, LineItem, Onetime, Order, Subscription } from './facts.ts';

const happenedAt = '2026-11-20T10:00:00.000Z';
const customerId = '70000001';

export const sampleSubscription: Subscription = {
  id: '50000001', address_id: '80000001', customer_id: customerId, status: 'active', product_title: 'Coffee beans 1 kg', variant_title: 'Whole bean', sku: 'COF-1',
  quantity: 2, price: '18.50', presentment_currency: 'EUR', external_product_id: '7000000000001', external_variant_id: '41000000000001',
  order_interval_unit: 'day', order_interval_frequency: 30, charge_interval_frequency: 30, next_charge_scheduled_at: '2026-12-01', is_prepaid: false, is_skippable: true,
  has_queued_charges: true, max_retries_reached: false, cancelled_at: null, cancellation_reason: null, cancellation_reason_comments: null,
  created_at: '2026-03-02T10:11:13.000Z', updated_at: happenedAt,
};

const sampleItem: LineItem = {
  purchase_item_id: '50000001', purchase_item_type: 'subscription', external_product_id: '7000000000001', external_variant_id: '41000000000001',
  title: 'Coffee beans 1 kg', variant_title: 'Whole bean', sku: 'COF-1', quantity: 2, unit_price: '18.50', total_price: '37.00',
};

export const sampleCharge: Charge = {
  id: '90000009', address_id: '80000001', customer_id: customerId, status: 'queued', type: 'recurring', scheduled_at: '2026-12-01', processed_at: null, currency: 'EUR',
  total_price: '41.90', subtotal_price: '37.00', total_discounts: '0.00', total_tax: '0.00', total_refunds: '0.00', total_shipping: '4.90', external_order_id: null,
  error_type: null, charge_attempts: null, retry_date: null, has_uncommitted_changes: false, line_items: [sampleItem], created_at: '2026-11-01T04:08:21.000Z', updated_at: happenedAt,
};

const sampleOrder: Order = {
  id: '30000001', address_id: '80000001', customer_id: customerId, charge_id: '90000008', status: 'success', type: 'recurring', scheduled_at: '2026-11-20T05:00:00.000Z',
  processed_at: happenedAt, currency: 'EUR', total_price: '41.90', external_order_id: '5600000000001', external_order_number: '1016', is_prepaid: false, line_items: [sampleItem],
  created_at: happenedAt, updated_at: happenedAt,
};

const sampleCustomer: Customer = {
  id: customerId, email: 'ana.muster@example.com', first_name: 'Ana', last_name: 'Muster', phone: null, external_customer_id: '6100000000001', subscriptions_active_count: 1,
  subscriptions_total_count: 2, has_valid_payment_method: true, has_payment_method_in_dunning: false, created_at: '2026-03-02T10:11:12.000Z', updated_at: happenedAt,
};

const sampleAddress: Address = {
  id: '80000001', customer_id: customerId, address1: 'Musterweg 1', address2: null, city: 'Berlin', company: null, country_code: 'DE', first_name: 'Ana', last_name: 'Muster',
  phone: null, province: 'Berlin', zip: '10115', created_at: '2026-03-02T10:11:12.000Z', updated_at: happenedAt,
};

const sampleOnetime: Onetime = {
  id: '60000001', address_id: '80000001', customer_id: customerId, product_title: 'Coffee mug', variant_title: 'Blue', sku: 'MUG-1', quantity: 1, price: '12.00',
  external_product_id: '7000000000002', external_variant_id: '41000000000002', next_charge_scheduled_at: '2026-12-01', is_cancelled: false, created_at: happenedAt, updated_at: happenedAt,
};

const chargeChanges: Partial<Record<ChargeEvent['type'], Partial<Charge>>> = {
  'charge.paid': { status: 'success', processed_at: happenedAt, external_order_id: '5600000000001' },
  'charge.failed': { status: 'error', error_type: 'CARD_DECLINED', charge_attempts: 1, retry_date: '2026-11-26' },
  'charge.max_retries_reached': { status: 'error', error_type: 'CLOSED_MAX_RETRIES_REACHED', charge_attempts: 8 },
  'charge.refunded': { status: 'refunded', processed_at: happenedAt, total_refunds: '41.90' },
};

const subscriptionChanges: Partial<Record<SubscriptionEvent['type'], Partial<Subscription>>> = {
  'subscription.cancelled': { status: 'cancelled', cancelled_at: happenedAt, cancellation_reason: 'Too much product', next_charge_scheduled_at: null, has_queued_charges: false },
  'subscription.deleted': { status: 'cancelled', cancelled_at: happenedAt, next_charge_scheduled_at: null, has_queued_charges: false },
  'subscription.expired': { status: 'expired', next_charge_scheduled_at: null, has_queued_charges: false },
};

/** A sample of the given type; the same one every time. */
export function sampleEvent(type: EventType): DomainEvent {
  const head = (objectId: string) => ({
    version: eventVersion, key: `${type}:${objectId}:${Date.parse(happenedAt) / 1000}`, occurredAt: happenedAt, origin: 'test', rechargeCustomerId: customerId, objectId,
  }) as const;
  if (isOneOf(subscriptionEventTypes, type)) return { ...head(sampleSubscription.id), type, data: { subscription: { ...sampleSubscription, ...subscriptionChanges[type] } } } satisfies SubscriptionEvent;
  if (isOneOf(chargeEventTypes, type)) return { ...head(sampleCharge.id), type, data: { charge: { ...sampleCharge, ...chargeChanges[type] } } } satisfies ChargeEvent;
  if (isOneOf(orderEventTypes, type)) return { ...head(sampleOrder.id), type, data: { order: sampleOrder } } satisfies OrderEvent;
  if (isOneOf(customerEventTypes, type)) return { ...head(customerId), type, data: { customer: sampleCustomer } } satisfies CustomerEvent;
  if (isOneOf(addressEventTypes, type)) return { ...head(sampleAddress.id), type, data: { address: sampleAddress } } satisfies AddressEvent;
  if (isOneOf(onetimeEventTypes, type)) return { ...head(sampleOnetime.id), type, data: { onetime: sampleOnetime } } satisfies OnetimeEvent;
  if (isOneOf(storeEventTypes, type)) return { ...head('store'), type, rechargeCustomerId: null, data: {} } satisfies StoreEvent;
  if (isOneOf(derivedEventTypes, type)) return { ...head(customerId), type, data: {} };
  throw new Error(`No sample for ${String(type)}`);
}

function isOneOf<const Words extends readonly string[]>(words: Words, word: string): word is Words[number] {
  return words.includes(word);
}
