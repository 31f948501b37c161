// The same objects in 2021-01's spelling (contract section 9); the parts nobody has documented stay as 2021-11 has them.
import { toEasternNaive } from './dates.ts';
import type { Store, Version } from './types.ts';
import type { Wire } from './wire.ts';

type Kind = 'address' | 'charge' | 'customer' | 'onetime' | 'order' | 'recharge' | 'store' | 'subscription';

const COUNTRIES: Record<string, string> = { US: 'United States', DE: 'Germany', GB: 'United Kingdom', CA: 'Canada', NZ: 'New Zealand', DK: 'Denmark' };

/** A copy of a 2021-11 object for the version asked for. */
export function toVersion(kind: Kind, wire: Wire, version: Version, store: Store): Wire {
  if (version === '2021-11') return wire;
  switch (kind) {
    case 'customer':
      return oldCustomer(wire, store);
    case 'address':
      return oldAddress(wire);
    case 'subscription':
      return oldSubscription(wire);
    case 'onetime':
      return oldItem(wire);
    case 'charge':
      return oldCharge(wire);
    case 'order':
      return oldOrder(wire);
    case 'recharge':
    case 'store':
      return wire;
  }
}

function oldCustomer(wire: Wire, store: Store): Wire {
  const method = store.payment_methods.of('customer', Number(wire['id']))[0];
  const billing = method?.billing_address;
  const active = Number(wire['subscriptions_active_count']);
  return {
    id: wire['id'],
    analytics_data: wire['analytics_data'],
    billing_address1: billing?.address1 ?? null,
    billing_address2: billing?.address2 ?? null,
    billing_city: billing?.city ?? null,
    billing_company: billing?.company ?? null,
    billing_country: billing?.country ?? null,
    billing_phone: billing?.phone ?? null,
    billing_province: billing?.province ?? null,
    billing_zip: billing?.zip ?? null,
    created_at: eastern(wire['created_at']),
    email: wire['email'],
    first_charge_processed_at: eastern(wire['first_charge_processed_at']),
    first_name: wire['first_name'],
    has_card_error_in_dunning: wire['has_payment_method_in_dunning'],
    has_valid_payment_method: wire['has_valid_payment_method'],
    hash: wire['hash'],
    last_name: wire['last_name'],
    number_active_subscriptions: active,
    number_subscriptions: wire['subscriptions_total_count'],
    phone: wire['phone'],
    processor_type: method?.processor_name ?? null,
    reason_payment_method_not_valid: null,
    shopify_customer_id: inner(wire['external_customer_id']),
    status: active > 0 ? 'ACTIVE' : 'INACTIVE',
    stripe_customer_token: method?.processor_customer_token ?? null,
    tax_exempt: wire['tax_exempt'],
    updated_at: eastern(wire['updated_at']),
  };
}

function oldAddress(wire: Wire): Wire {
  const { country_code, order_attributes, order_note, shipping_lines_conserved, payment_method_id: _method, discounts, ...rest } = wire;
  const discount = Array.isArray(discounts) ? (discounts[0] as { id?: number } | undefined) : undefined;
  return {
    ...rest,
    cart_attributes: order_attributes,
    cart_note: order_note,
    country: COUNTRIES[String(country_code)] ?? country_code,
    created_at: eastern(wire['created_at']),
    discount_id: discount?.id ?? null,
    note_attributes: order_attributes,
    original_shipping_lines: shipping_lines_conserved,
    updated_at: eastern(wire['updated_at']),
  };
}

function oldItem(wire: Wire): Wire {
  const { external_product_id, external_variant_id, ...rest } = wire;
  const day = wire['next_charge_scheduled_at'];
  return {
    ...rest,
    created_at: eastern(wire['created_at']),
    next_charge_scheduled_at: typeof day === 'string' ? `${day}T00:00:00` : null,
    price: Number(wire['price']),
    shopify_product_id: number(inner(external_product_id)),
    shopify_variant_id: number(inner(external_variant_id)),
    updated_at: eastern(wire['updated_at']),
  };
}

function oldSubscription(wire: Wire): Wire {
  return {
    ...oldItem(wire),
    cancelled_at: eastern(wire['cancelled_at']),
    charge_interval_frequency: String(wire['charge_interval_frequency']),
    has_queued_charges: flag(wire['has_queued_charges']),
    is_prepaid: wire['is_prepaid'],
    max_retries_reached: flag(wire['max_retries_reached']),
    order_interval_frequency: String(wire['order_interval_frequency']),
    sku_override: wire['sku_override'],
    status: upper(wire['status']),
  };
}

function oldCharge(wire: Wire): Wire {
  const { customer, external_order_id, external_transaction_id, ...rest } = wire;
  return {
    ...rest,
    created_at: eastern(wire['created_at']),
    customer_hash: (customer as Wire)['hash'],
    customer_id: (customer as Wire)['id'],
    email: (customer as Wire)['email'],
    line_items: oldLines(wire['line_items']),
    processed_at: eastern(wire['processed_at']),
    scheduled_at: `${String(wire['scheduled_at'])}T00:00:00`,
    shopify_order_id: inner(external_order_id),
    status: upper(wire['status']),
    transaction_id: inner(external_transaction_id),
    type: upper(wire['type']),
    updated_at: eastern(wire['updated_at']),
  };
}

function oldOrder(wire: Wire): Wire {
  const { charge, customer, external_order_id, external_order_number, external_order_name: _name, client_details: _client, ...rest } = wire;
  return {
    ...rest,
    address_is_active: 1,
    charge_id: (charge as Wire)['id'],
    charge_status: upper((charge as Wire)['status']),
    created_at: eastern(wire['created_at']),
    customer_id: (customer as Wire)['id'],
    email: (customer as Wire)['email'],
    hash: (customer as Wire)['hash'],
    is_prepaid: flag(wire['is_prepaid']),
    line_items: oldLines(wire['line_items']),
    processed_at: eastern(wire['processed_at']),
    scheduled_at: eastern(wire['scheduled_at']),
    shopify_customer_id: inner((customer as Wire)['external_customer_id']),
    shopify_order_id: inner(external_order_id),
    shopify_order_number: number(inner(external_order_number)),
    status: upper(wire['status']),
    transaction_id: inner((charge as Wire)['external_transaction_id']),
    type: upper(wire['type']),
    updated_at: eastern(wire['updated_at']),
  };
}

function oldLines(lines: unknown): Wire[] {
  return (lines as Wire[]).map(({ external_product_id, external_variant_id, purchase_item_id, purchase_item_type, unit_price, ...rest }) => ({
    ...rest,
    price: unit_price,
    shopify_product_id: inner(external_product_id),
    shopify_variant_id: inner(external_variant_id),
    subscription_id: purchase_item_id,
    type: upper(purchase_item_type),
  }));
}

function inner(wrapped: unknown): string | null {
  const value = Object.values((wrapped ?? {}) as Record<string, unknown>)[0];
  return typeof value === 'string' ? value : null;
}

const number = (value: string | null): number | null => (value === null ? null : Number(value));
const flag = (value: unknown): number => (value === true ? 1 : 0);
const upper = (value: unknown): unknown => (typeof value === 'string' ? value.toUpperCase() : value);
const eastern = (value: unknown): string | null => (typeof value === 'string' ? toEasternNaive(value) : null);
