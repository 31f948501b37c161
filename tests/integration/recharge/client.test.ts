import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '#app/errors.ts';
import { closeHttp } from '#app/http.server.ts';
import { createRechargeClient, type ListFilter, type RechargeBudget, type RechargeClient, type RechargeClientOptions } from '#app/recharge/client.server.ts';
import { startRechargeSimulator, type RechargeSimulator } from '#sandbox/recharge/simulator.ts';

const token = 'sk_test_token_canary_0001';
const shop = 'test-store.myshopify.com';

let sim: RechargeSimulator;
let waits: number[];
let penalties: number[];
let takes: number;

const budget: RechargeBudget = {
  take: async () => void (takes += 1),
  penalise: async (ms) => void penalties.push(ms),
};

function client(options: Partial<RechargeClientOptions> = {}): RechargeClient {
  return createRechargeClient({ baseUrl: sim.url, apiToken: token, budget, priority: 'background', random: () => 0.5, wait: async (ms) => void waits.push(ms), ...options });
}

async function collect<T>(pages: AsyncGenerator<T[], void>): Promise<T[][]> {
  const all: T[][] = [];
  for await (const page of pages) all.push(page);
  return all;
}

const customers = () => [...sim.store(shop).customers.all()];
const calls = (path: RegExp) => sim.requests.filter((request) => path.test(request.path));
const thrownBy = (promise: Promise<unknown>): Promise<Failure> => promise.then(() => expect.fail('it answered'), (error: Failure) => error);

beforeEach(async () => {
  waits = [];
  penalties = [];
  takes = 0;
  sim = await startRechargeSimulator({
    timeScale: 0,
    stores: [{ shop, customers: 37, tokens: [{ token, secret: 'secret_0001', name: 'Rechannel' }], storefrontToken: 'strfnt_canary', portalBaseUrl: 'https://test-store.example/tools/recurring/portal' }],
    switches: { rateLimit: false },
  });
});
afterEach(() => sim.close());
afterAll(closeHttp);

describe('what it asks and reads', () => {
  it('always names version 2021-11 and the token, also for a store whose default is another version', async () => {
    await client().tokenInformation();
    await client().store();
    for await (const page of client().listCustomers({ limit: 10 })) expect(page.length).toBeGreaterThan(0);

    expect(sim.requests.length).toBeGreaterThan(4);
    for (const request of sim.requests) expect(request.headers).toMatchObject({ 'x-recharge-version': '2021-11', 'x-recharge-access-token': token });
    expect(takes).toBe(sim.requests.length);
  });

  it('reads what a token may do and which store it is of', async () => {
    sim.addToken(shop, { token: 'sk_reader', secret: 's', name: 'Reader', scopes: ['read_customers', 'store_info'] });
    const reader = client({ apiToken: 'sk_reader' });

    expect(await reader.tokenInformation()).toMatchObject({ name: 'Reader', scopes: ['read_customers', 'store_info'] });
    expect(await reader.store()).toMatchObject({ id: expect.stringMatching(/^\d+$/), externalPlatform: 'shopify', customerPortalBaseUrl: 'https://test-store.example/tools/recurring/portal', timezone: expect.any(String) });
  });

  it('RP-05 reads a customer, its subscriptions and charges as facts, with ids as text', async () => {
    const row = customers().find((each) => sim.store(shop).subscriptions.of('customer', each.id).length > 0 && each.external_customer_id !== null)!;

    const customer = await client().getCustomer(String(row.id));
    expect(customer).toMatchObject({ id: String(row.id), email: row.email, external_customer_id: row.external_customer_id, hash: row.hash });
    expect(await client().findCustomersByShopifyId(row.external_customer_id!)).toEqual([customer]);
    expect(await client().findCustomersByEmail(row.email)).toEqual([customer]);
    expect(await client().findCustomersByShopifyId('1')).toEqual([]);

    const subscriptions = (await collect(client().listSubscriptions({ customer_id: customer.id }))).flat();
    expect(subscriptions.map((each) => each.id).sort()).toEqual(sim.store(shop).subscriptions.of('customer', row.id).map((each) => String(each.id)).sort());
    expect(await client().getSubscription(subscriptions[0]!.id)).toEqual(subscriptions[0]);

    const charge = (await collect(client().listCharges({ limit: 1 }))).flat()[0]!;
    expect(await client().getCharge(charge.id)).toEqual(charge);
    expect(charge).toMatchObject({ customer_id: expect.stringMatching(/^\d+$/), total_price: expect.stringMatching(/^\d+\.\d\d$/), scheduled_at: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
    expect((await collect(client().listOrders())).flat().every((order) => /^\d+$/.test(order.id))).toBe(true);
  });

  it('reads every page, whatever their size, and sends nothing beside the cursor', async () => {
    const all = customers().map((row) => String(row.id)).sort();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (limit) => {
        sim.requestLog.clear();
        const filter: ListFilter = { limit, updated_at_min: '2000-01-01', sort_by: 'id-asc' };

        const pages = await collect(client().listCustomers(filter));

        expect(pages.flat().map((customer) => customer.id).sort()).toEqual(all);
        expect(pages.every((page) => page.length <= limit)).toBe(true);
        const [first, ...rest] = sim.requests.map((request) => Object.keys(request.query).sort());
        expect(first).toEqual(['limit', 'sort_by', 'updated_at_min']);
        for (const keys of rest) expect(keys).toEqual(['cursor', 'limit']);
      }),
      { numRuns: 12, examples: [[1], [36], [37], [38]] },
    );
  });

  it('OM-34 throws in the middle of a list rather than ending it early', async () => {
    sim.faults.add({ match: { path: '^/customers$' }, after: 2, times: -1, fault: { kind: 'status', status: 503, body: '<html>Bad gateway</html>' } });
    const seen: number[] = [];

    const failure = await thrownBy((async () => { for await (const page of client().listCustomers({ limit: 10 })) seen.push(page.length); })());

    expect(seen).toEqual([10, 10]);
    expect(failure).toMatchObject({ kind: 'transient', system: 'Recharge', status: 503 });
  });

  it.each<[string, unknown]>([
    ['no list', { next_cursor: null }],
    ['a list that is no list', { customers: {}, next_cursor: null }],
    ['an item without an id', { customers: [{ email: 'a@example.com' }], next_cursor: null }],
    ['a cursor that is no text', { customers: [], next_cursor: 5 }],
    ['the same cursor for ever', { customers: [], next_cursor: 'again' }],
    ['a text', 'customers'],
    ['null', 'null'],
  ])('does not take %s for a complete list', async (_what, body) => {
    sim.faults.add({ match: { path: '^/customers$' }, times: -1, fault: { kind: 'body', body } });
    expect(await thrownBy(collect(client().listCustomers()))).toBeInstanceOf(Failure);
  });

  it('keeps every digit of an id beyond 2^53', async () => {
    sim.faults.add({ match: { path: '^/customers' }, times: -1, fault: { kind: 'body', body: '{"customer":{"id":9007199254740993123,"email":"big@example.com"}}' } });
    expect(await client().getCustomer(String(customers()[0]!.id))).toMatchObject({ id: '9007199254740993123', email: 'big@example.com' });
  });

  it('never lets an id change the path', async () => {
    await thrownBy(client().getCustomer('1/../../webhooks?x=1#'));
    expect(sim.requests[0]?.url).toBe('/customers/1%2F..%2F..%2Fwebhooks%3Fx%3D1%23');
  });
});

describe('trouble', () => {
  it.each([
    [401, { error: 'bad authentication' }, 'unauthorised', 'recharge_token_refused'],
    [403, { error: 'no scope' }, 'unauthorised', 'recharge_scope_missing'],
    [400, { errors: 'text' }, 'rejected', 'recharge_refused'],
    [402, {}, 'rejected', 'recharge_refused'],
    [404, { errors: 'Not Found' }, 'rejected', 'recharge_not_found'],
    [415, '', 'rejected', 'recharge_refused'],
    [422, { errors: { email: 'email already exists on store' } }, 'rejected', 'recharge_invalid'],
    [426, { error: 'old' }, 'rejected', 'recharge_version_refused'],
    [501, '<html></html>', 'rejected', 'recharge_refused'],
  ])('asks once and classifies %i', async (status, body, kind, code) => {
    sim.faults.add({ match: {}, times: -1, fault: { kind: 'status', status, body } });

    expect(await thrownBy(client().getCustomer('1'))).toMatchObject({ kind, code, status, system: 'Recharge' });

    expect(sim.requests).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  it('KU-06 a 401 and a 403 tell where the token is made and that access must be asked for, a 403 also which permission', async () => {
    sim.addToken(shop, { token: 'sk_reader', secret: 's', scopes: ['read_customers'] });
    const wrong = await thrownBy(client({ apiToken: 'sk_wrong' }).store());
    const poor = await thrownBy(collect(client({ apiToken: 'sk_reader' }).listSubscriptions()));

    expect(wrong).toMatchObject({ kind: 'unauthorised', status: 401 });
    expect(poor).toMatchObject({ kind: 'unauthorised', status: 403, message: expect.stringContaining('read_subscriptions') });
    for (const failure of [wrong, poor]) expect(failure.message).toMatch(/API tokens.*ask Recharge for access/);
  });

  it.each([500, 502, 503, 504, 408])('asks again after a %i, five times at most, with growing jittered waits', async (status) => {
    sim.faults.add({ match: {}, times: 4, fault: { kind: 'status', status, body: '<html>gateway</html>' } });
    expect(await client().tokenInformation()).toMatchObject({ name: 'Rechannel' });
    expect(waits).toEqual([500, 1000, 2000, 4000]);

    sim.faults.add({ match: {}, times: -1, fault: { kind: 'status', status, body: '' } });
    expect(await thrownBy(client().tokenInformation())).toMatchObject({ kind: 'transient', code: 'recharge_unavailable', status });
    expect(sim.requests).toHaveLength(10);
  });

  it.each([
    ['a reset', { kind: 'reset' }],
    ['an answer that was lost', { kind: 'executeThenDrop' }],
    ['a 200 that HTTP itself shows to be cut', { kind: 'cut', declare: 'full' }],
    ['a 200 with JSON cut short', { kind: 'cut', declare: 'cut' }],
    ['an empty 200', { kind: 'body', body: '' }],
    ['HTML with status 200', { kind: 'body', body: '<html>maintenance</html>' }],
  ] as const)('reads again after %s', async (_what, fault) => {
    sim.faults.add({ match: {}, times: 2, fault });
    expect((await collect(client().listCustomers())).flat()).toHaveLength(customers().length);
    expect(waits).toHaveLength(2);
  });

  it('waits as long as a 429 asks, tells all processes, and doubles from 2 s where it does not say', async () => {
    sim.faults.add({ match: {}, times: 1, fault: { kind: 'status', status: 429, body: { warning: 'too many requests' }, headers: { 'retry-after': '7' } } });
    await client().tokenInformation();
    expect(waits).toEqual([7000]);
    expect(penalties).toEqual([7000]);

    waits.length = penalties.length = 0;
    sim.faults.add({ match: {}, times: 3, fault: { kind: 'status', status: 429, body: { warning: 'too many requests' } } });
    await client().tokenInformation();
    expect(waits).toEqual([2250, 4500, 9000]);
    expect(penalties).toEqual(waits);
  });

  it('does not sit out an hour that a 429 asks for, but passes it on', async () => {
    sim.faults.add({ match: {}, times: -1, fault: { kind: 'status', status: 429, headers: { 'retry-after': '3600' } } });
    expect(await thrownBy(client().tokenInformation())).toMatchObject({ kind: 'throttled', retryAfterMs: 3_600_000 });
    expect(waits).toEqual([]);
    expect(penalties).toEqual([3_600_000]);
  });

  it('waits 3, 6 and 12 s for a 409, then gives up', async () => {
    sim.faults.add({ match: {}, times: -1, fault: { kind: 'status', status: 409, body: { error: 'A call to this route is already in progress.' } } });
    expect(await thrownBy(client().sendAccountAccessEmail('1'))).toMatchObject({ kind: 'transient', code: 'recharge_busy' });
    expect(waits).toEqual([3000, 6000, 12_000]);
  });

  it('slows background work down above 80 % of the allowance, a person never', async () => {
    sim.faults.add({ match: {}, times: -1, fault: { kind: 'body', body: { token_information: {} }, headers: { 'x-recharge-limit': '38/40' } } });
    const background = client();
    await background.tokenInformation();
    await background.tokenInformation();
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(2500);
    expect(waits[0]).toBeLessThanOrEqual(3000);

    waits.length = 0;
    const person = client({ priority: 'interactive' });
    await person.tokenInformation();
    await person.tokenInformation();
    expect(waits).toEqual([]);
  });

  it.each(['', '40', '40/0', 'a/b', '-1/40', '1e3/40', '39/40/41'])('takes a strange X-Recharge-Limit "%s" for no news', async (header) => {
    sim.faults.add({ match: {}, times: -1, fault: { kind: 'body', body: { token_information: {} }, headers: { 'x-recharge-limit': header } } });
    const background = client();
    await background.tokenInformation();
    await background.tokenInformation();
    expect(waits).toEqual([]);
  });

  it('never mails twice: an answer that was lost is an unknown outcome at once', async () => {
    const id = String(customers()[0]!.id);
    sim.faults.add({ match: { path: 'notifications' }, times: -1, fault: { kind: 'executeThenDrop' } });
    expect(await thrownBy(client().sendAccountAccessEmail(id))).toMatchObject({ kind: 'unknown_outcome', system: 'Recharge' });
    sim.faults.clear();
    sim.faults.add({ match: { path: 'notifications' }, times: -1, fault: { kind: 'status', status: 502, body: '' } });
    expect(await thrownBy(client().sendAccountAccessEmail(id))).toMatchObject({ kind: 'unknown_outcome' });
    expect(calls(/notifications/)).toHaveLength(2);
    expect(sim.mails).toHaveLength(1);
  });

  it('follows no redirect with the token', async () => {
    sim.faults.add({ match: { path: 'token_information' }, times: -1, fault: { kind: 'redirect', location: `${sim.url}/store`, status: 307 } });
    expect(await thrownBy(client().tokenInformation())).toMatchObject({ kind: 'rejected', code: 'recharge_redirected' });
    expect(calls(/store/)).toHaveLength(0);
  });

  it('RP-25 gives a person an answer within the deadline, whatever Recharge does', async () => {
    const person = client({ priority: 'interactive', wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) });
    const id = String(customers()[0]!.id);
    for (const fault of [{ kind: 'hang' }, { kind: 'drip', bytesPerSecond: 5 }, { kind: 'status', status: 503 }, { kind: 'status', status: 429, headers: { 'retry-after': '30' } }] as const) {
      sim.faults.clear();
      sim.faults.add({ match: {}, times: -1, fault });
      const started = performance.now();
      const quick = person.withDeadline(600);
      expect(await thrownBy(quick.getCustomer(id))).toBeInstanceOf(Failure);
      expect(await thrownBy(quick.withDeadline(10_000).getCustomer(id))).toBeInstanceOf(Failure);
      expect(performance.now() - started).toBeLessThan(900);
    }
  });

  it('passes on what is left of the deadline to the allowance', async () => {
    const asked: (number | undefined)[] = [];
    const gate: RechargeBudget = { take: async (_priority, giveUpAfterMs) => void asked.push(giveUpAfterMs), penalise: async () => {} };
    await client({ budget: gate }).tokenInformation();
    await client({ budget: gate, priority: 'interactive' }).tokenInformation();
    await client({ budget: gate, priority: 'interactive' }).withDeadline(1000).tokenInformation();
    expect(asked[0]).toBeUndefined();
    expect(asked[1]).toBeGreaterThan(4000);
    expect(asked[1]).toBeLessThanOrEqual(4500);
    expect(asked[2]).toBeLessThanOrEqual(1000);
  });

  it('P30 never shows a token, and shows the vendor its words cut and without e-mail addresses', async () => {
    const cases = [{ kind: 'status', status: 422, body: { errors: { email: [`jane@example.com is taken, ${token}`], long: 'x'.repeat(5000), billing_address: { address1: ['Field may not be null.'] } } } }, { kind: 'reset' }, { kind: 'status', status: 401, body: { error: token } }] as const;
    for (const fault of cases) {
      sim.faults.clear();
      sim.faults.add({ match: {}, times: -1, fault });
      const failure = await thrownBy(client().getCustomer('70000001'));
      const everything = JSON.stringify([failure.message, failure.stack, failure.vendorAnswer, String(failure.cause), failure]);
      expect(everything).not.toContain(token);
      expect(everything).not.toContain('jane@example.com');
      expect(failure.message.length).toBeLessThan(900);
    }
  });
});

describe('the way into the portal', () => {
  it('RP-02 takes look-up, session and link: three calls', async () => {
    const row = customers().find((each) => each.external_customer_id !== null && sim.store(shop).subscriptions.of('customer', each.id).length > 0)!;
    for (const sessionKey of ['apiToken', 'api_token'] as const) {
      sim.switches.sessionKey = sessionKey;
      sim.requestLog.clear();
      takes = 0;
      const person = client({ priority: 'interactive' });

      const [customer] = await person.findCustomersByShopifyId(row.external_customer_id!);
      const session = await person.createCustomerSession(customer!.id);
      const access = await person.portalAccess({ sessionToken: session.apiToken, shopDomain: shop, page: 'subscriptions', locale: 'fr' });

      expect(access).toMatchObject({ customerHash: row.hash, baseUrl: 'https://test-store.example/tools/recurring/portal/', expiresAt: expect.any(String) });
      expect(new URL(access.portalUrl).pathname).toContain(`${row.hash}/subscriptions`);
      expect(sim.requests).toHaveLength(3);
      expect(sim.requests[2]?.headers['x-recharge-access-token']).toBe(session.apiToken);
      // The session has an allowance of its own at Recharge.
      expect(takes).toBe(2);
    }
  });

  it('sends the storefront token where one is given; without it a session that wants one is refused without calling the API token dead', async () => {
    sim.switches.sessionNeedsStorefrontToken = true;
    const id = String(customers()[0]!.id);

    expect((await client().createCustomerSession(id, 'strfnt_canary')).apiToken).toMatch(/^st_/);

    const refused = await thrownBy(client().createCustomerSession(id));
    expect(refused).toMatchObject({ kind: 'unauthorised', code: 'recharge_session_not_allowed', status: undefined, message: expect.stringContaining('storefront token') });
    expect(await thrownBy(client({ apiToken: 'sk_dead' }).createCustomerSession(id))).toMatchObject({ kind: 'unauthorised', status: 401, code: 'recharge_token_refused' });
  });

  it("a session that is refused is not the merchant's fault", async () => {
    expect(await thrownBy(client().portalAccess({ sessionToken: 'st_unknown', shopDomain: shop }))).toMatchObject({ kind: 'rejected', code: 'recharge_session_refused' });
  });

  it('refuses a portal answer without a link', async () => {
    sim.faults.add({ match: { path: 'portal_access' }, times: -1, fault: { kind: 'body', body: { base_url: 'https://x.example/' } } });
    const session = await client().createCustomerSession(String(customers()[0]!.id));
    expect(await thrownBy(client().portalAccess({ sessionToken: session.apiToken, shopDomain: shop }))).toMatchObject({ code: 'recharge_answer_odd' });
  });

  it('asks Recharge to mail a way in', async () => {
    await client().sendAccountAccessEmail(String(customers()[0]!.id));
    expect(sim.mails).toHaveLength(1);
    expect(JSON.parse(calls(/notifications/)[0]!.body)).toMatchObject({ type: 'email', template_type: 'get_account_access' });
  });
});
