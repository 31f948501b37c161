/** Reads Recharge's objects, in either spelling, into facts. Each answers null for what is no object or has no id. */
import { z } from 'zod';
import type { Address, Charge, Customer, LineItem, Onetime, Order, Subscription } from '../events/facts.ts';
import { day, external, flag, id, instant, isRecord, list, money, own, sumOfMoney, text, whole, word } from './fields.ts';
import { inPresentSpelling } from './former-spelling.ts';

export const subscriptionFacts = reader<Subscription>(
  'subscription',
  z.object({
    id,
    address_id: id,
    customer_id: id,
    status: word,
    product_title: text,
    variant_title: text,
    sku: text,
    quantity: whole,
    price: money,
    presentment_currency: word,
    external_product_id: external,
    external_variant_id: external,
    order_interval_unit: word,
    order_interval_frequency: whole,
    charge_interval_frequency: whole,
    next_charge_scheduled_at: day,
    is_prepaid: flag,
    is_skippable: flag,
    has_queued_charges: flag,
    max_retries_reached: flag,
    cancelled_at: instant,
    cancellation_reason: text,
    cancellation_reason_comments: text,
    created_at: instant,
    updated_at: instant,
  }),
);

export const customerFacts = reader<Customer>(
  'customer',
  z.object({
    id,
    email: word,
    first_name: text,
    last_name: text,
    phone: word,
    external_customer_id: external,
    subscriptions_active_count: whole,
    subscriptions_total_count: whole,
    has_valid_payment_method: flag,
    has_payment_method_in_dunning: flag,
    created_at: instant,
    updated_at: instant,
  }),
);

const lineItem = z.object({
  purchase_item_id: id,
  purchase_item_type: word,
  external_product_id: external,
  external_variant_id: external,
  title: text,
  variant_title: text,
  sku: text,
  quantity: whole,
  unit_price: money,
  total_price: money,
}) satisfies z.ZodType<LineItem>;

const lineItems = list.transform((items) => items.map((item) => lineItem.parse(item)));
/** The one place that names a charge's or order's customer; 2021-11 has no `customer_id` beside it. */
const customerId = z.unknown().optional().transform((customer) => id.parse(own(customer, 'id')));

export const chargeFacts = reader<Charge>(
  'charge',
  z
    .object({
      id,
      address_id: id,
      customer: customerId,
      customer_id: id,
      status: word,
      type: word,
      scheduled_at: day,
      processed_at: instant,
      currency: word,
      total_price: money,
      subtotal_price: money,
      total_discounts: money,
      total_tax: money,
      total_refunds: money,
      shipping_lines: z.unknown().optional(),
      external_order_id: external,
      error_type: word,
      charge_attempts: whole,
      retry_date: day,
      has_uncommitted_changes: flag,
      line_items: lineItems,
      created_at: instant,
      updated_at: instant,
    })
    .transform(({ customer, shipping_lines, ...charge }) => ({
      ...charge,
      customer_id: customer ?? charge.customer_id,
      total_shipping: Array.isArray(shipping_lines) ? sumOfMoney(shipping_lines.map((line) => own(line, 'price'))) : null,
    })),
);

export const orderFacts = reader<Order>(
  'order',
  z
    .object({
      id,
      address_id: id,
      customer: customerId,
      customer_id: id,
      charge: customerId,
      status: word,
      type: word,
      scheduled_at: instant,
      processed_at: instant,
      currency: word,
      total_price: money,
      external_order_id: external,
      external_order_number: external,
      is_prepaid: flag,
      line_items: lineItems,
      created_at: instant,
      updated_at: instant,
    })
    .transform(({ customer, charge, ...order }) => ({ ...order, customer_id: customer ?? order.customer_id, charge_id: charge })),
);

const countryCode = word.transform((code) => (code && /^[A-Za-z]{2}$/.test(code) ? code.toUpperCase() : null));

export const addressFacts = reader<Address>(
  'address',
  z.object({
    id,
    customer_id: id,
    address1: text,
    address2: text,
    city: text,
    company: text,
    country_code: countryCode,
    first_name: text,
    last_name: text,
    phone: word,
    province: text,
    zip: text,
    created_at: instant,
    updated_at: instant,
  }),
);

export const onetimeFacts = reader<Onetime>(
  'onetime',
  z.object({
    id,
    address_id: id,
    customer_id: id,
    product_title: text,
    variant_title: text,
    sku: text,
    quantity: whole,
    price: money,
    external_product_id: external,
    external_variant_id: external,
    next_charge_scheduled_at: day,
    is_cancelled: flag,
    created_at: instant,
    updated_at: instant,
  }),
);

type Unnamed<Facts> = Omit<Facts, 'id'> & { id: string | null };

function reader<Facts extends { id: string }>(resource: string, schema: z.ZodType<Unnamed<Facts>>): (raw: unknown) => Facts | null {
  return (raw) => {
    if (!isRecord(raw)) return null;
    const facts = schema.parse(inPresentSpelling(resource, raw));
    return facts.id === null ? null : (facts as unknown as Facts);
  };
}
