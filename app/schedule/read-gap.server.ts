/**
 * Reads what changed at Recharge since a time and tells exactly what no webhook told. Pages are told one by one, each in one
 * transaction, so a run that breaks off is begun again without telling anything twice. Where Recharge does not answer
 * completely it throws: a partial read is never taken for a whole one.
 */
import { openRecharge } from '#app/connections/recharge.server.ts';
import type { Customer, Subscription } from '#app/events/facts.ts';
import { chargeEventTypes, customerEventTypes, orderEventTypes, subscriptionEventTypes, type DomainEvent, type EventOrigin } from '#app/events/event.ts';
import { applyCustomers } from '#app/intake/mirror.server.ts';
import type { ListFilter, RechargeClient } from '#app/recharge/client.server.ts';
import { eventOf } from '#app/recharge/event-of.ts';
import { eventsOf } from './missing.ts';
import { missingOfCharge } from './missing-charge.ts';
import { missingOfCustomer } from './missing-customer.ts';
import { missingOfOrder } from './missing-order.ts';
import { missingOfSubscription } from './missing-subscription.ts';
import { addCounts, noCounts, tellPage, type Counts, type PageWork, type Reading } from './page.server.ts';
import { mirrored, toldOf } from './told.server.ts';
import { isWithin, type Window } from './told.ts';

/** Recharge's clock and ours differ a little, and a change is listed a moment after it happened. */
const overlapMs = 10 * 60_000;
/** Ids in one request; more would make its address too long for some gateways. */
const idsAtOnce = 100;

export type GapOptions = {
  since: Date;
  origin: EventOrigin;
  /** Nothing that happened before is told, overlap or not: the moment of connecting, as a rule. */
  notBefore?: Date;
  /** Counts, tells nothing. */
  dryRun?: boolean;
  signal?: AbortSignal;
};

export type GapReport = Counts & { since: string; until: string; customers: number; subscriptions: number; charges: number; orders: number };

/** Resources that a token without their scope may not read are left out. Throws Failure of Recharge when a read breaks off. */
export async function readGap(shopId: string, { since, origin, notBefore, dryRun = false, signal = new AbortController().signal }: GapOptions): Promise<GapReport> {
  const { client, connection } = await openRecharge(shopId, 'background');
  const from = new Date(Math.max(since.getTime() - overlapMs, notBefore?.getTime() ?? 0));
  const reading: Reading = { shopId, connectionId: connection.connectionId, origin, dryRun, signal };
  const changed: ListFilter = { updated_at_min: withoutMs(from), sort_by: 'updated_at-asc' };
  const may = (scope: string) => connection.scopes.includes(scope);
  const until = new Date();
  const tell = (pages: AsyncIterable<PageWork>) => tellAll(reading, pages);

  const window = { since: from };
  const seen = new Set<string>();
  const renewals = new Map<string, string>();
  const customers = may('read_customers') ? await tell(customerPages(reading, client, changed, window)) : noCounts();
  const subscriptions = may('read_subscriptions') ? await tell(subscriptionPages(reading, client.listSubscriptions(changed), window, { seen })) : noCounts();
  const charges = may('read_orders') ? await tell(chargePages(reading, client, changed, window, renewals)) : noCounts();
  const renewed = may('read_subscriptions') ? await tell(subscriptionPages(reading, byIds(client, [...renewals.keys()].filter((id) => !seen.has(id))), window, { changedAt: renewals })) : noCounts();
  const orders = may('read_orders') ? await tell(orderPages(reading, client, changed, window)) : noCounts();
  const sum = [customers, subscriptions, charges, renewed, orders].reduce(addCounts, noCounts());
  return {
    since: from.toISOString(), until: until.toISOString(), ...sum,
    customers: customers.read, subscriptions: subscriptions.read + renewed.read, charges: charges.read, orders: orders.read,
  };
}

export async function tellAll(reading: Reading, pages: AsyncIterable<PageWork>): Promise<Counts> {
  let sum = noCounts();
  for await (const page of pages) sum = addCounts(sum, await tellPage(reading, page));
  return sum;
}

async function* customerPages({ shopId, origin, dryRun }: Reading, client: RechargeClient, filter: ListFilter, window: Window): AsyncGenerator<PageWork> {
  for await (const { items, readAt } of uncopied(client.listCustomers(filter))) {
    yield {
      read: items.length,
      async decide(tx) {
        const told = await toldOf<Customer>(tx, shopId, 'customer', customerEventTypes, ids(items));
        if (!dryRun) await applyCustomers(tx, shopId, items.map(sightingOf));
        return items.flatMap((customer) => eventsOf(missingOfCustomer(customer, told(customer.id), window), told(customer.id), origin, readAt));
      },
    };
  }
}

export type SubscriptionExtras = {
  /** Collects the ids that were read. */
  seen?: Set<string>;
  /** When something changed a subscription without leaving a mark on it, by its id. */
  changedAt?: ReadonlyMap<string, string>;
};

export async function* subscriptionPages({ shopId, origin }: Reading, list: AsyncIterable<Subscription[]>, window: Window, { seen, changedAt }: SubscriptionExtras): AsyncGenerator<PageWork> {
  for await (const { items, readAt } of uncopied(list)) {
    for (const { id } of items) seen?.add(id);
    yield {
      read: items.length,
      subscriptions: items.map((subscription) => eventOf({ type: 'subscription.updated', data: { subscription } }, origin, readAt)),
      async decide(tx) {
        const [told, known] = [await toldOf<Subscription>(tx, shopId, 'subscription', subscriptionEventTypes, ids(items)), await mirrored(tx, shopId, ids(items))];
        return items.flatMap((subscription) => {
          const missing = missingOfSubscription(subscription, told(subscription.id), known.get(subscription.id) ?? null, window, changedAt?.get(subscription.id) ?? null);
          return eventsOf(missing, told(subscription.id), origin, readAt);
        });
      },
    };
  }
}

/** Notes the subscriptions that a paid charge renewed: their next date moved, and Recharge says so in no webhook. */
async function* chargePages({ shopId, origin }: Reading, client: RechargeClient, filter: ListFilter, window: Window, renewals: Map<string, string>): AsyncGenerator<PageWork> {
  for await (const { items, readAt } of uncopied(client.listCharges(filter))) {
    for (const charge of items) {
      if (!charge.processed_at || !isWithin(window, charge.processed_at)) continue;
      for (const item of charge.line_items) if (item.purchase_item_type === 'subscription' && item.purchase_item_id) renewals.set(item.purchase_item_id, charge.processed_at);
    }
    yield {
      read: items.length,
      async decide(tx): Promise<DomainEvent[]> {
        const told = await toldOf<(typeof items)[number]>(tx, shopId, 'charge', chargeEventTypes, ids(items));
        return items.flatMap((charge) => eventsOf(missingOfCharge(charge, told(charge.id), window), told(charge.id), origin, readAt));
      },
    };
  }
}

async function* orderPages({ shopId, origin }: Reading, client: RechargeClient, filter: ListFilter, window: Window): AsyncGenerator<PageWork> {
  for await (const { items, readAt } of uncopied(client.listOrders(filter))) {
    yield {
      read: items.length,
      async decide(tx): Promise<DomainEvent[]> {
        const told = await toldOf<(typeof items)[number]>(tx, shopId, 'order', orderEventTypes, ids(items));
        return items.flatMap((order) => eventsOf(missingOfOrder(order, told(order.id), window), told(order.id), origin, readAt));
      },
    };
  }
}

export async function* byIds(client: RechargeClient, subscriptionIds: readonly string[]): AsyncGenerator<Subscription[]> {
  for (let start = 0; start < subscriptionIds.length; start += idsAtOnce) {
    yield* client.listSubscriptions({ ids: subscriptionIds.slice(start, start + idsAtOnce).join(',') });
  }
}

/** Pages without their empty ones; an object that stands on a page twice, because it moved while it was read, counts as it stood last. */
async function* uncopied<Item extends { id: string }>(pages: AsyncIterable<Item[]>): AsyncGenerator<{ items: Item[]; readAt: string }> {
  for await (const page of pages) {
    const items = [...new Map(page.map((item) => [item.id, item])).values()];
    if (items.length > 0) yield { items, readAt: new Date().toISOString() };
  }
}

function ids(items: readonly { id: string }[]): string[] {
  return items.map((item) => item.id);
}

export function sightingOf(customer: Customer) {
  return { rechargeCustomerId: customer.id, email: customer.email, shopifyCustomerId: customer.external_customer_id, sourceUpdatedAt: customer.updated_at };
}

/** Recharge's examples have whole seconds. */
function withoutMs(instant: Date): string {
  return instant.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
