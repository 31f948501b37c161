// Makes things happen in a store, as its shoppers, its merchant and the passing of time would.
import { announce } from './announce.ts';
import { announceUpcoming, firstOpenCharge, moveCharge, processCharge, refundCharge, skipCharge, subscriptionsOf, unskipCharge } from './charge-acts.ts';
import { openChargeOf, rebuild, touch } from './charge-queue.ts';
import { checkOut } from './checkout.ts';
import { totals } from './charge-wire.ts';
import { rebuildLater } from './choreography.ts';
import { addDays, isDay } from './dates.ts';
import { endDunning, failCharge } from './dunning.ts';
import {
  activateSubscription, cancelSubscription, createSubscription, deleteSubscription, expireSubscription, moveSubscription, updateSubscription,
} from './subscription-acts.ts';
import type { AddressRow, ChargeRow, CustomerRow, Property, Store, SubscriptionRow } from './types.ts';
import { today } from './world.ts';
import type { World } from './world.ts';

/** What an act is about. What is left out is chosen: the newest object that fits. */
export interface DoInput {
  shop?: string;
  customerId?: number;
  addressId?: number;
  subscriptionId?: number;
  chargeId?: number;
  variantId?: string;
  quantity?: number;
  price?: string;
  properties?: Property[];
  date?: string;
  reason?: string;
  comments?: string;
  sendEmail?: boolean;
  errorType?: string;
  amount?: string;
  email?: string;
  firstName?: string;
  lastName?: string;
  externalCustomerId?: string;
  items?: number;
  changes?: Record<string, unknown>;
}

interface Scene {
  world: World;
  store: Store;
  input: DoInput;
}

type Act = (scene: Scene) => object | Promise<object>;

const PORTAL = 'merchant_portal';

export const ACTS = {
  'create-subscription': async (scene) => createSubscription(scene.world, scene.store, PORTAL, {
    address_id: (scene.input.addressId === undefined ? addressOf(scene) : need(scene.store.addresses.get(scene.input.addressId), 'address')).id,
    external_variant_id: scene.input.variantId ?? otherVariant(scene, null),
    quantity: scene.input.quantity ?? 1,
    charge_interval_frequency: 1,
    order_interval_frequency: 1,
    order_interval_unit: 'month',
    next_charge_scheduled_at: dayOf(scene, 14),
    ...(scene.input.price !== undefined && { price: scene.input.price }),
  }),
  'update-subscription': (scene) => acted(subscriptionOf(scene, 'active'), (row) => updateSubscription(scene.world, scene.store, PORTAL, row, { quantity: scene.input.quantity ?? row.quantity + 1, ...(scene.input.properties && { properties: scene.input.properties }), ...(scene.input.price !== undefined && { price: scene.input.price }) })),
  swap: (scene) => acted(subscriptionOf(scene, 'active'), (row) => updateSubscription(scene.world, scene.store, PORTAL, row, swapTo(scene, row))),
  cancel: (scene) => acted(subscriptionOf(scene, 'active'), (row) => cancelSubscription(scene.world, scene.store, PORTAL, row, scene.input.reason ?? 'Too much product', scene.input.comments ?? null, scene.input.sendEmail)),
  activate: (scene) => acted(subscriptionOf(scene, 'cancelled'), (row) => activateSubscription(scene.world, scene.store, PORTAL, row)),
  pause: (scene) => acted(subscriptionOf(scene, 'active'), (row) => moveSubscription(scene.world, scene.store, PORTAL, row, scene.input.date ?? addDays(row.next_charge_scheduled_at ?? today(scene.world), 28), true)),
  expire: (scene) => acted(subscriptionOf(scene, 'active'), (row) => expireSubscription(scene.world, scene.store, row)),
  'delete-subscription': (scene) => acted(subscriptionOf(scene), (row) => deleteSubscription(scene.world, scene.store, PORTAL, row)),
  skip: (scene) => {
    const charge = chargeOf(scene, ['queued']);
    return skipCharge(scene.world, scene.store, 'customer_portal', charge, scene.input.subscriptionId === undefined ? charge.line_items.map((item) => item.purchase_item_id) : [scene.input.subscriptionId]);
  },
  unskip: (scene) => unskipCharge(scene.world, scene.store, 'customer_portal', chargeOf(scene, ['skipped'])),
  'move-charge': (scene) => moveCharge(scene.world, scene.store, PORTAL, chargeOf(scene, ['queued']), dayOf(scene, 21)),
  renew: (scene) => acted(chargeOf(scene, ['queued', 'error']), (charge) => processCharge(scene.world, scene.store, charge)),
  upcoming: (scene) => acted(chargeOf(scene, ['queued']), (charge) => announceUpcoming(scene.world, scene.store, charge)),
  'fail-charge': (scene) => acted(chargeOf(scene, ['queued', 'error']), (charge) => failCharge(scene.world, scene.store, charge, scene.input.errorType)),
  'max-retries': (scene) => acted(chargeOf(scene, ['queued', 'error']), (charge) => endDunning(scene.world, scene.store, charge)),
  refund: (scene) => acted(chargeOf(scene, ['success', 'partially_refunded']), (charge) => refundCharge(scene.world, scene.store, charge, scene.input.amount === undefined ? totals(charge).totalCents : Math.round(Number(scene.input.amount) * 100))),
  'new-checkout': (scene) => checkOut(scene.world, scene.store, scene.input),
  'update-address': (scene) => acted(addressOf(scene), (row) => {
    Object.assign(row, scene.input.changes ?? { address2: 'Second floor' });
    touch(scene.world, row);
    void announce(scene.world, scene.store, 'address', 'updated', row, 700);
    for (const charge of scene.store.charges.of('address', row.id)) if (charge.status === 'queued') rebuildLater(scene.world, scene.store, charge);
  }),
  'update-customer': (scene) => acted(customerOf(scene), (row) => {
    Object.assign(row, scene.input.changes ?? { phone: '+15555550123' });
    touch(scene.world, row);
    void announce(scene.world, scene.store, 'customer', 'updated', row, 700);
  }),
  'update-payment-method': (scene) => acted(customerOf(scene), (row) => {
    row.has_payment_method_in_dunning = false;
    touch(scene.world, row);
    void announce(scene.world, scene.store, 'customer', 'payment_method_updated', row, 800);
  }),
  'rebuild-charge': (scene) => acted(chargeOf(scene, ['queued']), (charge) => {
    rebuild(scene.world, scene.store, charge);
    void announce(scene.world, scene.store, 'charge', 'updated', charge, 0);
  }),
  /** The merchant removes Recharge: tokens are dead from now on. */
  uninstall: (scene) => acted(scene.store, (store) => {
    void announce(scene.world, store, 'recharge', 'uninstalled', store, 0);
    store.installed = false;
  }),
} satisfies Record<string, Act>;

export type ActName = keyof typeof ACTS;

export function isActName(name: string): name is ActName {
  return Object.hasOwn(ACTS, name);
}

/** Carries out one act; throws an Error saying what is missing. Returns the row it was about. */
export async function perform(world: World, name: ActName, input: DoInput = {}): Promise<object> {
  const store = input.shop === undefined ? [...world.stores.values()][0] : world.stores.get(input.shop);
  if (store === undefined) throw new Error(`no store ${input.shop ?? ''}; there are ${[...world.stores.keys()].join(', ')}`);
  const act: Act = ACTS[name];
  return act({ world, store, input });
}

async function acted<T extends object>(row: T, act: (row: T) => void | Promise<void>): Promise<T> {
  await act(row);
  return row;
}

function need<T>(row: T | undefined, what: string): T {
  if (row === undefined) throw new Error(`no ${what} fits`);
  return row;
}

function newest<T extends { id: number }>(rows: Iterable<T>, fits: (row: T) => boolean): T | undefined {
  let found: T | undefined;
  for (const row of rows) if (fits(row) && (found === undefined || row.id > found.id)) found = row;
  return found;
}

function subscriptionOf({ store, input }: Scene, status?: SubscriptionRow['status']): SubscriptionRow {
  if (input.subscriptionId !== undefined) return need(store.subscriptions.get(input.subscriptionId), `subscription ${input.subscriptionId}`);
  const fits = (row: SubscriptionRow): boolean => (status === undefined || row.status === status) && (input.customerId === undefined || row.customer_id === input.customerId);
  return need(newest(store.subscriptions.all(), fits), `${status ?? ''} subscription`);
}

function chargeOf({ world, store, input }: Scene, statuses: ChargeRow['status'][]): ChargeRow {
  if (input.chargeId !== undefined) return need(store.charges.get(input.chargeId), `charge ${input.chargeId}`);
  const subscription = input.subscriptionId === undefined ? undefined : need(store.subscriptions.get(input.subscriptionId), `subscription ${input.subscriptionId}`);
  if (subscription !== undefined && statuses.includes('queued')) return need(openChargeOf(store, subscription.address_id, subscription.next_charge_scheduled_at), 'open charge');
  const fits = (row: ChargeRow): boolean =>
    statuses.includes(row.status) && (input.customerId === undefined || row.customer_id === input.customerId) && (subscription === undefined || row.line_items.some((item) => item.purchase_item_id === subscription.id)) && (row.status === 'queued' ? subscriptionsOf(store, row).length > 0 : true) && (row.status !== 'skipped' || row.scheduled_at > today(world));
  const among = [...store.charges.all()].filter(fits);
  return need(statuses.includes('queued') ? firstOpenCharge(store, among) : newest(among, () => true), `${statuses.join(' or ')} charge`);
}

function customerOf({ store, input }: Scene): CustomerRow {
  return need(input.customerId === undefined ? store.customers.last() : store.customers.get(input.customerId), 'customer');
}

function addressOf(scene: Scene): AddressRow {
  if (scene.input.addressId !== undefined) return need(scene.store.addresses.get(scene.input.addressId), `address ${scene.input.addressId}`);
  return need(scene.store.addresses.of('customer', customerOf(scene).id)[0], 'address');
}

function dayOf({ world, input }: Scene, daysAhead: number): string {
  if (input.date !== undefined && !isDay(input.date)) throw new Error(`not a day: ${input.date}`);
  return input.date ?? addDays(today(world), daysAhead);
}

function otherVariant({ world, store }: Scene, than: string | null): string {
  const variants = store.products.flatMap((product) => product.variants.map((variant) => variant.external_variant_id)).filter((id) => id !== than);
  return world.random.pick(variants);
}

function swapTo(scene: Scene, row: SubscriptionRow): Partial<SubscriptionRow> {
  const variantId = scene.input.variantId ?? otherVariant(scene, row.external_variant_id);
  const product = scene.store.products.find((each) => each.variants.some((variant) => variant.external_variant_id === variantId));
  const variant = product?.variants.find((each) => each.external_variant_id === variantId);
  if (product === undefined || variant === undefined) return { external_variant_id: variantId };
  return { external_variant_id: variantId, external_product_id: product.external_product_id, product_title: product.title, variant_title: variant.title, sku: variant.sku, price: (variant.cents / 100).toFixed(2) };
}
