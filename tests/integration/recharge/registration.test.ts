import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeHttp } from '#app/http.server.ts';
import { createRechargeClient, type RechargeClient } from '#app/recharge/client.server.ts';
import { reconcileWebhooks, removeWebhooks } from '#app/recharge/registration.server.ts';
import { topics, wantedTopics } from '#app/recharge/topics.ts';
import { startRechargeSimulator, type RechargeSimulator } from '#sandbox/recharge/simulator.ts';

const token = 'sk_registration_0001';
const shop = 'test-store.myshopify.com';
const webhookBaseUrl = 'https://app.example.com/webhooks/recharge/key_one';
const wanted = wantedTopics(['read_customers', 'read_subscriptions', 'read_orders', 'store_info']);

let sim: RechargeSimulator;
let client: RechargeClient;

beforeEach(async () => {
  sim = await startRechargeSimulator({ timeScale: 0, stores: [{ shop, customers: 1, tokens: [{ token, secret: 's' }] }], switches: { rateLimit: false } });
  client = createRechargeClient({ baseUrl: sim.url, apiToken: token, budget: { take: async () => {}, penalise: async () => {} }, priority: 'background', wait: async () => {} });
});
afterEach(() => sim.close());
afterAll(closeHttp);

const registered = async () => (await client.listWebhooks()).map((webhook) => `${webhook.topic} ${webhook.address}`).sort();
const ours = () => wanted.map(({ name }) => `${name} ${webhookBaseUrl}/${name}`).sort();
const writes = () => sim.requests.filter((request) => request.method !== 'GET').length;

describe('reconcileWebhooks', () => {
  it.each([200, 201] as const)('registers every wanted topic at its own address, asking for 2021-11 and for the customer beside a subscription (answer %i)', async (status) => {
    sim.switches.webhookCreateStatus = status;

    const result = await reconcileWebhooks(client, { webhookBaseUrl, wanted });

    expect(wanted.length).toBeGreaterThan(35);
    expect(result).toMatchObject({ wanted: wanted.length, present: wanted.length, deleted: [], failed: [] });
    expect([...result.created].sort()).toEqual(wanted.map((topic) => topic.name).sort());
    expect(await registered()).toEqual(ours());
    const bodies = sim.requests.filter((request) => request.method === 'POST').map((request) => JSON.parse(request.body) as { topic: string; version: string; included_objects?: string[] });
    for (const body of bodies) {
      expect(body.version).toBe('2021-11');
      expect(body.included_objects).toEqual(body.topic.startsWith('subscription/') ? ['customer'] : undefined);
    }
  });

  it('writes nothing the second time', async () => {
    await reconcileWebhooks(client, { webhookBaseUrl, wanted });
    sim.requestLog.clear();

    expect(await reconcileWebhooks(client, { webhookBaseUrl, wanted })).toEqual({ wanted: wanted.length, present: wanted.length, created: [], deleted: [], failed: [] });

    expect(writes()).toBe(0);
  });

  it('P12 makes again what Recharge has dropped, and only that', async () => {
    await reconcileWebhooks(client, { webhookBaseUrl, wanted });
    for (const webhook of (await client.listWebhooks()).slice(0, 3)) await client.deleteWebhook(webhook.id);

    const result = await reconcileWebhooks(client, { webhookBaseUrl, wanted });

    expect(result.created).toHaveLength(3);
    expect(await registered()).toEqual(ours());
  });

  it.each([200, 204] as const)('deletes strays under our own base URL and leaves every other address alone (answer %i)', async (status) => {
    sim.switches.webhookDeleteStatus = status;
    const others = [
      'https://other.example.com/hooks',
      'https://app.example.com/webhooks/recharge/key_two/subscription/created',
      'https://app.example.com/webhooks/recharge/key_one_more/subscription/created',
      'https://app.example.com/webhooks/recharge/key_one',
    ];
    for (const address of others) await client.createWebhook({ topic: 'subscription/created', address });
    await client.createWebhook({ topic: 'subscription/updated', address: `${webhookBaseUrl}/subscription/created` });
    await client.createWebhook({ topic: 'plan/created', address: `${webhookBaseUrl}/plan/created` });

    const result = await reconcileWebhooks(client, { webhookBaseUrl, wanted });

    expect([...result.deleted].sort()).toEqual(['plan/created', 'subscription/updated']);
    expect(await registered()).toEqual([...ours(), ...others.map((address) => `subscription/created ${address}`)].sort());
  });

  it('replaces a registration of another API version', async () => {
    const name = 'subscription/created';
    const body = { webhooks: [{ id: 1, topic: name, address: `${webhookBaseUrl}/${name}`, version: '2021-01', included_objects: [] }], next_cursor: null };
    sim.faults.add({ match: { method: 'GET', path: '^/webhooks$' }, times: 1, fault: { kind: 'body', body } });

    const result = await reconcileWebhooks(client, { webhookBaseUrl, wanted: wanted.filter((topic) => topic.name === name) });

    expect(result).toMatchObject({ created: [name], deleted: [name] });
    expect((await client.listWebhooks()).map((webhook) => webhook.version)).toEqual(['2021-11']);
  });

  it('counts a registration that Recharge calls a duplicate as present', async () => {
    await reconcileWebhooks(client, { webhookBaseUrl, wanted });
    sim.faults.add({ match: { method: 'GET', path: '^/webhooks$' }, times: 1, fault: { kind: 'body', body: { webhooks: [], next_cursor: null } } });

    const result = await reconcileWebhooks(client, { webhookBaseUrl, wanted });

    expect(result).toEqual({ wanted: wanted.length, present: wanted.length, created: [], deleted: [], failed: [] });
    expect(await registered()).toEqual(ours());
  });

  it('names the topics that Recharge refuses and registers the rest', async () => {
    sim.addToken(shop, { token: 'sk_poor', secret: 's', scopes: ['read_customers'] });
    const poor = createRechargeClient({ baseUrl: sim.url, apiToken: 'sk_poor', budget: { take: async () => {}, penalise: async () => {} }, priority: 'background', wait: async () => {} });

    const result = await reconcileWebhooks(poor, { webhookBaseUrl, wanted });

    expect([...result.created].sort()).toEqual(wanted.filter((topic) => topic.scopes.includes('read_customers')).map((topic) => topic.name).sort());
    expect(result.failed.length).toBe(wanted.length - result.created.length);
    expect(result.failed[0]?.message).toContain('403');
  });

  it('ends with the failure when Recharge goes away half-way, and what was made stays', async () => {
    sim.faults.add({ match: { method: 'POST', path: '^/webhooks$' }, after: 10, times: -1, fault: { kind: 'status', status: 503 } });
    await expect(reconcileWebhooks(client, { webhookBaseUrl, wanted })).rejects.toMatchObject({ kind: 'transient', system: 'Recharge' });
    sim.faults.clear();
    expect(await registered()).toHaveLength(10);

    expect(await reconcileWebhooks(client, { webhookBaseUrl, wanted })).toMatchObject({ present: wanted.length });
  });

  it('deletes nothing when the list came only in part', async () => {
    await reconcileWebhooks(client, { webhookBaseUrl, wanted });
    sim.requestLog.clear();
    sim.faults.add({ match: { method: 'GET', path: '^/webhooks$' }, times: -1, fault: { kind: 'cut', declare: 'cut' } });
    await expect(reconcileWebhooks(client, { webhookBaseUrl, wanted: [] })).rejects.toMatchObject({ code: 'recharge_answer_cut' });
    expect(writes()).toBe(0);
  });

  it('survives an answer that was lost: the repetition is a duplicate, not a second registration', async () => {
    sim.faults.add({ match: { method: 'POST', path: '^/webhooks$' }, times: 2, fault: { kind: 'executeThenDrop' } });
    expect(await reconcileWebhooks(client, { webhookBaseUrl, wanted })).toMatchObject({ present: wanted.length, failed: [] });
    expect(await registered()).toEqual(ours());
  });
});

describe('removeWebhooks', () => {
  it('deletes ours and nobody else’s, and is content when there is nothing', async () => {
    await client.createWebhook({ topic: 'subscription/created', address: 'https://other.example.com/hooks' });
    await reconcileWebhooks(client, { webhookBaseUrl, wanted });

    expect((await removeWebhooks(client, webhookBaseUrl)).length).toBe(wanted.length);
    expect(await registered()).toEqual(['subscription/created https://other.example.com/hooks']);
    expect(await removeWebhooks(client, webhookBaseUrl)).toEqual([]);
  });

  it('takes a registration that is gone already for deleted', async () => {
    await client.deleteWebhook('999999');
    expect(writes()).toBe(1);
  });
});

describe('topics', () => {
  it('agree with the simulator: each one can be registered and no other', async () => {
    for (const topic of topics) expect(await client.createWebhook({ topic: topic.name, address: `https://x.example/${topic.name}` }), topic.name).not.toBeNull();
    await expect(client.createWebhook({ topic: 'charge/processed', address: 'https://x.example/' })).rejects.toMatchObject({ kind: 'rejected' });
  });
});
