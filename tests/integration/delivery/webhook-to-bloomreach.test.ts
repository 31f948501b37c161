import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pool } from '#app/db.server.ts';
import { pauseDestination, resumeDestination, saveDestination } from '#app/connections/destinations.server.ts';
import { deliveryDetail, listDeliveries, listEvents } from '#app/delivery/queries.server.ts';
import { replayDelivery, replayMany } from '#app/delivery/replay.server.ts';
import { bloomreachSettings, startRig, until, type Rig, type RigShop } from '#tests/support/rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
  await rig.startWorker();
});
afterAll(() => rig.close());

/** The shop's customer with the given number of active subscriptions. */
function customerOf(shop: RigShop, activeAtLeast: number) {
  const store = rig.recharge.store(shop.domain);
  const customer = [...store.customers.all()].find((row) => store.subscriptions.of('customer', row.id).filter((each) => each.status === 'active').length >= activeAtLeast);
  if (!customer) throw new Error(`The store has no customer with ${activeAtLeast} active subscriptions`);
  return { id: customer.id, email: customer.email, active: store.subscriptions.of('customer', customer.id).filter((each) => each.status === 'active') };
}

function eventsOf(email: string) {
  return rig.bloomreach.received().events.filter((event) => event.ids['registered']?.includes(email));
}

function flagOf(email: string): unknown {
  return rig.bloomreach.received().customers.find((customer) => customer.ids['registered']?.includes(email))?.properties['recharge_subscription_active'];
}

const wishes = (name: string) => ({ customers: 1, withSample: false, wishes: [{ email: `${name}@example.com`, first_name: 'Ida', last_name: 'Test', subscriptions: 6 }] });

describe('a webhook of Recharge is seen in Bloomreach', () => {
  test('BR-03 BR-04 BR-07 BR-08 BR-09 cancelling one of several leaves the flag true, cancelling the last makes it false', async () => {
    const shop = await rig.shop({ store: wishes('several-subscriptions') });
    const { email, active } = customerOf(shop, 2);

    await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: active[0]?.id ?? 0 });
    await until('the first cancellation', () => eventsOf(email).some((event) => event.type === 'subscription' && event.properties['subscription_id'] === String(active[0]?.id)));
    await until('the flag', () => flagOf(email) === true);

    for (const row of active.slice(1)) await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: row.id });
    await until('the flag is false', () => flagOf(email) === false);
    expect(eventsOf(email).filter((event) => event.type === 'subscription').map((event) => event.properties['status'])).toEqual(active.map(() => 'canceled'));

    await rig.recharge.do('activate', { shop: shop.domain, subscriptionId: active[0]?.id ?? 0 });
    await until('the flag is true again', () => flagOf(email) === true);
  });

  test('BR-05 BR-19 a renewal gives one created and one paid charge, with the answer on record', async () => {
    const shop = await rig.shop({ store: wishes('renewal') });
    const { email } = customerOf(shop, 2);

    await rig.recharge.do('renew', { shop: shop.domain });
    await until('paid and created', () => new Set(eventsOf(email).map((event) => event.properties['status'])).size === 2);

    expect(eventsOf(email).map((event) => [event.type, event.properties['status']]).sort()).toEqual([['subscription_charge', 'created'], ['subscription_charge', 'paid']]);
    const paid = await until('it is on record', async () => (await listDeliveries(shop.shopId, { state: 'delivered', limit: 50 })).items.find((item) => item.eventType === 'charge.paid'));
    const detail = await deliveryDetail(shop.shopId, paid.deliveryId);
    expect(detail?.attempts).toMatchObject([{ number: 1, outcome: 'delivered', status: 200, vendorAnswer: expect.stringContaining('"success":true') }]);
  });

  test('BR-06 what is not on the closed list is recorded and not sent', async () => {
    const shop = await rig.shop({ store: wishes('silence') });
    const { email } = customerOf(shop, 2);

    await rig.recharge.do('skip', { shop: shop.domain });
    await until('the skip is an event', async () => (await listEvents(shop.shopId, { limit: 50 })).items.some((event) => event.type === 'subscription.skipped' && event.state === 'recorded'));

    await until('everything settled', async () => (await listDeliveries(shop.shopId, { state: 'pending', limit: 1 })).items.length === 0);
    // The skip makes Recharge queue the charge after it, which is on the list.
    expect(eventsOf(email).map((event) => [event.type, event.properties['status']]).filter(([type, status]) => type !== 'subscription_charge' || status !== 'created')).toEqual([]);
  });

  test('BR-16 with Recharge ID only that id is sent, and no e-mail is needed', async () => {
    const shop = await rig.shop({ store: wishes('by-id'), bloomreach: { customerId: 'recharge_id' } });
    const { id, active } = customerOf(shop, 2);

    await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: active[0]?.id ?? 0 });
    const event = await until('the event', () => rig.bloomreach.received().events.find((each) => each.properties['subscription_id'] === String(active[0]?.id)));

    expect(event.ids).toEqual({ recharge_id: [String(id)] });
  });

  test('BR-18 the property is never sent when its import is off', async () => {
    const shop = await rig.shop({ store: wishes('no-flag'), bloomreach: { importActiveProperty: false } });
    const { email, active } = customerOf(shop, 2);

    await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: active[0]?.id ?? 0 });
    await until('the event', () => eventsOf(email).length === 1);
    await until('everything settled', async () => (await listDeliveries(shop.shopId, { state: 'pending', limit: 1 })).items.length === 0);

    expect(flagOf(email)).toBeUndefined();
  });
});

describe('when Bloomreach fails', () => {
  test('an answer that is lost leads to one stored event: the same bytes are sent again', async () => {
    const shop = await rig.shop({ store: wishes('lost-answer') });
    const { email, active } = customerOf(shop, 2);
    const rule = rig.bloomreach.faults.add({ match: { path: '/batch$' }, times: 2, fault: { kind: 'executeThenDrop' } });

    await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: active[0]?.id ?? 0 });
    await until('delivered in the end', async () => (await listDeliveries(shop.shopId, { state: 'delivered', limit: 50 })).items.some((item) => item.eventType === 'subscription.cancelled' && item.attemptCount > 1));

    expect(eventsOf(email).filter((event) => event.type === 'subscription')).toHaveLength(1);
    rig.bloomreach.faults.remove(rule.id);
  });

  test('a refused item is dead with the words of Bloomreach, the lane moves on, and a replay delivers it', async () => {
    const shop = await rig.shop({ store: wishes('poison'), bloomreach: { importActiveProperty: false } });
    const { email, active } = customerOf(shop, 2);
    Object.assign(rig.bloomreach.switches, { itemFailuresPerBatch: 1, itemFailureText: 'Property value is odd' });

    await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: active[0]?.id ?? 0 });
    const dead = await until('the dead delivery', async () => (await listDeliveries(shop.shopId, { state: 'dead', limit: 1 })).items[0]);
    expect(dead.reason).toContain('Property value is odd');

    rig.bloomreach.switches.itemFailuresPerBatch = 0;
    await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: active[1]?.id ?? 0 });
    await until('the next one of the same customer', () => eventsOf(email).length === 1);
    await replayDelivery(shop.shopId, dead.deliveryId, 'test');
    await until('the replayed one', () => eventsOf(email).length === 2);

    await until('on record', async () => (await listDeliveries(shop.shopId, { state: 'delivered', limit: 10 })).items.some((item) => item.deliveryId === dead.deliveryId));
    expect((await deliveryDetail(shop.shopId, dead.deliveryId))?.attempts).toMatchObject([{ outcome: 'rejected', requestedBy: 'engine' }, { outcome: 'delivered', requestedBy: 'replay' }]);
  });

  test('a refused key stops the destination, holds its deliveries using no tries, and a good key drains them in order', async () => {
    const shop = await rig.shop({ store: wishes('revoked'), bloomreach: { importActiveProperty: false } });
    const { email, active } = customerOf(shop, 2);
    const rule = rig.bloomreach.faults.add({ match: { path: '/batch$' }, times: -1, fault: { kind: 'status', status: 401, body: { success: false, error: 'access key not found' } } });

    for (const row of active.slice(0, 2)) await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: row.id });
    await until('held', async () => (await listDeliveries(shop.shopId, { state: 'held', limit: 10 })).items.length === 2);
    const held = await listDeliveries(shop.shopId, { state: 'held', limit: 10 });
    const asTheyCame = held.items.map((item) => item.objectId).reverse();
    expect(held.items[0]?.reason).toContain('access key not found');

    rig.bloomreach.faults.remove(rule.id);
    await resumeDestination(shop.shopId, shop.bloomreach?.destinationId ?? '', 'test');
    await until('both delivered', async () => (await listDeliveries(shop.shopId, { state: 'delivered', limit: 10 })).items.length === 2);
    const tries = await pool().query<{ tries: number }>(`select tries from "Delivery" where "shopId" = $1`, [shop.shopId]);
    expect(tries.rows.map((row) => row.tries)).toEqual([1, 1]);
    expect(eventsOf(email).map((event) => event.properties['subscription_id'])).toEqual(asTheyCame);
  });

  test('an outage opens the breaker, uses up no tries after that, and everything arrives in order afterwards', async () => {
    const shop = await rig.shop({ store: wishes('outage') });
    const { email, active } = customerOf(shop, 2);
    const rule = rig.bloomreach.faults.add({ match: { path: '/batch$' }, times: -1, fault: { kind: 'status', status: 503, body: '<html>down</html>' } });

    for (const [index, act] of (['cancel', 'activate', 'cancel'] as const).entries()) {
      await rig.recharge.do(act, { shop: shop.domain, subscriptionId: active[0]?.id ?? 0 });
      await until(`event ${index + 1}`, async () => (await listEvents(shop.shopId, { limit: 50 })).items.filter((event) => /cancelled|activated/.test(event.type)).length === index + 1);
    }
    const probes = await until('several probes behind the open breaker', async () => {
      const row = await pool().query<{ probes: number }>(`select probes from "Destination" where "shopId" = $1 and "openUntil" is not null and probes >= 3`, [shop.shopId]);
      return row.rows[0]?.probes;
    });
    expect(probes).toBeGreaterThanOrEqual(3);
    expect((await listDeliveries(shop.shopId, { state: 'dead', limit: 1 })).items).toEqual([]);

    rig.bloomreach.faults.remove(rule.id);
    await until('all three', () => eventsOf(email).filter((event) => event.type === 'subscription').length === 3);
    expect(eventsOf(email).filter((event) => event.type === 'subscription').map((event) => event.properties['status'])).toEqual(['canceled', 'activated', 'canceled']);
    await until('the flag', () => flagOf(email) === true);
  });
});

describe('what a person does', () => {
  test('pause holds, resume drains; nothing is lost meanwhile', async () => {
    const shop = await rig.shop({ store: wishes('paused'), bloomreach: { importActiveProperty: false } });
    const { email, active } = customerOf(shop, 2);
    await pauseDestination(shop.shopId, shop.bloomreach?.destinationId ?? '', 'test');

    await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: active[0]?.id ?? 0 });
    await until('held', async () => (await listDeliveries(shop.shopId, { state: 'held', limit: 10 })).items.length === 1);
    expect(eventsOf(email)).toEqual([]);

    await resumeDestination(shop.shopId, shop.bloomreach?.destinationId ?? '', 'test');
    await until('delivered', () => eventsOf(email).length === 1);
  });

  test('replaying all dead ones of a window says how many, and one that still waits is refused', async () => {
    const shop = await rig.shop({ store: wishes('replay-many'), bloomreach: { importActiveProperty: false } });
    const { email, active } = customerOf(shop, 2);
    Object.assign(rig.bloomreach.switches, { itemFailuresPerBatch: 50, itemFailureText: 'no' });
    for (const row of active.slice(0, 2)) await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: row.id });
    await until('both dead', async () => (await listDeliveries(shop.shopId, { state: 'dead', limit: 10 })).items.length === 2);
    rig.bloomreach.switches.itemFailuresPerBatch = 0;

    expect(await replayMany(shop.shopId, { state: 'dead', destinationType: 'kustomer' }, 'test')).toEqual({ accepted: 0 });
    expect(await replayMany(shop.shopId, { state: 'dead', since: new Date(Date.now() + 60_000) }, 'test')).toEqual({ accepted: 0 });
    await pauseDestination(shop.shopId, shop.bloomreach?.destinationId ?? '', 'test');
    expect(await replayMany(shop.shopId, { state: 'dead', destinationType: 'bloomreach' }, 'test')).toEqual({ accepted: 2 });
    const waiting = (await listDeliveries(shop.shopId, { state: 'held', limit: 1 })).items[0];
    await expect(replayDelivery(shop.shopId, waiting?.deliveryId ?? '', 'test')).rejects.toMatchObject({ code: 'delivery_waits' });
    await resumeDestination(shop.shopId, shop.bloomreach?.destinationId ?? '', 'test');
    await until('both delivered', () => eventsOf(email).length === 2);
  });

  test('one shop never sees or replays the deliveries of another', async () => {
    const [one, other] = [await rig.shop({ store: wishes('tenant-one') }), await rig.shop({ store: wishes('tenant-two') })];
    await rig.recharge.do('cancel', { shop: one.domain });
    const delivery = await until('a delivery', async () => (await listDeliveries(one.shopId, { state: 'delivered', limit: 1 })).items[0]);

    expect((await listDeliveries(other.shopId, { limit: 50 })).items.filter((item) => item.deliveryId === delivery.deliveryId)).toEqual([]);
    expect(await deliveryDetail(other.shopId, delivery.deliveryId)).toBeNull();
    await expect(replayDelivery(other.shopId, delivery.deliveryId, 'test')).rejects.toMatchObject({ code: 'delivery_not_found' });
    expect(await replayMany(other.shopId, { state: 'delivered', deliveryIds: [delivery.deliveryId] }, 'test')).toEqual({ accepted: 0 });
  });

  test('BR-14 a wrong Bloomreach secret is refused on save and nothing is stored', async () => {
    const shop = await rig.shop({ bloomreach: null });

    await expect(saveDestination(shop.shopId, 'bloomreach', { ...bloomreachSettings, apiSecret: 'wrong' }, 'test')).rejects.toMatchObject({ message: expect.stringContaining('Bloomreach') });

    expect((await pool().query(`select 1 from "Destination" where "shopId" = $1`, [shop.shopId])).rowCount).toBe(0);
  });
});
