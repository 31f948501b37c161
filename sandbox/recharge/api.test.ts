// The door: tokens, versions, scopes, rate, collisions, and errors in the words that were captured.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RateBuckets } from './rate-bucket.ts';
import { SAMPLE_CUSTOMER_ID } from './seed.ts';
import type { RechargeSimulator } from './simulator.ts';
import { startRechargeSimulator } from './simulator.ts';
import { callerOf, fixture, hasFixtures } from './testing/bench.ts';
import type { Caller } from './testing/bench.ts';

describe('merchant API', () => {
  let sim: RechargeSimulator;
  let call: Caller;

  beforeEach(async () => {
    sim = await startRechargeSimulator({ timeScale: 0 });
    call = callerOf(sim.url);
    sim.addToken(sim.store().shop, { token: 'sk_reader', secret: 'reader_secret', name: 'Reader', scopes: ['read_customers'] });
  });
  afterEach(() => sim.close());

  it('tells a token its name and scopes, whatever it may do', async () => {
    expect(await callerOf(sim.url, 'sk_reader')('GET', '/token_information')).toMatchObject({ status: 200, body: { token_information: { name: 'Reader', scopes: ['read_customers'] } } });
  });

  it('refuses wrong, missing and uninstalled tokens', async () => {
    expect(await callerOf(sim.url, 'sk_other')('GET', '/store')).toMatchObject({ status: 401, body: { error: 'bad authentication' } });
    expect((await call('GET', '/store', undefined, { 'x-recharge-access-token': '' })).status).toBe(401);
    await sim.do('uninstall');
    expect((await call('GET', '/store')).status).toBe(401);
  });

  it('refuses what the token has no scope for, under either key', async () => {
    const reader = callerOf(sim.url, 'sk_reader');

    expect(await reader('GET', '/subscriptions')).toMatchObject({ status: 403, body: { error: expect.stringContaining('read_subscriptions') as string } });
    sim.switches.forbiddenKey = 'errors';
    expect(await reader('GET', '/subscriptions')).toMatchObject({ status: 403, body: { errors: expect.any(String) as string } });
    expect((await reader('POST', '/webhooks', { address: 'http://127.0.0.1:9/x', topic: 'charge/paid' })).status).toBe(403);
    expect((await reader('POST', '/webhooks', { address: 'http://127.0.0.1:9/x', topic: 'customer/updated' })).status).toBe(201);
  });

  it('answers in the version asked for, 2021-01 without one, 426 for others', async () => {
    const path = `/customers/${SAMPLE_CUSTOMER_ID}`;
    const old = await call('GET', path, undefined, { 'x-recharge-version': '' });

    expect(old.headers.get('x-recharge-version')).toBe('2021-01');
    expect(old.body).toMatchObject({ customer: { id: SAMPLE_CUSTOMER_ID, status: 'ACTIVE', number_active_subscriptions: 2, shopify_customer_id: '6100018819267' } });
    expect((await call('GET', path)).body).toMatchObject({ customer: { subscriptions_active_count: 2, external_customer_id: { ecommerce: '6100018819267' } } });
    expect((await call('GET', path, undefined, { 'x-recharge-version': '2020-01' })).status).toBe(426);
  });

  it('counts each token in its own leaky bucket and says so on every answer', async () => {
    sim.switches.rateCapacity = 3;
    sim.switches.rateLeakPerSecond = 0.001;
    const headers: (string | null)[] = [];
    for (let n = 0; n < 3; n += 1) headers.push((await call('GET', '/store')).headers.get('x-recharge-limit'));

    expect(headers).toEqual(['1/3', '2/3', '3/3']);
    expect(await call('GET', '/store')).toMatchObject({ status: 429, body: { warning: 'too many requests' } });
    expect((await callerOf(sim.url, 'sk_reader')('GET', '/customers')).status).toBe(200);
    expect((await callerOf(sim.url, 'sk_unknown')('GET', '/store')).headers.get('x-recharge-limit')).toBe('1/3');
  });

  it('leaks two calls a second', () => {
    const buckets = new RateBuckets();
    const switches = { rateLimit: true, rateCapacity: 40, rateLeakPerSecond: 2 };
    for (let n = 0; n < 40; n += 1) expect(buckets.take('a', 0, switches).allowed).toBe(true);

    expect(buckets.take('a', 0, switches)).toEqual({ allowed: false, header: '40/40' });
    expect(buckets.take('a', 1000, switches)).toEqual({ allowed: true, header: '39/40' });
  });

  it('lets one of two writes on an address at the same time through', async () => {
    const [subscription] = sim.store().subscriptions.of('customer', SAMPLE_CUSTOMER_ID);
    const put = (): Promise<{ status: number; body: unknown }> => call('PUT', `/subscriptions/${subscription?.id}`, { quantity: 3 });
    const answers = await Promise.all([put(), put(), call('GET', `/subscriptions/${subscription?.id}`)]);

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 409]);
    expect(answers.find((answer) => answer.status === 409)?.body).toEqual({ error: 'A call to this route is already in progress.' });
    expect((await put()).status).toBe(200);
  });

  it('refuses bodies that are no JSON object', async () => {
    expect((await call('POST', '/customers', '[1]')).status).toBe(415);
    expect((await call('POST', '/customers', '{"a":')).status).toBe(400);
    expect((await call('PUT', '/store', {})).status).toBe(405);
  });

  it('cuts one list in N short with status 200 where asked to', async () => {
    sim.switches.cutEveryNthList = 2;

    await expect(call('GET', '/customers')).resolves.toMatchObject({ status: 200 });
    await expect(call('GET', '/customers')).rejects.toThrow(SyntaxError);
    await expect(call('GET', `/customers/${SAMPLE_CUSTOMER_ID}`)).resolves.toMatchObject({ status: 200 });
  });

  it('forgets charges that were processed more than 90 days ago, not their orders', async () => {
    const old = [...sim.store().charges.all()].find((charge) => charge.processed_at !== null && Date.parse(charge.processed_at) < Date.now() - 95 * 86_400_000);
    const order = sim.store().orders.of('charge', old?.id ?? 0)[0];

    expect((await call('GET', `/charges/${old?.id}`)).status).toBe(404);
    expect((await call('GET', `/charges?ids=${old?.id}`)).body).toMatchObject({ charges: [] });
    expect((await call('GET', `/orders/${order?.id}`)).status).toBe(200);
  });

  describe.runIf(hasFixtures)('captured errors (not run where ../shared is absent)', () => {
    const sample = (): { subscription: number; address: number; method: number } => {
      const address = sim.store().addresses.of('customer', SAMPLE_CUSTOMER_ID)[0];
      return { subscription: sim.store().subscriptions.of('customer', SAMPLE_CUSTOMER_ID)[0]?.id ?? 0, address: address?.id ?? 0, method: address?.payment_method_id ?? 0 };
    };
    const cases: [string, number, () => Promise<{ status: number; body: unknown }>][] = [
      ['2021-11/rest/addresses/create-address_422_no-data-provided', 422, () => call('POST', '/addresses', {})],
      ['2021-11/rest/addresses/delete-address_404_no-address-with-id', 404, () => call('DELETE', '/addresses/1')],
      ['2021-11/rest/addresses/delete-address_422_address-has-active-subscriptions', 422, () => call('DELETE', `/addresses/${sample().address}`)],
      ['2021-11/rest/addresses/get-address_404_no-address-with-id', 404, () => call('GET', '/addresses/1')],
      ['2021-11/rest/addresses/list-addresses_422_updated-at-max-was-not-a-proper-date', 422, () => call('GET', '/addresses?updated_at_max=test')],
      ['2021-11/rest/addresses/update-address_422_address1-missing', 422, () => call('PUT', `/addresses/${sample().address}`, { address1: null })],
      ['2021-11/rest/customers/create-customer_422_email-already-taken', 422, () => call('POST', '/customers', { email: 'jacob@example.com', first_name: 'A', last_name: 'B' })],
      ['2021-11/rest/customers/delete-customer_404_no-customer-with-id', 404, () => call('DELETE', '/customers/1')],
      ['2021-11/rest/customers/get-customer_404_no-customer-with-id', 404, () => call('GET', '/customers/1')],
      ['2021-11/rest/customers/get-customer-delivery-schedules_404_no-customer-with-id', 404, () => call('GET', '/customers/1/delivery_schedule')],
      ['2021-11/rest/customers/list-customers_422_invalid-cursor', 422, () => call('GET', '/customers?cursor=abc')],
      ['2021-11/rest/customers/update-customer_422_bad-input', 422, () => call('PUT', `/customers/${SAMPLE_CUSTOMER_ID}`, { first_name: '', last_name: '' })],
      ['2021-11/rest/paymentmethods/create-payment-method_422_no_processor-customer-token_with_id', 422, () => call('POST', '/payment_methods', { customer_id: SAMPLE_CUSTOMER_ID, processor_customer_token: 'x' })],
      ['2021-11/rest/paymentmethods/delete-payment_method_422_attempting-to-delete-payment-method-with-related-addresses', 422, () => call('DELETE', `/payment_methods/${sample().method}`)],
      ['2021-11/rest/paymentmethods/get-payment-method_404_no_payment_method_with_id', 404, () => call('GET', '/payment_methods/1')],
      ['2021-11/rest/paymentmethods/update-payment-method_422_address-is-empty', 422, () => call('PUT', `/payment_methods/${sample().method}`, { billing_address: { address1: null } })],
      ['2021-11/rest/subscriptions/change-a-subscription-next-charge-date_422_date-set-to-the-past', 422, () => call('POST', `/subscriptions/${sample().subscription}/set_next_charge_date`, { date: '2020-01-01' })],
      ['2021-11/rest/subscriptions/create-subscription_422_next-charge-schedule-was-in-the-past', 422, () => call('POST', '/subscriptions', { address_id: sample().address, external_variant_id: { ecommerce: '1' }, quantity: 1, charge_interval_frequency: 1, order_interval_frequency: 1, order_interval_unit: 'month', next_charge_scheduled_at: '2020-01-01' })],
      ['2021-11/rest/subscriptions/get-subscription_404_no-subscription-with-the-given-id', 404, () => call('GET', '/subscriptions/1')],
      ['2021-11/rest/subscriptions/update-subscription_422_missing-required-properties', 422, () => call('PUT', `/subscriptions/${sample().subscription}`, { order_interval_unit: 'day' })],
      ['errors/401_bad-authentication', 401, () => callerOf(sim.url, 'sk_other')('GET', '/customers')],
      ['errors/404_endpoint-not-found', 404, () => call('GET', '/nothing')],
      ['errors/422_events-older-than-7-days', 422, () => call('GET', `/events?created_at_min=${new Date(Date.now() - 9 * 86_400_000).toISOString()}`)],
    ];

    it.each(cases)('%s', async (name, status, ask) => {
      const answer = await ask();

      expect(answer.status).toBe(status);
      expect(answer.body).toEqual(fixture(`${name}.json`));
    });
  });
});
