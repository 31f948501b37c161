// Charges and orders as Recharge 2021-11 writes them, with their sums.
import { customerQuote, placeWire } from './wire.ts';
import type { Wire } from './wire.ts';
import type { ChargeRow, Discount, LineItem, OrderRow, Place, Store } from './types.ts';

const SHIPPING_CENTS = 490;

export function money(cents: number): string {
  return (cents / 100).toFixed(2);
}

export function discountCents(discounts: Discount[], subtotalCents: number, shippingCents: number): number {
  let cents = 0;
  for (const discount of discounts) {
    if (discount.value_type === 'percentage') cents += Math.round((subtotalCents * Number(discount.value)) / 100);
    else if (discount.value_type === 'fixed_amount') cents += Math.round(Number(discount.value) * 100);
    else cents += shippingCents;
  }
  return Math.min(cents, subtotalCents + shippingCents);
}

export function totals(charge: ChargeRow): { lineCents: number; shippingCents: number; discountCents: number; totalCents: number } {
  const lineCents = charge.line_items.reduce((sum, item) => sum + item.unit_cents * item.quantity, 0);
  const shippingCents = charge.shipping_known ? SHIPPING_CENTS : 0;
  const off = discountCents(charge.discounts, lineCents, shippingCents);
  return { lineCents, shippingCents, discountCents: off, totalCents: lineCents + shippingCents - off };
}

export function chargeWire(store: Store, charge: ChargeRow): Wire {
  const { lineCents, discountCents: off, totalCents } = totals(charge);
  const failed = charge.charge_attempts > 0;
  return {
    id: charge.id,
    address_id: charge.address_id,
    analytics_data: { utm_params: [] },
    billing_address: charge.billing_address ?? billingOf(store, charge),
    ...(failed && { charge_attempts: charge.charge_attempts }),
    client_details: { browser_ip: null, user_agent: null },
    created_at: charge.created_at,
    currency: store.currency,
    customer: customerQuote(store, charge.customer_id),
    discounts: charge.discounts,
    error: charge.error,
    error_type: charge.error_type,
    external_order_id: { ecommerce: charge.external_order_id },
    external_transaction_id: { payment_processor: charge.transaction_id },
    ...(failed && { external_variant_not_found: null }),
    has_uncommitted_changes: charge.has_uncommitted_changes,
    ...(failed && { last_charge_attempt: charge.last_charge_attempt }),
    line_items: charge.line_items.map((item) => lineItemWire(store, item)),
    merged_at: charge.merged_at,
    note: charge.note,
    order_attributes: [
      { name: 'rc_charge_id', value: String(charge.id) },
      { name: 'rc_address_id', value: String(charge.address_id) },
      { name: 'rc_subscription_ids', value: charge.line_items.map((item) => item.purchase_item_id).join(',') },
    ],
    orders_count: charge.external_order_id === null ? 0 : 1,
    payment_processor: 'shopify_payments',
    processed_at: charge.processed_at,
    retry_date: charge.retry_date,
    scheduled_at: charge.scheduled_at,
    shipping_address: charge.shipping_address ?? shippingOf(store, charge),
    shipping_lines: [shippingLine(charge)],
    status: charge.status,
    subtotal_price: money(lineCents),
    tags: charge.type === 'checkout' ? 'Subscription, Subscription First Order' : 'Subscription, Subscription Recurring Order',
    tax_lines: [],
    taxable: false,
    taxes_included: false,
    total_discounts: money(off),
    total_duties: '0.00',
    total_line_items_price: money(lineCents),
    total_price: money(totalCents),
    total_refunds: money(charge.refunded_cents),
    total_tax: '0.00',
    total_weight_grams: charge.line_items.reduce((sum, item) => sum + gramsOf(store, item) * item.quantity, 0),
    type: charge.type,
    updated_at: charge.updated_at,
  };
}

export function orderWire(store: Store, order: OrderRow): Wire {
  const charge = store.charges.get(order.charge_id);
  if (charge === undefined) throw new Error(`order ${order.id} lost its charge`);
  const quoted = chargeWire(store, charge);
  const lineItems = charge.line_items.map((item) => ({ ...lineItemWire(store, item), external_inventory_policy: 'decrement_obeying_policy' }));
  return {
    id: order.id,
    address_id: order.address_id,
    billing_address: quoted['billing_address'],
    charge: { id: charge.id, external_transaction_id: { payment_processor: charge.transaction_id }, payment_processor_name: 'shopify_payments', status: charge.status },
    client_details: quoted['client_details'],
    created_at: order.created_at,
    currency: store.currency,
    customer: quoted['customer'],
    discounts: quoted['discounts'],
    error: null,
    external_cart_token: null,
    external_order_id: { ecommerce: order.external_order_id },
    external_order_name: { ecommerce: `#${order.order_number}` },
    external_order_number: { ecommerce: String(order.order_number) },
    is_prepaid: false,
    line_items: lineItems,
    note: charge.note,
    order_attributes: quoted['order_attributes'],
    processed_at: order.processed_at,
    scheduled_at: order.scheduled_at,
    shipping_address: quoted['shipping_address'],
    shipping_lines: [{ code: 'Economy', price: money(SHIPPING_CENTS), source: 'shopify', tax_lines: [], taxable: false, title: 'Economy' }],
    status: order.status,
    ...Object.fromEntries(
      ['subtotal_price', 'tags', 'tax_lines', 'taxable', 'total_discounts', 'total_duties', 'total_line_items_price', 'total_price', 'total_refunds', 'total_tax', 'total_weight_grams'].map((key) => [key, quoted[key]]),
    ),
    type: order.type,
    updated_at: order.updated_at,
  };
}

function lineItemWire(store: Store, item: LineItem): Wire {
  const total = money(item.unit_cents * item.quantity);
  return {
    purchase_item_id: item.purchase_item_id,
    external_product_id: { ecommerce: item.external_product_id },
    external_variant_id: { ecommerce: item.external_variant_id },
    grams: gramsOf(store, item),
    handle: null,
    images: imagesOf(item),
    original_price: money(item.unit_cents),
    properties: item.properties,
    purchase_item_type: item.purchase_item_type,
    quantity: item.quantity,
    sku: item.sku,
    tax_due: '0.00',
    tax_lines: [],
    taxable: false,
    taxable_amount: '0.00',
    title: item.title,
    total_price: total,
    unit_price: money(item.unit_cents),
    unit_price_includes_tax: false,
    variant_title: item.variant_title,
  };
}

function imagesOf(item: LineItem): Record<string, string> {
  if (item.external_product_id === null) return {};
  const base = `https://cdn.shopify.com/s/files/1/0000/0000/0000/products/${item.external_product_id}`;
  return { large: `${base}_large.jpg`, medium: `${base}_medium.jpg`, original: `${base}.jpg`, small: `${base}_small.jpg` };
}

function gramsOf(store: Store, item: LineItem): number {
  for (const product of store.products) {
    const variant = product.variants.find((each) => each.external_variant_id === item.external_variant_id);
    if (variant !== undefined) return variant.grams;
  }
  return 0;
}

function shippingLine(charge: ChargeRow): Wire {
  if (!charge.shipping_known) return { code: 'queued', price: '0.00', retrieved_at: charge.created_at, source: 'recharge', status: 'queued', tax_lines: [], taxable: false, title: 'Queued' };
  return { code: 'Economy', price: money(SHIPPING_CENTS), retrieved_at: null, source: 'shopify', status: 'active', tax_lines: [], taxable: false, title: 'Economy' };
}

export function shippingOf(store: Store, charge: ChargeRow): Place | null {
  const address = store.addresses.get(charge.address_id);
  return address === undefined ? null : placeWire(address);
}

export function billingOf(store: Store, charge: ChargeRow): Place | null {
  const methodId = store.addresses.get(charge.address_id)?.payment_method_id;
  const method = methodId === undefined || methodId === null ? undefined : store.payment_methods.get(methodId);
  return method === undefined ? shippingOf(store, charge) : placeWire(method.billing_address);
}
