// What a simulated Recharge store holds. Names follow the 2021-11 wire; what can be worked out is not kept.
import type { Table } from './table.ts';

export type Version = '2021-01' | '2021-11';
/** A calendar day in New York, YYYY-MM-DD. */
export type Day = string;
/** ISO 8601 with +00:00, whole seconds. */
export type Instant = string;

export interface Property {
  name: string;
  value: string | null;
}

export interface Place {
  address1: string | null;
  address2: string | null;
  city: string | null;
  company: string | null;
  country_code: string | null;
  first_name: string | null;
  last_name: string | null;
  phone: string | null;
  province: string | null;
  zip: string | null;
}

export interface CustomerRow {
  id: number;
  email: string;
  first_name: string;
  last_name: string;
  external_customer_id: string | null;
  phone: string | null;
  hash: string;
  created_at: Instant;
  updated_at: Instant;
  first_charge_processed_at: Instant | null;
  has_payment_method_in_dunning: boolean;
  tax_exempt: boolean;
  apply_credit_to_next_checkout_charge: boolean;
  apply_credit_to_next_recurring_charge: boolean;
  credit_cents: number;
}

export interface AddressRow extends Place {
  id: number;
  customer_id: number;
  payment_method_id: number | null;
  created_at: Instant;
  updated_at: Instant;
  discounts: Discount[];
  order_attributes: Property[];
  order_note: string | null;
  presentment_currency: string | null;
  shipping_lines_conserved: object[];
  shipping_lines_override: object[] | null;
}

export interface PaymentMethodRow {
  id: number;
  customer_id: number;
  billing_address: Place & { country: string | null };
  created_at: Instant;
  updated_at: Instant;
  default: boolean;
  payment_details: { brand?: string; exp_month?: number; exp_year?: number; last4?: string };
  payment_type: string | null;
  processor_customer_token: string | null;
  processor_name: string;
  processor_payment_method_token: string | null;
  status: string | null;
  status_reason: string | null;
}

export type IntervalUnit = 'day' | 'week' | 'month';

export interface SubscriptionRow {
  id: number;
  address_id: number;
  customer_id: number;
  cancellation_reason: string | null;
  cancellation_reason_comments: string | null;
  cancelled_at: string | null;
  charge_interval_frequency: number;
  created_at: Instant;
  expire_after_specific_number_of_charges: number | null;
  external_product_id: string | null;
  external_variant_id: string | null;
  is_prepaid: boolean;
  is_skippable: boolean;
  is_swappable: boolean;
  max_retries_reached: boolean;
  next_charge_scheduled_at: Day | null;
  order_day_of_month: number | null;
  order_day_of_week: number | null;
  order_interval_frequency: number;
  order_interval_unit: IntervalUnit;
  plan_id: number | null;
  presentment_currency: string | null;
  price: string;
  product_title: string;
  properties: Property[];
  quantity: number;
  sku: string | null;
  sku_override: boolean;
  status: 'active' | 'cancelled' | 'expired';
  updated_at: Instant;
  variant_title: string | null;
  /** The last day it was due on; activation continues its cadence from there. */
  last_due_on: Day | null;
  charges_made: number;
}

export interface OnetimeRow {
  id: number;
  address_id: number;
  customer_id: number;
  created_at: Instant;
  updated_at: Instant;
  external_product_id: string | null;
  external_variant_id: string | null;
  is_cancelled: boolean;
  next_charge_scheduled_at: Day | null;
  presentment_currency: string | null;
  price: string;
  product_title: string;
  properties: Property[];
  quantity: number;
  sku: string | null;
  sku_override: boolean;
  variant_title: string | null;
}

export interface Discount {
  id: number;
  code: string;
  value: string;
  value_type: 'percentage' | 'fixed_amount' | 'shipping';
}

export interface LineItem {
  purchase_item_id: number;
  purchase_item_type: 'subscription' | 'onetime' | 'free_gift';
  external_product_id: string | null;
  external_variant_id: string | null;
  properties: Property[];
  quantity: number;
  sku: string | null;
  title: string;
  variant_title: string | null;
  unit_cents: number;
}

export type ChargeStatus = 'queued' | 'success' | 'error' | 'skipped' | 'refunded' | 'partially_refunded' | 'pending_manual_payment' | 'pending';

export interface ChargeRow {
  id: number;
  address_id: number;
  customer_id: number;
  status: ChargeStatus;
  type: 'checkout' | 'recurring';
  scheduled_at: Day;
  created_at: Instant;
  updated_at: Instant;
  processed_at: Instant | null;
  line_items: LineItem[];
  discounts: Discount[];
  has_uncommitted_changes: boolean;
  /** Shipping rates come some time after the charge does. */
  shipping_known: boolean;
  external_order_id: string | null;
  transaction_id: string | null;
  error: string | null;
  error_type: string | null;
  charge_attempts: number;
  last_charge_attempt: Instant | null;
  retry_date: Instant | null;
  merged_at: Instant | null;
  note: string | null;
  refunded_cents: number;
  upcoming_sent: boolean;
  /** Addresses as they were when it was processed. */
  billing_address: Place | null;
  shipping_address: Place | null;
}

export interface OrderRow {
  id: number;
  address_id: number;
  customer_id: number;
  charge_id: number;
  created_at: Instant;
  updated_at: Instant;
  processed_at: Instant | null;
  scheduled_at: Instant;
  status: 'success' | 'error' | 'queued' | 'cancelled' | 'pending_charge_status';
  type: 'checkout' | 'recurring';
  external_order_id: string;
  order_number: number;
}

export interface EventRow {
  id: number;
  customer_id: number;
  object_id: number;
  object_type: string;
  created_at: Instant;
  description: string;
  verb: string;
  source: { account_email: string | null; account_id: number | null; api_token_id: number | null; api_token_name: string | null; origin: string; user_type: string };
  updated_attributes: { attribute: string; previous_value: unknown; value: unknown }[];
}

export interface WebhookRow {
  id: number;
  token: string;
  address: string;
  topic: string;
  version: Version;
  included_objects: string[];
}

export interface RetentionStrategyRow {
  id: number;
  cancellation_flow_type: 'subscription' | 'membership';
  created_at: Instant;
  discount_code: string | null;
  incentive_type: string | null;
  prevention_text: string;
  reason: string;
  updated_at: Instant;
}

export interface MetafieldRow {
  id: number;
  owner_id: string;
  owner_resource: string;
  created_at: Instant;
  updated_at: Instant;
  description: string | null;
  key: string;
  namespace: string;
  value: string;
  value_type: string;
}

export interface Product {
  external_product_id: string;
  title: string;
  plan_id: number;
  variants: { external_variant_id: string; title: string | null; sku: string; cents: number; grams: number }[];
}

export interface Token {
  id: number;
  token: string;
  /** The API client secret shown beside the token: signs its webhooks. */
  secret: string;
  name: string;
  contact_email: string;
  scopes: string[];
  shop: string;
}

export interface Store {
  id: number;
  shop: string;
  name: string;
  currency: string;
  email: string;
  default_api_version: Version;
  /** Without a slash at the end. */
  portal_base_url: string;
  created_at: Instant;
  installed: boolean;
  products: Product[];
  discounts: Discount[];
  customers: Table<CustomerRow>;
  addresses: Table<AddressRow>;
  payment_methods: Table<PaymentMethodRow>;
  subscriptions: Table<SubscriptionRow>;
  onetimes: Table<OnetimeRow>;
  charges: Table<ChargeRow>;
  orders: Table<OrderRow>;
  events: Table<EventRow>;
  webhooks: Table<WebhookRow>;
  retention_strategies: Table<RetentionStrategyRow>;
  metafields: Table<MetafieldRow>;
  next_order_number: number;
  /** Addresses that a call or delivery is working on right now. */
  busy_addresses: Map<number, number>;
}
