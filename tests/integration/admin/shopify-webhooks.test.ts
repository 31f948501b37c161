/** Shopify's webhooks: who is let in, what each does, and that none does its work twice or to the wrong install. */
import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ensureShop, findShop, markUninstalled } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { env } from '#app/env.server.ts';
import { action, loader } from '#app/routes/webhooks.shopify.$.ts';
import { startRig, type Rig } from '#tests/support/rig.ts';

let rig: Rig;
let shop: { domain: string; shopId: string };

beforeAll(async () => {
  rig = await startRig();
});

/** A shop with a connection and a destination, as rows; the tests that speak with Recharge take a connected one of the rig. */
beforeEach(async () => {
  shop = await ensureShop(`shop-${randomUUID().slice(0, 8)}.myshopify.com`);
  const shopId = BigInt(shop.shopId);
  await db.connection.create({ data: { shopId, connectionKey: randomUUID(), status: 'disconnected', clientSecretSealed: new Uint8Array(40) } });
  await db.destination.create({ data: { shopId, type: 'bloomreach', settings: {}, secretsSealed: new Uint8Array(40) } });
  await db.settingChange.create({ data: { shopId, actor: 'test', subject: 'recharge' } });
});

afterAll(() => rig.close());

type Message = { topic: string; body: unknown; headers?: Record<string, string>; secret?: string; method?: string };

async function send({ topic, body, headers = {}, secret = env().shopify.apiSecret, method = 'POST' }: Message): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = {
    'x-shopify-topic': topic,
    'x-shopify-shop-domain': shop.domain,
    'x-shopify-event-id': randomUUID(),
    'x-shopify-triggered-at': new Date().toISOString(),
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(text).digest('base64'),
    ...headers,
  };
  const request = new Request(`http://app.example/webhooks/shopify/${topic}`, { method, headers: all, ...(method === 'GET' ? {} : { body: text }) });
  const args = { request, params: { '*': topic }, context: {} };
  return (method === 'GET' ? loader() : await action(args)).status;
}

const uninstalled = () => ({ topic: 'app/uninstalled', body: { id: 954889, myshopify_domain: shop.domain, domain: shop.domain } });
const redact = (customer: object) => ({ topic: 'customers/redact', body: { shop_id: 954889, shop_domain: shop.domain, customer, orders_to_redact: [] } });

test('BF-95 a wrong, missing or malformed signature is refused with 401 and changes nothing', async () => {
  const statuses = [
    await send({ ...uninstalled(), secret: 'another secret' }),
    await send({ ...uninstalled(), headers: { 'x-shopify-hmac-sha256': '' } }),
    await send({ ...uninstalled(), headers: { 'x-shopify-hmac-sha256': 'not base64 at all' } }),
  ];

  expect(statuses).toEqual([401, 401, 401]);
  expect(await findShop(shop.domain)).not.toBeNull();
  expect(await db.shopifyWebhook.count({ where: { shopDomain: shop.domain } })).toBe(0);
});

test('another method than POST is answered with 405', async () => {
  expect(await send({ ...uninstalled(), method: 'GET' })).toBe(405);
  expect(await send({ ...uninstalled(), method: 'PUT' })).toBe(405);
});

test('signed bytes that are no JSON object, an unknown topic and a topic that differs from the path are refused', async () => {
  const statuses = [
    await send({ topic: 'app/uninstalled', body: 'not json' }),
    await send({ topic: 'app/uninstalled', body: '[1]' }),
    await send({ topic: 'orders/create', body: {} }),
    await send({ ...uninstalled(), headers: { 'x-shopify-topic': 'shop/redact' } }),
    await send({ topic: 'app/uninstalled', body: { id: 1 } }),
  ];

  expect(statuses).toEqual([400, 400, 404, 400, 400]);
});

test('headers are not signed, so a header that names another shop than the body is refused with 401', async () => {
  const other = await ensureShop('another-shop.myshopify.com');

  expect(await send({ ...uninstalled(), headers: { 'x-shopify-shop-domain': other.domain } })).toBe(401);
  expect(await findShop(other.domain)).not.toBeNull();
  expect(await findShop(shop.domain)).not.toBeNull();
});

test('the newer family of header names is read as well', async () => {
  const text = JSON.stringify({ shop_id: 1, shop_domain: shop.domain, customer: { id: 1, email: null } });
  const request = new Request('http://app.example/webhooks/shopify/customers/data_request', {
    method: 'POST',
    body: text,
    headers: { 'shopify-topic': 'customers/data_request', 'shopify-shop-domain': shop.domain, 'shopify-webhook-id': randomUUID(), 'shopify-hmac-sha256': createHmac('sha256', env().shopify.apiSecret).update(text).digest('base64') },
  });

  expect((await action({ request, params: { '*': 'customers/data_request' }, context: {} })).status).toBe(200);
});

test('BF-06 an uninstall stops deliveries, takes away every secret and leaves no webhook at Recharge', async () => {
  shop = await rig.shop();
  await db.session.create({ data: { id: `offline_${shop.domain}`, shop: shop.domain, state: '', accessToken: 'sealed' } });
  expect([...rig.recharge.store(shop.domain).webhooks.all()].length).toBeGreaterThan(0);

  expect(await send(uninstalled())).toBe(200);

  expect(await findShop(shop.domain)).toBeNull();
  const [destination] = await db.destination.findMany({ where: { shopId: BigInt(shop.shopId) } });
  expect(destination).toMatchObject({ status: 'stopped', secretsSealed: null });
  const connection = await db.connection.findUniqueOrThrow({ where: { shopId: BigInt(shop.shopId) } });
  expect(connection).toMatchObject({ status: 'disconnected', apiTokenSealed: null, clientSecretSealed: null, previousApiTokenSealed: null, previousClientSecretSealed: null });
  expect(await db.session.count({ where: { shop: shop.domain } })).toBe(0);
  // Thirty registrations at two calls a second outlast Shopify's patience, so they go after the answer.
  await expect.poll(() => [...rig.recharge.store(shop.domain).webhooks.all()].length, { timeout: 30_000 }).toBe(0);
});

test('an uninstall goes through while Recharge is down', async () => {
  shop = await rig.shop();
  rig.recharge.faults.add({ match: {}, times: -1, fault: { kind: 'reset' } });
  expect(await send(uninstalled())).toBe(200);
  rig.recharge.faults.clear();

  expect(await findShop(shop.domain)).toBeNull();
  const connection = await db.connection.findUniqueOrThrow({ where: { shopId: BigInt(shop.shopId) } });
  expect(connection.apiTokenSealed).toBeNull();
});

test('a late uninstall of an older install does not touch the newer one', async () => {
  const before = new Date(Date.now() - 60_000);
  await markUninstalled(shop.domain);
  await ensureShop(shop.domain);

  expect(await send({ ...uninstalled(), headers: { 'x-shopify-triggered-at': before.toISOString() } })).toBe(200);

  expect(await findShop(shop.domain)).not.toBeNull();
  const [entry] = await db.shopifyWebhook.findMany({ where: { shopDomain: shop.domain } });
  expect(entry?.report).toEqual({ ignored: 'the shop was installed after this uninstall' });
});

test('a late uninstall does not touch a shop that signed in again before anybody noticed that it had left', async () => {
  await db.shop.update({ where: { domain: shop.domain }, data: { installedAt: new Date(Date.now() - 86_400_000), adminMarks: { authenticatedAt: new Date().toISOString() } } });
  const before = new Date(Date.now() - 60_000);

  await send({ ...uninstalled(), headers: { 'x-shopify-triggered-at': before.toISOString() } });

  expect(await findShop(shop.domain)).not.toBeNull();
});

test('BF-96 the same message a second time does nothing', async () => {
  const headers = { 'x-shopify-event-id': randomUUID() };
  await send({ ...uninstalled(), headers });
  await ensureShop(shop.domain);
  await db.shop.update({ where: { domain: shop.domain }, data: { installedAt: new Date(0), adminMarks: {} } });

  expect(await send({ ...uninstalled(), headers })).toBe(200);

  expect(await findShop(shop.domain)).not.toBeNull();
  expect(await db.shopifyWebhook.count({ where: { shopDomain: shop.domain } })).toBe(1);
});

test('changed scopes are kept with the session', async () => {
  await db.session.create({ data: { id: `offline_${shop.domain}`, shop: shop.domain, state: '', accessToken: 'sealed', scope: 'read_customers' } });

  await send({ topic: 'app/scopes_update', body: { id: 1, previous: [], current: ['read_customers', 'write_app_proxy'] } });

  expect((await db.session.findUniqueOrThrow({ where: { id: `offline_${shop.domain}` } })).scope).toBe('read_customers,write_app_proxy');
});

test('BF-95 erasing a customer removes every row of theirs, by Shopify id or e-mail, and none of anybody else', async () => {
  await rows('111', '6001', 'Ana.Muster@example.com');
  await rows('222', '6002', 'ben.probe@example.com');

  expect(await send(redact({ id: 6001, email: 'ana.muster@example.com', phone: null }))).toBe(200);

  expect(await countsOf('111')).toEqual({ customers: 0, subscriptions: 0, events: 0, lanes: 0 });
  expect(await countsOf('222')).toEqual({ customers: 1, subscriptions: 1, events: 1, lanes: 1 });
  expect(await db.delivery.count({ where: { shopId: BigInt(shop.shopId) } })).toBe(1);
  expect(await db.attempt.count({ where: { shopId: BigInt(shop.shopId) } })).toBe(1);
  const [entry] = await db.shopifyWebhook.findMany({ where: { shopDomain: shop.domain } });
  expect(entry?.report).toMatchObject({ erased: { CustomerState: 1, SubscriptionState: 1, Event: 1, Delivery: 1, Attempt: 1, PortalVisit: 1 } });
  expect(JSON.stringify(entry)).not.toContain('example.com');
});

test('BF-95 a data request is answered with counts and without the person', async () => {
  await rows('111', '6001', 'ana.muster@example.com');

  expect(await send({ topic: 'customers/data_request', body: { shop_id: 1, shop_domain: shop.domain, customer: { id: 6001, email: 'ana.muster@example.com' } } })).toBe(200);

  const [entry] = await db.shopifyWebhook.findMany({ where: { shopDomain: shop.domain } });
  expect(entry?.report).toEqual({ held: { CustomerState: 1, SubscriptionState: 1, Event: 1, Delivery: 1 } });
});

test('BF-06 shop/redact erases a shop that has left, and leaves one alone that is installed', async () => {
  await rows('111', '6001', 'ana.muster@example.com');
  const message = { topic: 'shop/redact', body: { shop_id: 1, shop_domain: shop.domain } };

  expect(await send(message)).toBe(200);
  expect(await countsOf('111')).toMatchObject({ customers: 1, events: 1 });

  await send(uninstalled());
  expect(await send(message)).toBe(200);

  const shopId = BigInt(shop.shopId);
  const left = await Promise.all([
    db.shop.count({ where: { id: shopId } }),
    db.connection.count({ where: { shopId } }),
    db.destination.count({ where: { shopId } }),
    db.event.count({ where: { shopId } }),
    db.delivery.count({ where: { shopId } }),
    db.attempt.count({ where: { shopId } }),
    db.lane.count({ where: { shopId } }),
    db.customerState.count({ where: { shopId } }),
    db.subscriptionState.count({ where: { shopId } }),
    db.inboundWebhook.count({ where: { shopId } }),
    db.portalVisit.count({ where: { shopId } }),
    db.settingChange.count({ where: { shopId } }),
  ]);
  expect(left).toEqual(left.map(() => 0));
});

/** One customer with a subscription, an event, a delivery and an attempt. */
async function rows(rechargeCustomerId: string, shopifyCustomerId: string, email: string): Promise<void> {
  const shopId = BigInt(shop.shopId);
  const { customerHash } = await import('#app/portal/visits.server.ts');
  const { id: destinationId } = await db.destination.findFirstOrThrow({ where: { shopId } });
  await db.customerState.create({ data: { shopId, rechargeCustomerId, shopifyCustomerId, email } });
  await db.subscriptionState.create({ data: { shopId, rechargeSubscriptionId: `9${rechargeCustomerId}`, rechargeCustomerId, status: 'active', facts: {} } });
  await db.portalVisit.create({ data: { shopId, customerHash: customerHash(shop.shopId, shopifyCustomerId), entryPoint: 'proxy', outcome: 'redirected' } });
  const lane = await db.lane.create({ data: { shopId, destinationId, key: `customer:${rechargeCustomerId}` } });
  const event = await db.event.create({
    data: { shopId, key: `subscription.created:${rechargeCustomerId}`, type: 'subscription.created', rechargeCustomerId, objectId: `9${rechargeCustomerId}`, occurredAt: new Date(), origin: 'webhook', data: {}, contentDigest: new Uint8Array(32) },
  });
  const delivery = await db.delivery.create({ data: { shopId, eventId: event.id, destinationId, laneId: lane.id, acceptance: 'event', state: 'delivered' } });
  await db.attempt.create({ data: { shopId, deliveryId: delivery.id, number: 1, at: new Date(), durationMs: 5, outcome: 'delivered' } });
}

async function countsOf(rechargeCustomerId: string) {
  const where = { shopId: BigInt(shop.shopId), rechargeCustomerId };
  return {
    customers: await db.customerState.count({ where }),
    subscriptions: await db.subscriptionState.count({ where }),
    events: await db.event.count({ where }),
    lanes: await db.lane.count({ where: { shopId: where.shopId, key: `customer:${rechargeCustomerId}` } }),
  };
}
