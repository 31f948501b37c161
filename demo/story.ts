/**
 * The main job told once in the terminal: a subscription is created, charged, skipped and cancelled in Recharge, each step
 * is awaited at Bloomreach, then a shopper's link is followed into the portal. Throws with what did not happen.
 */
import { shop, type Simulators } from './simulators.ts';
import type { DemoApp } from './app.ts';

type Say = (line: string) => void;
type Received = { type: string; status: unknown; properties: Record<string, unknown> };

const stepLimitMs = 60_000;
const shopper = { id: 6001, email: 'ana.muster@example.com', name: 'Ana Muster' };

export async function tellStory(simulators: Simulators, app: DemoApp, say: Say): Promise<void> {
  const { recharge } = simulators;
  const store = recharge.store(shop);
  const customer = [...store.customers.all()].find((row) => row.email === shopper.email);
  if (!customer) throw new Error('The demo customer is missing');
  const before = new Set(store.subscriptions.of('customer', customer.id).map((row) => row.id));

  say(`1  ${shopper.name} subscribes`);
  await recharge.do('create-subscription', { shop, customerId: customer.id });
  const created = await until('the subscription in Recharge', () => store.subscriptions.of('customer', customer.id).find((row) => !before.has(row.id)));
  await heard(simulators, say, 'subscription', 'created', 'subscription_id', String(created.id));
  await flag(simulators, say, true);

  say('2  Recharge charges it');
  const charge = [...store.charges.of('customer', customer.id)].find((row) => row.status === 'queued' && row.line_items.some((item) => item.purchase_item_id === created.id));
  if (!charge) throw new Error('The new subscription has no queued charge');
  await recharge.do('renew', { shop, chargeId: charge.id });
  await heard(simulators, say, 'subscription_charge', 'paid', 'charge_id', String(charge.id));

  say('3  The next charge is skipped (an extended event, switched on in the demo)');
  const next = await until('the next charge', () => [...store.charges.of('customer', customer.id)].find((row) => row.status === 'queued' && row.line_items.some((item) => item.purchase_item_id === created.id)));
  await recharge.do('skip', { shop, chargeId: next.id, subscriptionId: created.id });
  await heard(simulators, say, 'subscription_extended', 'skipped', 'subscription_id', String(created.id));

  say('4  All her subscriptions are cancelled');
  for (const row of store.subscriptions.of('customer', customer.id).filter((each) => each.status === 'active')) {
    await recharge.do('cancel', { shop, subscriptionId: row.id });
    await heard(simulators, say, 'subscription', 'canceled', 'subscription_id', String(row.id));
  }
  await flag(simulators, say, false);

  say('5  She presses Manage Subscriptions on My Account');
  say(`   lands at ${await followPortalLink(simulators)}`);

  say('6  Every delivery is accounted for');
  const { items } = (await app.cli('deliveries', '--shop', shop, '--state', 'dead')) as { items: { reason: string }[] };
  if (items.length > 0) throw new Error(`${items.length} deliveries are dead, the first: ${items[0]?.reason}`);
  const { items: sent } = (await app.cli('deliveries', '--shop', shop, '--state', 'delivered')) as { items: unknown[] };
  if (sent.length === 0) throw new Error('No delivery is on record');
  say('   none is dead; what Bloomreach answered stands beside each attempt');
}

async function heard(simulators: Simulators, say: Say, type: string, status: string, idName: string, id: string): Promise<void> {
  const event = await until(`"${type}" with status "${status}" at Bloomreach`, () => receivedEvents(simulators).find((each) => each.type === type && each.status === status && each.properties[idName] === id));
  say(`   Bloomreach heard ${type} / ${status}: ${describe(event)}`);
}

async function flag(simulators: Simulators, say: Say, expected: boolean): Promise<void> {
  await until(`recharge_subscription_active = ${expected} at Bloomreach`, () => (activeFlag(simulators) === expected ? true : undefined));
  say(`   Bloomreach holds recharge_subscription_active = ${expected}`);
}

function receivedEvents(simulators: Simulators): Received[] {
  return simulators.bloomreach.received().events.map((event) => ({ type: event.type, status: event.properties['status'], properties: event.properties }));
}

function activeFlag(simulators: Simulators): unknown {
  const customer = simulators.bloomreach.received().customers.find((each) => Object.values(each.ids).flat().includes(shopper.email));
  const property = customer?.properties['recharge_subscription_active'];
  return property && typeof property === 'object' && 'value' in property ? property.value : property;
}

function describe(event: Received): string {
  const { product_title: title, total_price: total, currency } = event.properties;
  return [title, total === undefined ? undefined : `${String(total)} ${String(currency)}`].filter(Boolean).join(', ') || 'recorded';
}

/** As a browser would, with the shopper's own cookie; every step must be a plain link or redirect. */
async function followPortalLink(simulators: Simulators): Promise<string> {
  const storefront = simulators.shopify.storefrontUrl(shop);
  const signedIn = await fetch(`${storefront}/account/login`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ customer_id: String(shopper.id) }) });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const account = await (await fetch(`${storefront}/account`, { headers: { cookie } })).text();
  const link = /href="(\/apps\/rechannel\/portal[^"]*)"/.exec(account)?.[1];
  if (!link) throw new Error('The account page has no Manage Subscriptions link');
  const hop = await fetch(new URL(link.replaceAll('&amp;', '&'), storefront), { headers: { cookie }, redirect: 'manual' });
  const target = hop.headers.get('location');
  if (!target) throw new Error(`Manage Subscriptions answered ${hop.status} without a redirect`);
  const page = await (await fetch(new URL(target, storefront), { headers: { cookie } })).text();
  if (!page.includes(shopper.name)) throw new Error('The portal page does not greet the shopper');
  const url = new URL(target, storefront);
  return `${url.origin}${url.pathname.replace(/[0-9a-f]{12,}/, '…')}?token=… as ${shopper.name}`;
}

async function until<Value>(what: string, look: () => Value | undefined): Promise<Value> {
  const limit = performance.now() + stepLimitMs;
  for (;;) {
    const value = look();
    if (value !== undefined) return value;
    if (performance.now() > limit) throw new Error(`${what} did not come within ${stepLimitMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
