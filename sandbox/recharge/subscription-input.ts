// Reads what a caller sends about a subscription; refuses what Recharge refuses, in its words where they are known.
import type { Call } from './call.ts';
import { externalId, requireFields, wholeNumber } from './call.ts';
import { isDay } from './dates.ts';
import { invalid } from './errors.ts';
import type { NewSubscription } from './subscription-acts.ts';
import type { IntervalUnit, Property, SubscriptionRow } from './types.ts';
import { today } from './world.ts';

const UNITS: readonly unknown[] = ['day', 'week', 'month'];
const INTERVALS = ['charge_interval_frequency', 'order_interval_frequency', 'order_interval_unit'] as const;

export function readNewSubscription(call: Call): NewSubscription {
  const body = call.body();
  const planned = planIntervals(call, body);
  const given = { ...planned, ...body };
  requireFields(given, ['address_id', 'external_variant_id', 'quantity', ...INTERVALS, 'next_charge_scheduled_at']);
  const addressId = wholeNumber(body, 'address_id') ?? 0;
  if (!call.store.addresses.get(addressId)) throw invalid({ address_id: ['Not found'] });
  const day = body['next_charge_scheduled_at'];
  if (!isDay(day)) throw invalid({ next_charge_scheduled_at: ['Not a valid date.'] });
  if (day <= today(call.world)) throw invalid({ next_charge_scheduled_at: 'Cannot be in the past' });
  return { ...(readChanges(call, given) as NewSubscription), address_id: addressId, next_charge_scheduled_at: day };
}

/** The known fields among those sent. Throws 422 for a unit without its two numbers. */
export function readChanges(call: Call, body: Record<string, unknown>): Partial<SubscriptionRow> {
  const changes: Partial<SubscriptionRow> = {};
  if (body['order_interval_unit'] !== undefined && INTERVALS.some((name) => body[name] === undefined)) {
    throw invalid({ charge_interval_unit_type: 'when passing order_interval_unit provide charge_interval_frequency and order_interval_frequency to update the interval information' });
  }
  if (body['order_interval_unit'] !== undefined) {
    if (!UNITS.includes(body['order_interval_unit'])) throw invalid({ order_interval_unit: ['Must be one of: day, week, month.'] });
    changes.order_interval_unit = body['order_interval_unit'] as IntervalUnit;
  }
  for (const name of ['charge_interval_frequency', 'order_interval_frequency', 'quantity'] as const) {
    const value = wholeNumber(body, name);
    if (value === undefined) continue;
    if (value < 1) throw invalid({ [name]: ['Must be greater than or equal to 1.'] });
    changes[name] = value;
  }
  for (const name of ['order_day_of_month', 'order_day_of_week', 'expire_after_specific_number_of_charges', 'plan_id'] as const) {
    if (body[name] !== undefined) changes[name] = wholeNumber(body, name) ?? null;
  }
  for (const name of ['product_title', 'sku', 'variant_title'] as const) if (typeof body[name] === 'string') changes[name] = body[name];
  if (typeof body['sku_override'] === 'boolean') changes.sku_override = body['sku_override'];
  if (Array.isArray(body['properties'])) changes.properties = body['properties'].map(readProperty);
  if (body['price'] !== undefined && body['price'] !== null) {
    const price = Number(body['price']);
    if (Number.isNaN(price) || price < 0) throw invalid({ price: ['Not a valid number.'] });
    changes.price = price.toFixed(2);
  }
  if (isDay(body['next_charge_scheduled_at'])) {
    if (body['next_charge_scheduled_at'] <= today(call.world)) throw invalid({ next_charge_scheduled_at: 'Cannot be in the past' });
    changes.next_charge_scheduled_at = body['next_charge_scheduled_at'];
  }
  return { ...changes, ...readProduct(call, body) };
}

/** A new variant is a swap; price, title and sku follow it only when asked to. */
function readProduct(call: Call, body: Record<string, unknown>): Partial<SubscriptionRow> {
  const changes: Partial<SubscriptionRow> = {};
  if (body['external_product_id'] !== undefined) changes.external_product_id = externalId(body['external_product_id']);
  if (body['external_variant_id'] === undefined) return changes;
  const variantId = externalId(body['external_variant_id']);
  if (variantId === null) throw invalid({ external_variant_id: { ecommerce: ['Field may not be null.'] } });
  changes.external_variant_id = variantId;
  const product = call.store.products.find((each) => each.variants.some((variant) => variant.external_variant_id === variantId));
  const variant = product?.variants.find((each) => each.external_variant_id === variantId);
  if (product === undefined || variant === undefined) return changes;
  changes.external_product_id ??= product.external_product_id;
  if (body['use_external_variant_defaults'] === true || body['use_shopify_variant_defaults'] === true) {
    Object.assign(changes, { price: (variant.cents / 100).toFixed(2), product_title: product.title, variant_title: variant.title, sku: variant.sku });
  }
  return changes;
}

/** A plan may stand for the three intervals. */
function planIntervals(call: Call, body: Record<string, unknown>): Record<string, unknown> {
  const isKnown = call.store.products.some((each) => each.plan_id === body['plan_id']);
  return isKnown ? { charge_interval_frequency: 1, order_interval_frequency: 1, order_interval_unit: 'month' } : {};
}

function readProperty(value: unknown): Property {
  const { name, value: text } = (value ?? {}) as { name?: unknown; value?: unknown };
  if (typeof name !== 'string') throw invalid({ properties: { name: ['Missing data for required field.'] } });
  return { name, value: text === undefined || text === null ? null : String(text) };
}
