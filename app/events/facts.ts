/**
 * The objects that events talk about, in Recharge's words and the spelling of its API version 2021-11.
 * Ids are decimal text (they outgrow what a JSON number keeps exactly), money is text with its decimals as it came,
 * days are `YYYY-MM-DD`, instants ISO 8601 in UTC with Z. What a body did not say is null.
 */
import type { CalendarDay } from '../time.ts';

export type Subscription = {
  id: string;
  address_id: string | null;
  customer_id: string | null;
  status: string | null;
  product_title: string | null;
  variant_title: string | null;
  sku: string | null;
  quantity: number | null;
  price: string | null;
  presentment_currency: string | null;
  external_product_id: string | null;
  external_variant_id: string | null;
  order_interval_unit: string | null;
  order_interval_frequency: number | null;
  charge_interval_frequency: number | null;
  next_charge_scheduled_at: CalendarDay | null;
  is_prepaid: boolean | null;
  is_skippable: boolean | null;
  has_queued_charges: boolean | null;
  max_retries_reached: boolean | null;
  cancelled_at: string | null;
  cancellation_reason: string | null;
  cancellation_reason_comments: string | null;
  created_at: string | null;
  updated_at: string | null;
};

export type LineItem = {
  purchase_item_id: string | null;
  purchase_item_type: string | null;
  external_product_id: string | null;
  external_variant_id: string | null;
  title: string | null;
  variant_title: string | null;
  sku: string | null;
  quantity: number | null;
  unit_price: string | null;
  total_price: string | null;
};

export type Charge = {
  id: string;
  address_id: string | null;
  customer_id: string | null;
  status: string | null;
  type: string | null;
  scheduled_at: CalendarDay | null;
  processed_at: string | null;
  currency: string | null;
  total_price: string | null;
  subtotal_price: string | null;
  total_discounts: string | null;
  total_tax: string | null;
  total_refunds: string | null;
  total_shipping: string | null;
  external_order_id: string | null;
  error_type: string | null;
  charge_attempts: number | null;
  retry_date: CalendarDay | null;
  has_uncommitted_changes: boolean | null;
  line_items: LineItem[];
  created_at: string | null;
  updated_at: string | null;
};

export type Order = {
  id: string;
  address_id: string | null;
  customer_id: string | null;
  charge_id: string | null;
  status: string | null;
  type: string | null;
  scheduled_at: string | null;
  processed_at: string | null;
  currency: string | null;
  total_price: string | null;
  external_order_id: string | null;
  external_order_number: string | null;
  is_prepaid: boolean | null;
  line_items: LineItem[];
  created_at: string | null;
  updated_at: string | null;
};

export type Customer = {
  id: string;
  email: string | null;
  first_name: string | null;
  last_name: string | null;
  phone: string | null;
  external_customer_id: string | null;
  subscriptions_active_count: number | null;
  subscriptions_total_count: number | null;
  has_valid_payment_method: boolean | null;
  has_payment_method_in_dunning: boolean | null;
  created_at: string | null;
  updated_at: string | null;
};

export type Address = {
  id: string;
  customer_id: string | null;
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
  created_at: string | null;
  updated_at: string | null;
};

export type Onetime = {
  id: string;
  address_id: string | null;
  customer_id: string | null;
  product_title: string | null;
  variant_title: string | null;
  sku: string | null;
  quantity: number | null;
  price: string | null;
  external_product_id: string | null;
  external_variant_id: string | null;
  next_charge_scheduled_at: CalendarDay | null;
  is_cancelled: boolean | null;
  created_at: string | null;
  updated_at: string | null;
};
