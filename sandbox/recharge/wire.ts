// Rows as Recharge 2021-11 writes them, keys in its order.
import { easternMoment, toInstant } from './dates.ts';
import { openChargeOf } from './charge-queue.ts';
import type { AddressRow, CustomerRow, EventRow, OnetimeRow, PaymentMethodRow, Place, Store, SubscriptionRow, WebhookRow } from './types.ts';

export type Wire = Record<string, unknown>;

export function customerWire(store: Store, row: CustomerRow): Wire {
  const subscriptions = store.subscriptions.of('customer', row.id);
  return {
    id: row.id,
    analytics_data: { utm_params: [] },
    apply_credit_to_next_checkout_charge: row.apply_credit_to_next_checkout_charge,
    apply_credit_to_next_recurring_charge: row.apply_credit_to_next_recurring_charge,
    created_at: row.created_at,
    email: row.email,
    external_customer_id: { ecommerce: row.external_customer_id },
    first_charge_processed_at: row.first_charge_processed_at,
    first_name: row.first_name,
    has_payment_method_in_dunning: row.has_payment_method_in_dunning,
    has_valid_payment_method: store.payment_methods.of('customer', row.id).some((method) => method.status !== 'invalid'),
    hash: row.hash,
    last_name: row.last_name,
    phone: row.phone,
    subscriptions_active_count: subscriptions.filter((each) => each.status === 'active').length,
    subscriptions_total_count: subscriptions.length,
    tax_exempt: row.tax_exempt,
    updated_at: row.updated_at,
  };
}

/** The customer as a charge or order quotes it. */
export function customerQuote(store: Store, customerId: number): Wire {
  const row = store.customers.get(customerId);
  return { id: customerId, email: row?.email ?? null, external_customer_id: { ecommerce: row?.external_customer_id ?? null }, hash: row?.hash ?? null };
}

export function placeWire(place: Place): Place {
  const { address1, address2, city, company, country_code, first_name, last_name, phone, province, zip } = place;
  return { address1, address2, city, company, country_code, first_name, last_name, phone, province, zip };
}

export function addressWire(row: AddressRow): Wire {
  return {
    id: row.id,
    customer_id: row.customer_id,
    payment_method_id: row.payment_method_id,
    address1: row.address1,
    address2: row.address2,
    city: row.city,
    company: row.company,
    country_code: row.country_code,
    created_at: row.created_at,
    discounts: row.discounts,
    first_name: row.first_name,
    last_name: row.last_name,
    order_attributes: row.order_attributes,
    order_note: row.order_note,
    phone: row.phone,
    presentment_currency: row.presentment_currency,
    province: row.province,
    shipping_lines_conserved: row.shipping_lines_conserved,
    shipping_lines_override: row.shipping_lines_override,
    updated_at: row.updated_at,
    zip: row.zip,
  };
}

export function subscriptionWire(store: Store, row: SubscriptionRow): Wire {
  return {
    id: row.id,
    address_id: row.address_id,
    customer_id: row.customer_id,
    analytics_data: { utm_params: [] },
    cancellation_reason: row.cancellation_reason,
    cancellation_reason_comments: row.cancellation_reason_comments,
    cancelled_at: row.cancelled_at,
    charge_interval_frequency: row.charge_interval_frequency,
    created_at: row.created_at,
    expire_after_specific_number_of_charges: row.expire_after_specific_number_of_charges,
    external_product_id: { ecommerce: row.external_product_id },
    external_variant_id: { ecommerce: row.external_variant_id },
    has_queued_charges: row.status === 'active' && openChargeOf(store, row.address_id, row.next_charge_scheduled_at) !== undefined,
    is_prepaid: row.is_prepaid,
    is_skippable: row.is_skippable,
    is_swappable: row.is_swappable,
    max_retries_reached: row.max_retries_reached,
    next_charge_scheduled_at: row.next_charge_scheduled_at,
    order_day_of_month: row.order_day_of_month,
    order_day_of_week: row.order_day_of_week,
    order_interval_frequency: row.order_interval_frequency,
    order_interval_unit: row.order_interval_unit,
    ...(row.plan_id !== null && { plan_id: row.plan_id }),
    presentment_currency: row.presentment_currency,
    price: row.price,
    product_title: row.product_title,
    properties: row.properties,
    quantity: row.quantity,
    sku: row.sku,
    sku_override: row.sku_override,
    status: row.status,
    updated_at: row.updated_at,
    variant_title: row.variant_title,
  };
}

export function onetimeWire(row: OnetimeRow): Wire {
  return { ...row, external_product_id: { ecommerce: row.external_product_id }, external_variant_id: { ecommerce: row.external_variant_id } };
}

export function paymentMethodWire(row: PaymentMethodRow): Wire {
  return {
    id: row.id,
    customer_id: row.customer_id,
    billing_address: row.billing_address,
    created_at: row.created_at,
    default: row.default,
    include: {},
    payment_details: row.payment_details,
    payment_type: row.payment_type,
    processor_customer_token: row.processor_customer_token,
    processor_name: row.processor_name,
    processor_payment_method_token: row.processor_payment_method_token,
    status: row.status,
    status_reason: row.status_reason,
    updated_at: row.updated_at,
  };
}

/** Event times come without an offset. */
export function eventWire(row: EventRow): Wire {
  return { ...row, created_at: row.created_at.slice(0, 19), custom_attributes: [] };
}

export function webhookWire(row: WebhookRow): Wire {
  return { id: row.id, address: row.address, included_objects: row.included_objects, topic: row.topic, version: row.version };
}

export function storeWire(store: Store): Wire {
  return {
    id: store.id,
    checkout_logo_url: null,
    checkout_platform: 'shopify',
    created_at: store.created_at,
    currency: store.currency,
    customer_portal_base_url: store.portal_base_url,
    default_api_version: store.default_api_version,
    disabled_currencies_historical: [],
    email: store.email,
    enabled_presentment_currencies: [store.currency],
    enabled_presentment_currencies_symbols: [{ currency: store.currency, locale_name: store.currency === 'EUR' ? 'de_DE' : 'en_US', symbol: store.currency === 'EUR' ? '€' : '$' }],
    external_platform: 'shopify',
    identifier: store.shop,
    merchant_portal_base_url: `https://${store.shop.replace('.myshopify.com', '')}-sp.admin.rechargeapps.com`,
    name: store.name,
    phone: '',
    timezone: { iana_name: 'America/New_York', name: '(GMT-05:00) Eastern Time' },
    updated_at: store.created_at,
    weight_unit: 'lb',
  };
}

/** An order is scheduled for an instant: midnight in New York. */
export function easternMidnight(day: string): string {
  return toInstant(easternMoment(day, 0));
}
