// Fills a store with customers, subscriptions and their past, the same for the same seed and day.
import { dueAfter } from './cadence.ts';
import { addQueuedCharge, lineItemOf, requeue } from './charge-queue.ts';
import { addDays, DAY_MS, easternDay, easternMoment, toInstant } from './dates.ts';
import { CANCELLATION_REASONS, mailName, PEOPLE, PLACES, PRODUCTS } from './names.ts';
import { settleCharge } from './charge-acts.ts';
import { addSubscription } from './subscription-acts.ts';
import type { AddressRow, CustomerRow, Day, Product, Store, SubscriptionRow } from './types.ts';
import { seededRandom } from '../kit.ts';
import type { SeededRandom } from '../kit.ts';
import { nextId } from './world.ts';
import type { World } from './world.ts';

/** The customer of the documentation's examples. */
export const SAMPLE_CUSTOMER_ID = 18_819_267;

export interface CustomerWish {
  id?: number;
  email?: string;
  first_name?: string;
  last_name?: string;
  external_customer_id?: string | null;
  phone?: string | null;
  /** How many active subscriptions; absent leaves number and state to the dice. */
  subscriptions?: number;
}

export function seedStore(world: World, store: Store, options: { customers: number; wishes: readonly CustomerWish[]; seed: number | string; withSample: boolean }): void {
  const random = seededRandom(`${options.seed}/${store.shop}`);
  store.products = seedProducts(world, random);
  store.discounts = [
    { id: nextId(world, 'discount'), code: 'TEN', value: '10.00', value_type: 'percentage' },
    { id: nextId(world, 'discount'), code: 'FIVEOFF', value: '5.00', value_type: 'fixed_amount' },
  ];
  for (const reason of CANCELLATION_REASONS) {
    store.retention_strategies.put({
      id: nextId(world, 'retention_strategy'), cancellation_flow_type: 'subscription', created_at: store.created_at, discount_code: null, incentive_type: null, prevention_text: 'We are sorry to see you go.', reason, updated_at: store.created_at,
    });
  }
  if (options.withSample) {
    seedCustomer(world, store, random, 0, { id: SAMPLE_CUSTOMER_ID, email: 'jacob@example.com', first_name: 'Jacob', last_name: 'Bronowski', external_customer_id: '6100018819267', subscriptions: 2 });
  }
  options.wishes.forEach((wish, index) => seedCustomer(world, store, random, index, wish));
  const present = store.customers.size;
  for (let index = present; index < options.customers; index += 1) seedCustomer(world, store, random, index, {});
}

/** One customer with an address, a payment method, subscriptions, past charges and orders, queued charges. */
export function seedCustomer(world: World, store: Store, random: SeededRandom, index: number, wish: CustomerWish): CustomerRow {
  const [first, last] = PEOPLE[index % PEOPLE.length] as (typeof PEOPLE)[number];
  const createdMs = world.clock.now() - (30 + random.below(270)) * DAY_MS;
  const id = wish.id ?? nextId(world, 'customer');
  const firstName = wish.first_name ?? first;
  const lastName = wish.last_name ?? last;
  const round = Math.floor(index / PEOPLE.length);
  const customer = store.customers.put({
    id,
    email: wish.email ?? `${mailName(firstName)}.${mailName(lastName)}${round === 0 ? '' : `.${round}`}@example.com`,
    first_name: firstName,
    last_name: lastName,
    external_customer_id: wish.external_customer_id === undefined ? String(6_100_000_000_000 + id) : wish.external_customer_id,
    phone: wish.phone === undefined ? `${PLACES[index % PLACES.length]?.dial ?? '+1'}${String(1000 + (index % 9000))}` : wish.phone,
    hash: random.hex(30),
    created_at: toInstant(createdMs),
    updated_at: toInstant(createdMs),
    first_charge_processed_at: null,
    has_payment_method_in_dunning: false,
    tax_exempt: false,
    apply_credit_to_next_checkout_charge: false,
    apply_credit_to_next_recurring_charge: false,
    credit_cents: random.chance(0.2) ? 500 : 0,
  });
  const address = seedAddress(world, store, customer, index, customer.created_at);
  const count = wish.subscriptions ?? (random.chance(0.1) ? 0 : 1 + random.below(3));
  for (let number = 0; number < count; number += 1) seedSubscription(world, store, random, address, createdMs, wish.subscriptions !== undefined);
  seedPast(world, store, customer, address);
  for (const charge of requeue(world, store, address.id).created) charge.shipping_known = true;
  return customer;
}

/** An address with the customer's own card. */
export function seedAddress(world: World, store: Store, customer: CustomerRow, index: number, at: string): AddressRow {
  const place = PLACES[index % PLACES.length] as (typeof PLACES)[number];
  const { country, dial: _dial, ...rest } = place;
  const where = { ...rest, address2: null, company: null, first_name: customer.first_name, last_name: customer.last_name, phone: customer.phone };
  const method = store.payment_methods.put({
    id: nextId(world, 'payment_method'),
    customer_id: customer.id,
    billing_address: { ...where, country },
    created_at: at,
    updated_at: at,
    default: true,
    payment_details: { brand: 'visa', exp_month: 1 + (index % 12), exp_year: 2030, last4: String(4242 + (index % 5000)).slice(-4) },
    payment_type: 'CREDIT_CARD',
    processor_customer_token: `cus_${customer.hash.slice(0, 14)}`,
    processor_name: 'shopify_payments',
    processor_payment_method_token: `pm_${customer.hash.slice(14, 28)}`,
    status: null,
    status_reason: null,
  });
  return store.addresses.put({
    ...where,
    id: nextId(world, 'address'),
    customer_id: customer.id,
    payment_method_id: method.id,
    created_at: at,
    updated_at: at,
    discounts: [],
    order_attributes: [],
    order_note: null,
    presentment_currency: store.currency,
    shipping_lines_conserved: [],
    shipping_lines_override: [],
  });
}

function seedProducts(world: World, random: SeededRandom): Product[] {
  return PRODUCTS.map((product) => {
    const number = random.below(1_000_000);
    return {
      external_product_id: String(7_000_000_000_000 + number),
      title: product.title,
      plan_id: nextId(world, 'plan'),
      variants: product.variants.map((title, index) => ({
        external_variant_id: String(41_000_000_000_000 + number * 10 + index),
        title,
        sku: `${product.sku}-${index + 1}`,
        cents: product.cents * (index + 1),
        grams: product.grams * (index + 1),
      })),
    };
  });
}

function seedSubscription(world: World, store: Store, random: SeededRandom, address: AddressRow, createdMs: number, mustBeActive: boolean): void {
  const cadence = random.pick([
    { charge_interval_frequency: 30, order_interval_frequency: 30, order_interval_unit: 'day' },
    { charge_interval_frequency: 1, order_interval_frequency: 1, order_interval_unit: 'month' },
    { charge_interval_frequency: 2, order_interval_frequency: 2, order_interval_unit: 'week' },
  ] as const);
  const variant = random.pick(random.pick(store.products).variants);
  const at = toInstant(createdMs);
  const subscription = addSubscription(world, store, {
    address_id: address.id,
    external_variant_id: variant.external_variant_id,
    quantity: 1 + random.below(2),
    ...cadence,
    next_charge_scheduled_at: easternDay(createdMs),
    properties: random.chance(0.3) ? [{ name: 'Grind', value: 'Whole bean' }] : [],
  });
  subscription.created_at = at;
  subscription.updated_at = at;
  if (mustBeActive || !random.chance(0.15)) return;
  const cancelledMs = world.clock.now() - random.below(20) * DAY_MS;
  subscription.status = 'cancelled';
  subscription.cancellation_reason = random.pick(CANCELLATION_REASONS);
  subscription.cancelled_at = toInstant(cancelledMs);
  subscription.updated_at = toInstant(cancelledMs);
}

/** Past charges and orders of every due day, the first a checkout; the subscriptions end up at their next day. */
function seedPast(world: World, store: Store, customer: CustomerRow, address: AddressRow): void {
  const today = easternDay(world.clock.now());
  const days = new Map<Day, SubscriptionRow[]>();
  for (const subscription of store.subscriptions.of('address', address.id)) {
    let day = subscription.last_due_on ?? today;
    const end = subscription.status === 'active' ? today : (subscription.cancelled_at ?? today).slice(0, 10);
    for (; day <= today && day < end; day = dueAfter(subscription, day)) days.set(day, [...(days.get(day) ?? []), subscription]);
    if (day <= today && subscription.status === 'active') day = addDays(today, 1);
    subscription.last_due_on = day;
    subscription.next_charge_scheduled_at = subscription.status === 'active' ? day : null;
  }
  const sorted = [...days.keys()].sort();
  for (const day of sorted) {
    const items = days.get(day) ?? [];
    const isFirst = day === sorted[0];
    const processedAt = toInstant(Math.min(easternMoment(day, 0, 8), world.clock.now()));
    const charge = addQueuedCharge(world, store, address.id, day, items.map(lineItemOf));
    charge.type = isFirst ? 'checkout' : 'recurring';
    settleCharge(world, store, charge);
    Object.assign(charge, { created_at: processedAt, updated_at: processedAt, processed_at: processedAt });
    const order = store.orders.of('charge', charge.id)[0];
    if (order !== undefined) Object.assign(order, { created_at: processedAt, updated_at: processedAt, processed_at: processedAt });
    for (const subscription of items) {
      subscription.charges_made += 1;
      if (subscription.status === 'active') subscription.updated_at = processedAt;
    }
    if (isFirst) customer.first_charge_processed_at = processedAt;
    customer.updated_at = processedAt;
  }
}
