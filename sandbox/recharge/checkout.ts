// A shopper's checkout with subscription items: new customer or known one, paid charge, order, and the next charge queued.
import { announce } from './announce.ts';
import { dueAfter } from './cadence.ts';
import { settleCharge } from './charge-acts.ts';
import { addQueuedCharge, lineItemOf, requeue, setDue } from './charge-queue.ts';
import { activeCount, announceActivity, announceCheckout } from './choreography.ts';
import type { DoInput } from './do.ts';
import { recordEvent } from './event-log.ts';
import { seedAddress } from './seed.ts';
import { mailName, PEOPLE } from './names.ts';
import { addSubscription } from './subscription-acts.ts';
import type { CustomerRow, Store } from './types.ts';
import { nextId, nowInstant, today } from './world.ts';
import type { World } from './world.ts';

/** `items` subscriptions (one by default) for `customerId`, or for a new customer with the names and ids given. */
export async function checkOut(world: World, store: Store, input: DoInput): Promise<object> {
  const isKnown = input.customerId !== undefined;
  const customer = isKnown ? store.customers.get(input.customerId ?? 0) : newCustomer(world, store, input);
  if (customer === undefined) throw new Error(`no customer ${input.customerId ?? ''}`);
  let address = store.addresses.of('customer', customer.id)[0];
  if (address === undefined) {
    address = seedAddress(world, store, customer, customer.id, nowInstant(world));
    void announce(world, store, 'address', 'created', address, 5600);
  }
  const active = activeCount(store, customer.id);
  const day = today(world);
  const variants = store.products.flatMap((product) => product.variants);
  const subscriptions = Array.from({ length: input.items ?? 1 }, () =>
    addSubscription(world, store, {
      address_id: address.id,
      external_variant_id: input.variantId ?? world.random.pick(variants).external_variant_id,
      quantity: input.quantity ?? 1,
      charge_interval_frequency: 1,
      order_interval_frequency: 1,
      order_interval_unit: 'month',
      next_charge_scheduled_at: day,
      charges_made: 1,
    }),
  );
  const paid = addQueuedCharge(world, store, address.id, day, subscriptions.map(lineItemOf));
  paid.type = 'checkout';
  settleCharge(world, store, paid);
  for (const subscription of subscriptions) {
    setDue(subscription, dueAfter(subscription, day));
    recordEvent(world, store, 'customer_portal', { customer_id: customer.id, object_id: subscription.id, object_type: 'subscription', verb: 'created' });
  }
  const change = requeue(world, store, address.id);
  announceCheckout(world, store, paid, change.created, subscriptions);
  for (const charge of change.updated) void announce(world, store, 'charge', 'updated', charge, 6000);
  if (!isKnown) void announce(world, store, 'customer', 'created', customer, 5500);
  announceActivity(world, store, customer.id, active, 6500);
  return { customer_id: customer.id, address_id: address.id, subscription_ids: subscriptions.map((each) => each.id), charge_id: paid.id, queued_charge_ids: change.created.map((each) => each.id) };
}

function newCustomer(world: World, store: Store, input: DoInput): CustomerRow {
  const id = nextId(world, 'customer');
  const [first, last] = PEOPLE[id % PEOPLE.length] as (typeof PEOPLE)[number];
  const firstName = input.firstName ?? first;
  const lastName = input.lastName ?? last;
  const at = nowInstant(world);
  return store.customers.put({
    id,
    email: input.email ?? `${mailName(firstName)}.${mailName(lastName)}.${id}@example.com`,
    first_name: firstName,
    last_name: lastName,
    external_customer_id: input.externalCustomerId ?? String(6_100_000_000_000 + id),
    phone: null,
    hash: world.random.hex(30),
    created_at: at,
    updated_at: at,
    first_charge_processed_at: null,
    has_payment_method_in_dunning: false,
    tax_exempt: false,
    apply_credit_to_next_checkout_charge: false,
    apply_credit_to_next_recurring_charge: false,
    credit_cents: 0,
  });
}
