// When each webhook follows a change: the times one production receiver saw in March and April 2024 (contract section 6.7).
import { announce } from './announce.ts';
import { rebuild, touch } from './charge-queue.ts';
import type { QueueChange } from './charge-queue.ts';
import type { ChargeRow, Store, SubscriptionRow } from './types.ts';
import type { World } from './world.ts';

/** Uneven, as on a wire; most deliveries about a subscription came 0.8 s after the answer. */
function around(world: World, ms: number): number {
  return Math.round(ms * (0.8 + world.random.next() * 0.4));
}

/** How many rebuilds a charge is waiting for; only the newest one speaks, so a series of writes ends in one update. */
const rebuilds = new WeakMap<ChargeRow, number>();

/** What happens to charges when items move: new ones are told at once, old ones soon, and all again once rates are known. */
export async function announceQueue(world: World, store: Store, change: QueueChange, options: { first?: boolean; deletedAfterMs?: number } = {}): Promise<void> {
  for (const charge of change.updated) {
    void announce(world, store, 'charge', 'updated', charge, around(world, 450));
    rebuildLater(world, store, charge);
  }
  for (const charge of change.deleted) void announce(world, store, 'charge', 'deleted', charge, options.deletedAfterMs ?? around(world, 550));
  for (const charge of change.created) {
    shippingLater(world, store, charge, 60_000);
    const told = announce(world, store, 'charge', 'created', charge, 0, options.first === true && world.switches.chargeCreatedFirst);
    // The receiver may be slow or be waiting for this very answer.
    if (options.first) await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 300).unref())]);
  }
}

/** A change of contents with commit=false: flagged at once, rebuilt at 5 s, final at 40 s. */
export function rebuildLater(world: World, store: Store, charge: ChargeRow): void {
  charge.has_uncommitted_changes = true;
  const turn = (rebuilds.get(charge) ?? 0) + 1;
  rebuilds.set(charge, turn);
  const isCurrent = (): boolean => rebuilds.get(charge) === turn && store.charges.get(charge.id) === charge;
  world.clock.schedule(5000, () => {
    if (!isCurrent()) return;
    rebuild(world, store, charge);
    void announce(world, store, 'charge', 'updated', charge, 0);
  });
  world.clock.schedule(40_000, () => {
    if (!isCurrent()) return;
    charge.has_uncommitted_changes = false;
    charge.shipping_known = true;
    rebuild(world, store, charge);
    void announce(world, store, 'charge', 'updated', charge, 0);
  });
}

/** A change of contents with commit=true: rebuilt and told before the item's own webhook. */
export function rebuildNow(world: World, store: Store, charge: ChargeRow): void {
  charge.has_uncommitted_changes = false;
  charge.shipping_known = true;
  rebuild(world, store, charge);
  void announce(world, store, 'charge', 'updated', charge, 0);
}

export function shippingLater(world: World, store: Store, charge: ChargeRow, delayMs: number): void {
  world.clock.schedule(delayMs, () => {
    if (store.charges.get(charge.id) !== charge || charge.has_uncommitted_changes) return;
    charge.shipping_known = true;
    touch(world, charge);
    void announce(world, store, 'charge', 'updated', charge, 0);
  });
}

export function announceSubscription(world: World, store: Store, event: string, subscription: SubscriptionRow, delayMs = around(world, 800)): void {
  void announce(world, store, 'subscription', event, subscription, delayMs);
}

/** Cancelled and updated come within a tenth of a second of each other, in either order. */
export function announceCancelled(world: World, store: Store, subscription: SubscriptionRow): void {
  const base = around(world, 500);
  const cancelledFirst = world.random.chance(0.5);
  announceSubscription(world, store, 'cancelled', subscription, cancelledFirst ? base : base + 80);
  announceSubscription(world, store, 'updated', subscription, cancelledFirst ? base + 70 : base);
}

/** The charge first, then updated, activated a tenth of a second later. */
export function announceActivated(world: World, store: Store, subscription: SubscriptionRow): void {
  const base = around(world, 700);
  announceSubscription(world, store, 'updated', subscription, base);
  announceSubscription(world, store, 'activated', subscription, base + 90);
}

/** Six seconds after the order was placed, all within a third of a second. */
export function announceRenewal(world: World, store: Store, charge: ChargeRow, change: QueueChange, neighbours: ChargeRow[]): void {
  const order = store.orders.of('charge', charge.id).at(-1);
  const base = 6000;
  if (order !== undefined) {
    void announce(world, store, 'order', 'success', order, base);
    void announce(world, store, 'order', 'processed', order, base + 140);
    void announce(world, store, 'order', 'created', order, base + 180);
  }
  void announce(world, store, 'charge', 'updated', charge, base + 195);
  void announce(world, store, 'charge', 'paid', charge, base + 205);
  for (const next of change.created) {
    void announce(world, store, 'charge', 'created', next, base + 230);
    shippingLater(world, store, next, base + 48_000);
  }
  for (const neighbour of [...change.updated, ...neighbours]) void announce(world, store, 'charge', 'updated', neighbour, base + 300);
  shippingLater(world, store, charge, base + 62_000);
}

/** A checkout's webhooks: the queued charge, the subscriptions, the paid charge and its order. */
export function announceCheckout(world: World, store: Store, paid: ChargeRow, queued: ChargeRow[], subscriptions: SubscriptionRow[]): void {
  const base = 6000;
  for (const charge of queued) {
    void announce(world, store, 'charge', 'created', charge, base);
    shippingLater(world, store, charge, base + 4000);
  }
  subscriptions.forEach((subscription, index) => announceSubscription(world, store, 'created', subscription, base + 190 + index * 60));
  void announce(world, store, 'charge', 'created', paid, base + 310);
  void announce(world, store, 'charge', 'paid', paid, base + 320);
  const order = store.orders.of('charge', paid.id).at(-1);
  if (order !== undefined) {
    void announce(world, store, 'order', 'created', order, base + 380);
    void announce(world, store, 'order', 'success', order, base + 400);
  }
  shippingLater(world, store, paid, base + 68_000);
}

export function activeCount(store: Store, customerId: number): number {
  return store.subscriptions.of('customer', customerId).filter((each) => each.status === 'active').length;
}

/** customer/activated on the first active subscription, customer/deactivated when the last one goes. */
export function announceActivity(world: World, store: Store, customerId: number, activeBefore: number, delayMs = 1200): void {
  const customer = store.customers.get(customerId);
  const now = activeCount(store, customerId);
  if (customer === undefined || (activeBefore === 0) === (now === 0)) return;
  touch(world, customer);
  void announce(world, store, 'customer', now > 0 ? 'activated' : 'deactivated', customer, delayMs);
}
