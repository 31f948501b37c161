/**
 * Respells an object of API version 2021-01 as 2021-11 writes it, so that one set of schemas reads both. We always ask for
 * 2021-11, but a registration made by other means, or by a store whose default is 2021-01, sends the former spelling.
 * Source: contract of Recharge section 9.
 */
import { DateTime } from 'luxon';
import { rechargeZone } from '../time.ts';
import { isRecord, own, type Raw } from './fields.ts';

const renamed: Record<string, string> = {
  shopify_customer_id: 'external_customer_id',
  shopify_product_id: 'external_product_id',
  shopify_variant_id: 'external_variant_id',
  shopify_order_id: 'external_order_id',
  shopify_order_number: 'external_order_number',
  number_active_subscriptions: 'subscriptions_active_count',
  number_subscriptions: 'subscriptions_total_count',
  has_card_error_in_dunning: 'has_payment_method_in_dunning',
};

/** Keys that only 2021-01 has. */
const marks = [...Object.keys(renamed), 'charge_status', 'cart_note', 'cart_attributes', 'note_attributes', 'original_shipping_lines', 'customer_hash'];

/** Fields that are instants; calendar days keep their text. */
const instants = ['created_at', 'updated_at', 'cancelled_at', 'processed_at', 'first_charge_processed_at'];

/** The object in 2021-11's spelling: itself, unless something in it shows that it is a 2021-01 one. */
export function inPresentSpelling(resource: string, raw: Raw): Raw {
  if (!isFormer(raw)) return raw;
  const present: Raw = { ...raw };
  for (const [former, name] of Object.entries(renamed)) {
    if (Object.hasOwn(raw, former) && !Object.hasOwn(raw, name)) present[name] = raw[former];
  }
  for (const name of ['status', 'type']) if (isShout(raw[name])) present[name] = raw[name].toLowerCase();
  // An order's day is an instant, Eastern midnight; elsewhere `scheduled_at` is a day.
  for (const name of resource === 'order' ? [...instants, 'scheduled_at'] : instants) {
    if (Object.hasOwn(raw, name)) present[name] = withEasternOffset(raw[name]);
  }
  if (resource === 'charge' || resource === 'order') {
    present.customer = isRecord(raw.customer) ? raw.customer : { id: own(raw, 'customer_id'), email: own(raw, 'email'), external_customer_id: own(raw, 'shopify_customer_id') };
    if (Array.isArray(raw.line_items)) present.line_items = raw.line_items.map((item: unknown) => (isRecord(item) ? lineItem(item) : item));
  }
  if (resource === 'order' && !isRecord(raw.charge)) present.charge = { id: own(raw, 'charge_id') };
  return present;
}

function isFormer(raw: Raw): boolean {
  return marks.some((name) => Object.hasOwn(raw, name)) || isShout(raw.status) || isShout(raw.type);
}

function isShout(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z][A-Z_]+$/.test(value);
}

/** 2021-01's items name their subscription and carry one price. */
function lineItem(item: Raw): Raw {
  return {
    purchase_item_id: own(item, 'subscription_id'),
    unit_price: own(item, 'price'),
    external_product_id: own(item, 'shopify_product_id'),
    external_variant_id: own(item, 'shopify_variant_id'),
    ...item,
  };
}

function withEasternOffset(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const instant = DateTime.fromISO(value.replace(' ', 'T'), { zone: rechargeZone });
  return instant.isValid ? instant.toUTC().toISO() : value;
}
