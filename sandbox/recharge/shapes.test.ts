// The simulator's objects have the keys and types of captured ones.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_CUSTOMER_ID } from './seed.ts';
import type { RechargeSimulator } from './simulator.ts';
import { startRechargeSimulator } from './simulator.ts';
import { callerOf, fixture, hasFixtures } from './testing/bench.ts';
import type { Caller } from './testing/bench.ts';

/**
 * Differences between our answer and a captured one: keys the capture has and we lack, and values of another type.
 * Null matches anything, further keys of ours are fine, arrays are compared by their first element.
 */
function differences(ours: unknown, captured: unknown, path = ''): string[] {
  if (ours === null || captured === null) return [];
  if (Array.isArray(captured)) {
    if (!Array.isArray(ours)) return [`${path}: not an array`];
    return ours.length === 0 || captured.length === 0 ? [] : differences(ours[0], captured[0], `${path}[]`);
  }
  if (typeof ours !== typeof captured || Array.isArray(ours)) return [`${path}: ${typeof ours} instead of ${typeof captured}`];
  if (typeof captured !== 'object') return differentForm(ours, captured, path);
  return Object.entries(captured as object).flatMap(([key, value]) => (key in (ours as object) ? differences((ours as Record<string, unknown>)[key], value, `${path}.${key}`) : [`${path}.${key}: missing`]));
}

const FORMS: [string, RegExp][] = [
  ['day', /^\d{4}-\d{2}-\d{2}$/],
  ['money', /^\d+\.\d{2}$/],
  ['instant', /^\d{4}-\d{2}-\d{2}T/],
];

function differentForm(ours: unknown, captured: unknown, path: string): string[] {
  if (typeof ours !== 'string' || typeof captured !== 'string' || ours === '' || captured === '' || /value|note|title|name|sku/.test(path)) return [];
  return FORMS.filter(([, form]) => form.test(captured) && !form.test(ours)).map(([name]) => `${path}: ${ours} is no ${name}`);
}

/** Keys of captures that belong to one situation only, or to an older day than the rest. */
const OPTIONAL = /external_variant_not_found|charge_attempts|last_charge_attempt|\.client\./;

describe('objects', () => {
  let sim: RechargeSimulator;
  let call: Caller;
  const paths = new Map<string, string>();

  beforeAll(async () => {
    sim = await startRechargeSimulator({ timeScale: 0, switches: { rateLimit: false } });
    call = callerOf(sim.url);
    const store = sim.store();
    const address = store.addresses.of('customer', SAMPLE_CUSTOMER_ID)[0];
    const subscription = store.subscriptions.of('customer', SAMPLE_CUSTOMER_ID)[0];
    const queued = store.charges.of('address', address?.id ?? 0).find((charge) => charge.status === 'queued');
    const paid = store.charges.of('address', address?.id ?? 0).findLast((charge) => charge.status === 'success');
    const failed = (await sim.do('fail-charge', { customerId: [...store.customers.ids()].at(-1) ?? 0 })) as { id: number };
    paths
      .set('customer', `/customers/${SAMPLE_CUSTOMER_ID}`)
      .set('address', `/addresses/${address?.id}`)
      .set('subscription', `/subscriptions/${subscription?.id}`)
      .set('queued', `/charges/${queued?.id}`)
      .set('paid', `/charges/${paid?.id}`)
      .set('failed', `/charges/${failed.id}`)
      .set('order', `/orders/${store.orders.of('charge', paid?.id ?? 0)[0]?.id}`)
      .set('method', `/payment_methods/${address?.payment_method_id}`)
      .set('schedule', `/customers/${SAMPLE_CUSTOMER_ID}/delivery_schedule`);
  });
  afterAll(() => sim.close());

  it('finds what differs', () => {
    expect(differences({ a: 1, b: 'x' }, { a: '1', b: '2024-01-01', c: 1 })).toEqual(['.a: number instead of string', '.b: x is no day', '.c: missing']);
  });

  it('names the sample customer RP-06 looks for', async () => {
    expect(await call('GET', `/customers/${SAMPLE_CUSTOMER_ID}`)).toMatchObject({ status: 200, body: { customer: { id: 18819267, first_name: 'Jacob', last_name: 'Bronowski', external_customer_id: { ecommerce: '6100018819267' } } } });
  });

  it('is the same store for the same seed', async () => {
    const startAt = new Date('2026-03-04T15:00:00Z');
    const [one, two] = [await startRechargeSimulator({ timeScale: 0, startAt }), await startRechargeSimulator({ timeScale: 0, startAt })];
    const read = async (url: string): Promise<unknown> => [await callerOf(url)('GET', '/customers'), await callerOf(url)('GET', '/charges?limit=250')].map((answer) => answer.body);

    expect(await read(one.url)).toEqual(await read(two.url));
    expect(JSON.stringify(await read(one.url))).toContain('Jürgen');
    await Promise.all([one.close(), two.close()]);
  });

  describe.runIf(hasFixtures)('captured objects (not run where ../shared is absent)', () => {
    it.each([
      ['customer', 'customers/get-customer_200'],
      ['address', 'addresses/get-address_200'],
      ['subscription', 'subscriptions/get-subscription_200'],
      ['queued', 'charges/charge-queued_200'],
      ['queued', 'charges/charge-queued-4-items_200'],
      ['paid', 'charges/charge-success_200'],
      ['failed', 'charges/charge-error-max-retries_200'],
      ['order', 'orders/order-success_200'],
      ['method', 'paymentmethods/get-payment-method_200'],
      ['schedule', 'customers/get-customer-delivery-schedules_200_customer-has-a-schedule'],
    ])('%s is like %s', async (kind, name) => {
      const answer = await call('GET', paths.get(kind) ?? '');

      expect(differences(answer.body, fixture(`2021-11/rest/${name}.json`)).filter((line) => kind === 'failed' || !OPTIONAL.test(line))).toEqual([]);
    });

    it.each([
      ['/customers?limit=2', 'customers/list-customers-2024_200'],
      ['/addresses?limit=2', 'addresses/list-addresses-2024_200'],
      ['/subscriptions?limit=2', 'subscriptions/list-subscriptions_200'],
      ['/charges?limit=2&status=queued', 'charges/list-charges_200'],
      ['/payment_methods?limit=2', 'paymentmethods/list-payment-methods_200'],
    ])('list %s is like %s', async (path, name) => {
      const captured = fixture<Record<string, unknown>>(`2021-11/rest/${name}.json`);
      const { body } = await call('GET', path);

      expect(Object.keys(body).sort()).toEqual(Object.keys(captured).sort());
      expect(differences(body, captured).filter((line) => !OPTIONAL.test(line))).toEqual([]);
    });

    it.each([
      ['/token_information', 'derived/token_information_200'],
      ['/store', 'derived/store_200'],
      ['/events', 'derived/list-events_200'],
    ])('%s is like %s', async (path, name) => {
      expect(differences((await call('GET', path)).body, fixture(`${name}.json`))).toEqual([]);
    });

    it('writes a customer and an address of 2021-01 with its old names', async () => {
      const headers = { 'x-recharge-version': '2021-01' };
      const customer = (await call('GET', paths.get('customer') ?? '', undefined, headers)).body['customer'];
      const address = (await call('GET', paths.get('address') ?? '', undefined, headers)).body['address'];

      expect(differences(customer, fixture('2021-01/rest/customer.json'))).toEqual([]);
      expect(differences(address, fixture('2021-01/rest/address.json'))).toEqual([]);
    });
  });
});
