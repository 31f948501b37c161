import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveCustomer } from '#app/connections/customers.server.ts';
import { connectRecharge, rechargeConnection } from '#app/connections/recharge.server.ts';
import { ensureShop, type Shop } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { firstToken, openStage, type Stage } from './stage.ts';

const domain = 'acme-usa.myshopify.com';
let stage: Stage;
let shop: Shop;
let customerId: string;

beforeAll(async () => {
  stage = await openStage();
  shop = await ensureShop(domain);
  await connectRecharge(shop.shopId, { apiToken: firstToken.token, clientSecret: firstToken.secret }, 'test');
});
afterAll(() => stage.close());
beforeEach(async () => {
  stage.recharge.faults.clear();
  await db.budget.deleteMany();
  await db.customerState.deleteMany();
  await db.subscriptionState.deleteMany();
  await db.connection.updateMany({ data: { status: 'active', statusReason: null } });
  customerId = customers().find((customer) => subscriptionsOf(customer.id).some(({ status }) => status === 'active'))?.id.toString() ?? '';
});

const store = () => stage.recharge.store(domain);
const customers = () => [...store().customers.all()];
const subscriptionsOf = (id: number) => [...store().subscriptions.all()].filter((subscription) => subscription.customer_id === id);
const reads = (path: string) => stage.recharge.requests.filter((request) => request.method === 'GET' && request.path.startsWith(path)).length;
const cancelAll = (id: string) => {
  for (const subscription of subscriptionsOf(Number(id))) Object.assign(subscription, { status: 'cancelled' });
};

async function tell(subscriptionId: string, status: string, sourceUpdatedAt = '2026-11-01T00:00:00Z'): Promise<void> {
  await db.subscriptionState.create({ data: { shopId: BigInt(shop.shopId), rechargeSubscriptionId: subscriptionId, rechargeCustomerId: customerId, status, sourceUpdatedAt, facts: {} } });
}
async function stamp(stateAt: string, complete = false): Promise<void> {
  await db.customerState.create({ data: { shopId: BigInt(shop.shopId), rechargeCustomerId: customerId, subscriptionsStateAt: stateAt, subscriptionsComplete: complete } });
}

describe("a customer's e-mail", () => {
  it('is read from Recharge once, then known', async () => {
    const before = reads('/customers/');

    const first = await resolveCustomer(shop, customerId, ['email', 'shopifyCustomerId']);
    const second = await resolveCustomer(shop, customerId, ['email', 'shopifyCustomerId']);

    expect(first).toMatchObject({ rechargeCustomerId: customerId, email: customers().find(({ id }) => String(id) === customerId)?.email.toLowerCase(), shopDomain: domain, subscriptions: null });
    expect(first.shopifyCustomerId).toMatch(/^\d+$/);
    expect(second).toEqual(first);
    expect(reads('/customers/') - before).toBe(1);
  });

  it('is not asked for when nothing needs it', async () => {
    const before = stage.recharge.requests.length;

    expect(await resolveCustomer(shop, customerId, [])).toMatchObject({ email: null, subscriptions: null });
    expect(stage.recharge.requests.length).toBe(before);
  });

  it('is null, not an error, for a customer that Recharge no longer has', async () => {
    expect(await resolveCustomer(shop, '999999999', ['email'])).toMatchObject({ email: null });
  });

  it('is an error, not null, while Recharge cannot be asked; a refused token is shown with the connection', async () => {
    stage.recharge.faults.add({ match: { path: '^/customers/' }, times: -1, fault: { kind: 'status', status: 401, body: { error: 'bad authentication' } } });

    await expect(resolveCustomer(shop, customerId, ['email'])).rejects.toMatchObject({ kind: 'unauthorised', system: 'Recharge' });
    expect(await rechargeConnection(shop.shopId)).toMatchObject({ status: 'unauthorised', statusReason: expect.stringContaining('API tokens') });
  });
});

describe("whether a customer's subscriptions are active", () => {
  it('BR-07 BR-08 is read completely once and then answered from memory', async () => {
    const before = reads('/subscriptions');

    const first = await resolveCustomer(shop, customerId, ['subscriptions']);
    const second = await resolveCustomer(shop, customerId, ['subscriptions']);

    const truth = subscriptionsOf(Number(customerId));
    expect(first.subscriptions).toMatchObject({ activeCount: truth.filter(({ status }) => status === 'active').length, totalCount: truth.length });
    expect(second).toEqual(first);
    expect(reads('/subscriptions') - before).toBe(1);
  });

  it('BR-09 needs no call when one active subscription is known', async () => {
    await tell('1', 'active');
    await tell('2', 'cancelled');
    await stamp('2026-11-01T00:00:00.000Z');
    const before = stage.recharge.requests.length;

    expect((await resolveCustomer(shop, customerId, ['subscriptions'])).subscriptions).toEqual({ activeCount: 1, totalCount: 2, stateAt: '2026-11-01T00:00:00.000Z' });
    expect(stage.recharge.requests.length).toBe(before);
  });

  it('BR-08 says none only after a complete read', async () => {
    await tell('1', 'cancelled');
    await stamp('2026-11-01T00:00:00.000Z');

    const { subscriptions } = await resolveCustomer(shop, customerId, ['subscriptions']);

    expect(subscriptions?.activeCount).toBeGreaterThan(0);
  });

  it.each([
    ['fails', { kind: 'status', status: 422, body: { errors: 'no' } } as const],
    ['holds no list', { kind: 'body', body: { customers: [] } } as const],
    ['holds an item without an id', { kind: 'body', body: { subscriptions: [{ status: 'cancelled' }], next_cursor: null } } as const],
  ])('never says none when the read %s', async (_, fault) => {
    stage.recharge.faults.add({ match: { path: '^/subscriptions' }, times: -1, fault });

    await expect(resolveCustomer(shop, customerId, ['subscriptions'])).rejects.toMatchObject({ name: 'Failure', system: 'Recharge' });

    expect(await db.subscriptionState.count()).toBe(0);
    expect(await db.customerState.count({ where: { subscriptionsComplete: true } })).toBe(0);
  });

  it('does not let a read undo newer news, nor bring back what was deleted', async () => {
    const subscription = subscriptionsOf(Number(customerId)).find(({ status }) => status === 'active');
    await tell(String(subscription?.id), 'cancelled', '2099-01-01T00:00:00Z');
    for (const other of subscriptionsOf(Number(customerId))) if (other !== subscription) await tell(String(other.id), 'deleted', '2020-01-01T00:00:00Z');

    const { subscriptions } = await resolveCustomer(shop, customerId, ['subscriptions']);

    expect(subscriptions).toMatchObject({ activeCount: 0, totalCount: 1 });
    expect(await db.subscriptionState.findMany({ where: { status: 'active' } })).toEqual([]);
  });

  it('settles a state in doubt by reading, and moves the stamp strictly forward', async () => {
    const [subscription] = subscriptionsOf(Number(customerId));
    await tell(String(subscription?.id), 'unknown', '2099-01-01T00:00:00Z');
    await stamp('2099-01-01T00:00:00.000Z', true);

    const { subscriptions } = await resolveCustomer(shop, customerId, ['subscriptions']);

    expect(subscriptions?.stateAt).toBe('2099-01-01T00:00:00.001Z');
    expect(await db.subscriptionState.count({ where: { status: 'unknown' } })).toBe(0);
  });

  it('keeps the stamp when a further read finds the same', async () => {
    cancelAll(customerId);
    const first = await resolveCustomer(shop, customerId, ['subscriptions']);
    await db.customerState.updateMany({ data: { subscriptionsComplete: false } });

    expect(await resolveCustomer(shop, customerId, ['subscriptions'])).toEqual(first);
    expect(first.subscriptions?.activeCount).toBe(0);
  });

  it('agrees with itself when several workers ask at once', async () => {
    cancelAll(customerId);

    const answers = await Promise.all(Array.from({ length: 8 }, () => resolveCustomer(shop, customerId, ['email', 'subscriptions'])));

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.subscriptions?.activeCount).toBe(0);
  });
});
