import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DomainEvent } from '#app/events/event.ts';
import { closeHttp } from '#app/http.server.ts';
import { createRechargeClient, type RechargeClient } from '#app/recharge/client.server.ts';
import { parseRechargeJson } from '#app/recharge/json.ts';
import { eventOf, normaliseWebhook, type CustomerSighting } from '#app/recharge/normalise.ts';
import { reconcileWebhooks } from '#app/recharge/registration.server.ts';
import { wantedTopics } from '#app/recharge/topics.ts';
import { startRechargeSimulator, type RechargeSimulator } from '#sandbox/recharge/simulator.ts';

const token = 'sk_webhooks_0001';
const shop = 'test-store.myshopify.com';
const allScopes = ['read_customers', 'read_subscriptions', 'read_orders', 'store_info'];

let sim: RechargeSimulator;
let client: RechargeClient;
let receiver: http.Server;
let base: string;
let told: { event: DomainEvent; customers: CustomerSighting[] }[];
let refused: string[];

beforeEach(async () => {
  told = [];
  refused = [];
  receiver = http.createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk)).on('end', () => {
      const topic = (request.url ?? '').split('/').slice(-2).join('/');
      const read = normaliseWebhook(topic, parseRechargeJson(text), '2026-11-22T08:00:00.000Z');
      if (read.ok) for (const event of read.events) told.push({ event, customers: read.customers });
      else refused.push(`${topic}: ${read.reason}`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/recharge/key`;
  sim = await startRechargeSimulator({ timeScale: 0, stores: [{ shop, customers: 6, tokens: [{ token, secret: 's' }] }], switches: { rateLimit: false, webhookDelayFactor: 0 } });
  client = createRechargeClient({ baseUrl: sim.url, apiToken: token, budget: { take: async () => {}, penalise: async () => {} }, priority: 'background', wait: async () => {} });
  await reconcileWebhooks(client, { webhookBaseUrl: base, wanted: wantedTopics(allScopes) });
});
afterEach(async () => {
  await sim.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});
afterAll(closeHttp);

async function act(...names: Parameters<RechargeSimulator['do']>[0][]) {
  for (const name of names) {
    await sim.do(name);
    await sim.advance(90);
  }
  await sim.settled();
}

describe('webhooks of the simulator', () => {
  it.each(['include', 'top'] as const)('all become events, each about the customer it concerns (included customer: %s)', async (where) => {
    sim.switches.includedObjects = where;

    await act('create-subscription', 'update-subscription', 'swap', 'pause', 'skip', 'unskip', 'cancel', 'activate', 'renew', 'upcoming', 'fail-charge', 'max-retries', 'refund', 'new-checkout', 'update-address', 'update-customer', 'update-payment-method', 'expire', 'delete-subscription', 'uninstall');

    const types = [...new Set(told.map(({ event }) => event.type))].sort();
    expect(refused).toEqual([]);
    for (const type of ['subscription.created', 'subscription.updated', 'subscription.cancelled', 'subscription.activated', 'subscription.expired', 'subscription.deleted', 'subscription.skipped', 'charge.created', 'charge.updated', 'charge.paid', 'charge.failed', 'charge.upcoming', 'charge.refunded', 'order.created', 'order.processed', 'customer.updated', 'address.updated', 'recharge.uninstalled'] as const) {
      expect(types).toContain(type);
    }
    for (const { event, customers } of told) {
      if (event.type === 'recharge.uninstalled' || event.type === 'charge.deleted') continue;
      expect(event.rechargeCustomerId, event.type).toMatch(/^\d+$/);
      if (event.type.startsWith('subscription.')) expect(customers, event.type).toMatchObject([{ rechargeCustomerId: event.rechargeCustomerId, email: expect.stringContaining('@') }]);
    }
  });

  it('name facts so that a later read does not tell them again', async () => {
    await act('create-subscription', 'cancel');
    const cancelled = told.find(({ event }) => event.type === 'subscription.cancelled')!.event;
    const created = told.find(({ event }) => event.type === 'subscription.created')!.event;

    const later = await client.getSubscription(cancelled.objectId);
    const madeLater = await client.getSubscription(created.objectId);

    expect(eventOf({ type: 'subscription.cancelled', data: { subscription: later } }, 'reconcile', '').key).toBe(cancelled.key);
    expect(eventOf({ type: 'subscription.created', data: { subscription: madeLater } }, 'reconcile', '').key).toBe(created.key);
    expect(eventOf({ type: 'subscription.cancelled', data: { subscription: later } }, 'reconcile', '').occurredAt).toBe(cancelled.occurredAt);
  });

  it('are read alike in the former spelling', async () => {
    sim.requestLog.clear();
    for (const webhook of await client.listWebhooks()) await client.deleteWebhook(webhook.id);
    for (const { name } of wantedTopics(allScopes)) {
      const answer = await fetch(`${sim.url}/webhooks`, { method: 'POST', headers: { 'x-recharge-access-token': token, 'x-recharge-version': '2021-01', 'content-type': 'application/json' }, body: JSON.stringify({ topic: name, address: `${base}/${name}`, version: '2021-01' }) });
      expect(answer.ok, name).toBe(true);
    }

    await act('create-subscription', 'cancel', 'renew', 'update-customer', 'update-address');

    expect(refused).toEqual([]);
    expect(told.length).toBeGreaterThan(8);
    const cancelled = told.find(({ event }) => event.type === 'subscription.cancelled')!.event;
    const now = await client.getSubscription(cancelled.objectId);
    expect(cancelled.data).toMatchObject({ subscription: { status: 'cancelled', external_product_id: now.external_product_id, created_at: now.created_at, next_charge_scheduled_at: now.next_charge_scheduled_at, order_interval_frequency: now.order_interval_frequency } });
    expect(cancelled.key).toBe(eventOf({ type: 'subscription.cancelled', data: { subscription: now } }, 'reconcile', '').key);
    const charge = told.find(({ event }) => event.type === 'charge.paid' || event.type === 'charge.created')!.event;
    expect(charge.data).toMatchObject({ charge: { customer_id: charge.rechargeCustomerId, status: expect.stringMatching(/^[a-z_]+$/), line_items: [{ purchase_item_id: expect.stringMatching(/^\d+$/), external_product_id: expect.any(String), unit_price: expect.any(String) }] } });
  });
});
