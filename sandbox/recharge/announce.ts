// Turns a change into webhook deliveries: one per registration of its topic, with the object as it is now.
import { chargeWire, orderWire } from './charge-wire.ts';
import { deliver, remember } from './deliveries.ts';
import type { Delivery } from './deliveries.ts';
import { toVersion } from './old-version.ts';
import type { AddressRow, ChargeRow, CustomerRow, OnetimeRow, OrderRow, Store, SubscriptionRow, WebhookRow } from './types.ts';
import { addressWire, customerWire, onetimeWire, storeWire, subscriptionWire } from './wire.ts';
import type { Wire } from './wire.ts';
import { nowInstant } from './world.ts';
import type { World } from './world.ts';

export interface Announced {
  address: AddressRow;
  charge: ChargeRow;
  customer: CustomerRow;
  onetime: OnetimeRow;
  order: OrderRow;
  recharge: Store;
  store: Store;
  subscription: SubscriptionRow;
}

const WIRES: { [K in keyof Announced]: (store: Store, row: Announced[K]) => Wire } = {
  address: (_store, row) => addressWire(row),
  charge: chargeWire,
  customer: customerWire,
  onetime: (_store, row) => onetimeWire(row),
  order: orderWire,
  recharge: (store) => storeWire(store),
  store: (store) => storeWire(store),
  subscription: subscriptionWire,
};

let lastDeliveryId = 0;

/**
 * Announces `kind/event` after `delayMs` of simulated time; the body is written now.
 * Resolves at once, or, with `first`, when the first try at each registration is over.
 */
export async function announce<K extends keyof Announced>(world: World, store: Store, kind: K, event: string, row: Announced[K], delayMs: number, first = false): Promise<void> {
  const topic = `${kind}/${event}`;
  const tries: Promise<void>[] = [];
  for (const id of store.webhooks.ids()) {
    const webhook = store.webhooks.get(id);
    if (webhook?.topic !== topic) continue;
    const delivery = newDelivery(world, store, webhook, row, bodyOf(world, store, webhook, kind, event, row));
    if (first) tries.push(deliver(world, delivery));
    else send(world, delivery, delayMs * world.switches.webhookDelayFactor);
  }
  await Promise.all(tries);
}

/** Sends what this registration would receive, at once; the path of POST /webhooks/{id}/test. */
export function announceTo<K extends keyof Announced>(world: World, store: Store, webhook: WebhookRow, kind: K, row: Announced[K]): void {
  const event = webhook.topic.split('/')[1] ?? '';
  send(world, newDelivery(world, store, webhook, row, bodyOf(world, store, webhook, kind, event, row)), 0);
}

function send(world: World, delivery: Delivery, delayMs: number): void {
  const { random, switches } = world;
  let waitMs = delayMs;
  if (switches.swapChance > 0 && random.chance(switches.swapChance)) waitMs += 2000;
  if (switches.holdBackChance > 0 && random.chance(switches.holdBackChance)) waitMs += switches.holdBackSeconds * 1000;
  world.clock.schedule(waitMs, () => deliver(world, delivery));
  if (switches.duplicateChance > 0 && random.chance(switches.duplicateChance)) {
    const twin: Delivery = { ...delivery, id: ++lastDeliveryId, attempts: [] };
    remember(world, twin);
    world.clock.schedule(waitMs + 300, () => deliver(world, twin));
  }
}

function newDelivery(world: World, store: Store, webhook: WebhookRow, row: { id: number }, body: string): Delivery {
  const addressId = (row as { address_id?: unknown }).address_id;
  const delivery: Delivery = {
    id: ++lastDeliveryId,
    shop: store.shop,
    webhook_id: webhook.id,
    token: webhook.token,
    address: webhook.address,
    topic: webhook.topic,
    object_id: row.id,
    address_id: typeof addressId === 'number' ? addressId : null,
    body,
    created_at: nowInstant(world),
    state: 'waiting',
    attempts: [],
    next_at: null,
  };
  remember(world, delivery);
  return delivery;
}

function bodyOf<K extends keyof Announced>(world: World, store: Store, webhook: WebhookRow, kind: K, event: string, row: Announced[K]): string {
  if (kind === 'charge' && event === 'deleted') return JSON.stringify({ charge: { id: row.id } });
  if (kind === 'customer' && event === 'deleted') return JSON.stringify({ customer: { id: row.id } });
  if (kind === 'subscription' && event === 'deleted' && world.switches.subscriptionDeletedBody === 'id') return JSON.stringify({ subscription: { id: row.id } });
  const wire = toVersion(kind, WIRES[kind](store, row), webhook.version, store);
  const included = webhook.included_objects.length === 0 ? undefined : includedObjects(store, webhook, kind, row);
  if (included === undefined) return JSON.stringify({ [kind]: wire });
  if (world.switches.includedObjects === 'top') return JSON.stringify({ [kind]: wire, ...included });
  return JSON.stringify({ [kind]: { ...wire, include: included } });
}

function includedObjects(store: Store, webhook: WebhookRow, kind: keyof Announced, row: { id: number; customer_id?: number }): Wire {
  const customerId = kind === 'customer' ? row.id : row.customer_id;
  const customer = customerId === undefined ? undefined : store.customers.get(customerId);
  const included: Wire = {};
  for (const name of webhook.included_objects) {
    if (name === 'customer' && customer !== undefined) included['customer'] = toVersion('customer', customerWire(store, customer), webhook.version, store);
    else if (name === 'addresses' && customer !== undefined) included['addresses'] = store.addresses.of('customer', customer.id).map((address) => toVersion('address', addressWire(address), webhook.version, store));
    else if (name === 'metafields') included['metafields'] = [...store.metafields.all()].filter((each) => each.owner_resource === kind && each.owner_id === String(row.id));
    else if (name === 'collections') included['collections'] = [];
  }
  return included;
}
