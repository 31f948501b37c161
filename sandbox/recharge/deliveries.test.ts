// The sender: signatures, headers, versions, tries, the end of a registration.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { retryDelaysMs } from './deliveries.ts';
import { SAMPLE_CUSTOMER_ID } from './seed.ts';
import { newSignature, oldSignature } from './signatures.ts';
import type { RechargeSimulator } from './simulator.ts';
import { startRechargeSimulator } from './simulator.ts';
import { DEFAULT_SECRET } from './stores.ts';
import { callerOf, register, startReceiver } from './testing/bench.ts';
import type { Caller, Receiver } from './testing/bench.ts';

const HOURS = 3600;

describe('webhook sender', () => {
  let sim: RechargeSimulator;
  let receiver: Receiver;
  let call: Caller;

  beforeEach(async () => {
    receiver = await startReceiver();
    sim = await startRechargeSimulator({ timeScale: 0, switches: { daily: false } });
    call = callerOf(sim.url);
  });
  afterEach(async () => {
    await sim.close();
    await receiver.sim.close();
  });

  const change = (): Promise<object> => sim.do('update-customer', { customerId: SAMPLE_CUSTOMER_ID });
  const customerDeliveries = (): RechargeSimulator['deliveries'] => sim.deliveries.filter((delivery) => delivery.topic === 'customer/updated');

  it('signs both ways with the secret of the token that registered, and names topic and shop', async () => {
    await register(call, receiver, ['customer/updated']);
    await change();
    await sim.advance(5);

    const [request] = receiver.received();
    const headers = request?.headers ?? {};
    const body = request?.body ?? '';
    const stamp = Number(headers['x-recharge-webhook-timestamp']);
    expect(headers['x-recharge-hmac-sha256']).toBe(oldSignature(DEFAULT_SECRET, body));
    expect(headers['x-recharge-webhook-signature']).toBe(newSignature(DEFAULT_SECRET, body, stamp));
    expect(Math.abs(stamp - Date.now() / 1000)).toBeLessThan(60);
    expect(headers).toMatchObject({ 'x-recharge-topic': 'customer/updated', 'x-recharge-external-platform-domain': sim.store().shop });
    expect(JSON.parse(body)).toEqual({ customer: ((await call('GET', `/customers/${SAMPLE_CUSTOMER_ID}`)).body as unknown as { customer: object }).customer });
  });

  it('leaves headers out or signs wrongly where asked to', async () => {
    await register(call, receiver, ['customer/updated']);
    Object.assign(sim.switches, { sendTopicHeader: false, sendDomainHeader: false, signatures: 'new-wrong' });
    await change();
    await sim.advance(5);

    const headers = receiver.received()[0]?.headers ?? {};
    const body = receiver.received()[0]?.body ?? '';
    expect(headers).not.toHaveProperty('x-recharge-topic');
    expect(headers['x-recharge-hmac-sha256']).toBe(oldSignature(DEFAULT_SECRET, body));
    expect(headers['x-recharge-webhook-signature']).not.toBe(newSignature(DEFAULT_SECRET, body, Number(headers['x-recharge-webhook-timestamp'])));
  });

  it('sends to every token its own, in the version it registered', async () => {
    sim.addToken(sim.store().shop, { token: 'sk_second', secret: 'second_secret' });
    await register(call, receiver, ['customer/updated']);
    await register(callerOf(sim.url, 'sk_second'), receiver, ['customer/updated'], { version: '2021-01' });
    await change();
    await sim.advance(5);

    const [one, two] = receiver.received();
    expect(JSON.parse(one?.body ?? '')).toHaveProperty('customer.external_customer_id.ecommerce');
    expect(JSON.parse(two?.body ?? '')).toHaveProperty('customer.shopify_customer_id');
    expect(two?.headers['x-recharge-hmac-sha256']).toBe(oldSignature('second_secret', two?.body ?? ''));
  });

  it('includes objects under include, or at the top', async () => {
    await register(call, receiver, ['subscription/updated'], { included_objects: ['customer', 'metafields'] });
    await sim.do('update-subscription', { customerId: SAMPLE_CUSTOMER_ID });
    await sim.advance(5);
    sim.switches.includedObjects = 'top';
    await sim.do('update-subscription', { customerId: SAMPLE_CUSTOMER_ID });
    await sim.advance(5);

    const [under, top] = receiver.bodies<Record<string, unknown>>();
    expect(under).toMatchObject({ subscription: { include: { customer: { id: SAMPLE_CUSTOMER_ID }, metafields: [] } } });
    expect(top).toMatchObject({ subscription: { id: expect.any(Number) as number }, customer: { id: SAMPLE_CUSTOMER_ID } });
  });

  it('doubles its delays from 30 s so that 20 tries span 48 hours exactly', () => {
    const delays = retryDelaysMs({ retryAttempts: 20, retryWindowSeconds: 172_800, retryFirstDelaySeconds: 30 });

    expect(delays).toHaveLength(19);
    expect(delays.slice(0, 4)).toEqual([30_000, 60_000, 120_000, 240_000]);
    expect(Math.abs(delays.reduce((sum, delay) => sum + delay, 0) - 172_800_000)).toBeLessThan(20);
  });

  it('tries 20 times in 48 hours, then deletes the registration and mails its owner', async () => {
    receiver.answer = () => ({ status: 503 });
    const [id] = await register(call, receiver, ['customer/updated']);
    await change();

    await sim.advance(47 * HOURS);
    expect(receiver.received()).toHaveLength(19);
    expect((await call('GET', `/webhooks/${id}`)).status).toBe(200);
    await sim.advance(2 * HOURS);

    expect(receiver.received()).toHaveLength(20);
    expect((await call('GET', '/webhooks')).body).toEqual({ webhooks: [] });
    expect(sim.mails).toMatchObject([{ kind: 'webhook_deleted', to: 'ops@example.com', about: { webhook_id: id } }]);
    expect(customerDeliveries()[0]).toMatchObject({ state: 'gave-up' });
    await sim.advance(48 * HOURS);
    expect(receiver.received()).toHaveLength(20);
  });

  it('succeeds on a later try and keeps the registration', async () => {
    receiver.answer = (number) => ({ status: number < 3 ? 500 : 200 });
    await register(call, receiver, ['customer/updated']);
    await change();
    await sim.advance(HOURS);

    expect(customerDeliveries()[0]).toMatchObject({ state: 'delivered', attempts: [{ status: 500 }, { status: 500 }, { status: 200 }] });
    expect((await call('GET', '/webhooks')).body).toMatchObject({ webhooks: [{ topic: 'customer/updated' }] });
  });

  it('takes a 401 as final, retries 408 and 429, and 401 too where older pages are right', async () => {
    await register(call, receiver, ['customer/updated']);
    for (const status of [401, 408, 429]) {
      receiver.answer = () => ({ status });
      await change();
      await sim.advance(40);
    }
    sim.switches.retryClientErrors = true;
    receiver.answer = () => ({ status: 401 });
    await change();
    await sim.advance(40);

    expect(customerDeliveries().map((delivery) => delivery.state)).toEqual(['refused', 'waiting', 'waiting', 'waiting']);
  });

  it('counts a receiver that answers too late as failed', async () => {
    receiver.sim.faults.add({ fault: { kind: 'hang' } });
    sim.switches.deliveryTimeoutMs = 50;
    await register(call, receiver, ['customer/updated']);
    await change();
    await sim.advance(60);

    expect(customerDeliveries()[0]).toMatchObject({ state: 'delivered', attempts: [{ status: null, error: expect.stringContaining('Timeout') as string }, { status: 200 }] });
  });

  it('stamps each try anew, or keeps the first stamp', async () => {
    receiver.answer = (number) => ({ status: number % 2 === 1 ? 500 : 200 });
    sim.switches.stampClock = 'simulated';
    await register(call, receiver, ['customer/updated']);
    await change();
    await sim.advance(60);
    sim.switches.retryStamp = 'kept';
    await change();
    await sim.advance(60);

    const stamps = customerDeliveries().map((delivery) => delivery.attempts.map((attempt) => attempt.stamp));
    expect((stamps[0]?.[1] ?? 0) - (stamps[0]?.[0] ?? 0)).toBe(30);
    expect(stamps[1]?.[1]).toBe(stamps[1]?.[0]);
  });

  it('doubles, swaps and holds back where asked to', async () => {
    await register(call, receiver, ['customer/updated']);
    sim.switches.duplicateChance = 1;
    await change();
    await sim.advance(5);
    expect(receiver.received()).toHaveLength(2);
    expect(receiver.received()[0]?.body).toBe(receiver.received()[1]?.body);
    receiver.clear();

    Object.assign(sim.switches, { duplicateChance: 0, holdBackChance: 1 });
    await change();
    await sim.advance(60);
    expect(receiver.received()).toHaveLength(0);
    await sim.advance(120);
    expect(receiver.received()).toHaveLength(1);
  });

  it('pauses and resumes, and loses registrations on demand', async () => {
    await register(call, receiver, ['customer/updated']);
    const control = async (method: string, path: string): Promise<unknown> => (await call(method, `/_sim/${path}`)).body;
    await control('POST', 'pause-webhooks');
    await change();
    await sim.advance(60);
    expect(receiver.received()).toHaveLength(0);
    expect(await control('POST', 'resume-webhooks')).toEqual({ paused: false, released: 1 });
    await sim.settled();
    expect(receiver.received()).toHaveLength(1);

    expect(await control('POST', 'webhooks/delete-all')).toEqual({ deleted: 1 });
    await change();
    await sim.advance(60);
    expect(receiver.received()).toHaveLength(1);
  });

  it('refuses the twin of a webhook with its id, an eleventh of one topic, unknown topics and payment_methods', async () => {
    const [id] = await register(call, receiver, ['charge/paid']);
    const twin = await call('POST', '/webhooks', { address: `${receiver.url}/hooks/charge/paid`, topic: 'charge/paid' });
    expect(twin.status).toBe(422);
    expect((twin.body as unknown as { errors: { duplicate: string[] } }).errors.duplicate[0]).toMatch(new RegExp(` ${id}$`));
    for (let n = 0; n < 9; n += 1) await call('POST', '/webhooks', { address: `${receiver.url}/more/${n}`, topic: 'charge/paid' });
    expect((await call('POST', '/webhooks', { address: `${receiver.url}/more/10`, topic: 'charge/paid' })).status).toBe(422);
    expect((await call('POST', '/webhooks', { address: receiver.url, topic: 'charge/processed' })).status).toBe(422);
    expect((await call('POST', '/webhooks', { address: receiver.url, topic: 'order/created', included_objects: ['payment_methods'] })).status).toBe(422);
  });

  it('shows, changes, tests and deletes a webhook to its own token only', async () => {
    sim.addToken(sim.store().shop, { token: 'sk_second', secret: 'second_secret' });
    const [id] = await register(call, receiver, ['order/created']);
    expect((await callerOf(sim.url, 'sk_second')('GET', `/webhooks/${id}`)).status).toBe(404);
    expect((await call('PUT', `/webhooks/${id}`, { topic: 'order/processed' })).body).toMatchObject({ webhook: { id, topic: 'order/processed', version: '2021-11' } });
    expect((await call('POST', `/webhooks/${id}/test`)).status).toBe(200);
    await sim.settled();
    expect(receiver.bodies()[0]).toHaveProperty('order.id');
    expect((await call('DELETE', `/webhooks/${id}`)).status).toBe(204);
    expect((await call('GET', `/webhooks/${id}`)).status).toBe(404);
  });

  it('keeps an address busy while a webhook about it is under way, where asked to', async () => {
    sim.switches.busyDuringDelivery = true;
    await register(call, receiver, ['subscription/updated']);
    const subscription = (await sim.do('update-subscription', { customerId: SAMPLE_CUSTOMER_ID })) as { id: number };
    receiver.sim.faults.add({ fault: { kind: 'delay', ms: 300 } });
    const moving = sim.advance(2);
    let statuses: number[] = [];
    for (let n = 0; n < 20 && !statuses.includes(409); n += 1) statuses = [...statuses, (await call('PUT', `/subscriptions/${subscription.id}`, { price: '9.00' })).status];
    await moving;

    expect(statuses).toContain(409);
    expect((await call('PUT', `/subscriptions/${subscription.id}`, { price: '8.00' })).status).toBe(200);
  });

  it('makes traffic at the rate asked for', async () => {
    await register(call, receiver, ['subscription/updated']);
    sim.switches.webhookDelayFactor = 0;
    const report = await sim.traffic({ perSecond: 400, seconds: 0.5 });
    await sim.settled();

    expect(report).toMatchObject({ made: 200, wanted: 200, running: false });
    expect(receiver.received()).toHaveLength(200);
  });
});
