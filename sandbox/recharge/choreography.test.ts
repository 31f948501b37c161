// Which webhooks follow which change, in which order: against what one production receiver saw.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_CUSTOMER_ID } from './seed.ts';
import type { RechargeSimulator } from './simulator.ts';
import { startRechargeSimulator } from './simulator.ts';
import { addDays } from './dates.ts';
import { today } from './world.ts';
import { callerOf, fixture, hasFixtures, OBSERVED_TOPICS, register, startReceiver } from './testing/bench.ts';
import type { Caller, Receiver } from './testing/bench.ts';

interface Seen {
  at: string;
  kind: string;
  sender?: string;
  topic?: string;
  path?: string;
  method?: string;
  subscription_id?: number;
  charge_id?: number;
}

describe('webhook choreography', () => {
  let sim: RechargeSimulator;
  let receiver: Receiver;
  let call: Caller;
  let address: number;
  let first: number;
  let second: number;

  beforeEach(async () => {
    receiver = await startReceiver();
    sim = await startRechargeSimulator({ timeScale: 0, startAt: new Date('2026-03-04T15:00:00Z'), stores: [{ shop: 'acts.myshopify.com', customers: 1 }] });
    call = callerOf(sim.url);
    await register(call, receiver, OBSERVED_TOPICS);
    address = sim.store().addresses.of('customer', SAMPLE_CUSTOMER_ID)[0]?.id ?? 0;
    const day = addDays(today(sim.world), 10);
    for (const [index, subscription] of sim.store().subscriptions.of('address', address).entries()) {
      await call('POST', `/subscriptions/${subscription.id}/set_next_charge_date`, { date: day });
      if (index === 0) first = subscription.id;
      else second = subscription.id;
    }
    await sim.advance(120);
    receiver.clear();
  });
  afterEach(async () => {
    await sim.close();
    await receiver.sim.close();
  });

  const day = (ahead: number): string => addDays(today(sim.world), ahead);
  /** Webhooks that arrived by now, then those of the next two minutes. */
  const watch = async (): Promise<{ before: string[]; after: string[]; all: string[] }> => {
    const before = receiver.topics();
    await sim.advance(120);
    return { before, after: receiver.topics().slice(before.length), all: receiver.topics() };
  };
  const newSubscription = (ahead: number): object => ({ address_id: address, external_variant_id: { ecommerce: sim.store().products[0]?.variants[0]?.external_variant_id }, quantity: 1, charge_interval_frequency: 1, order_interval_frequency: 1, order_interval_unit: 'month', next_charge_scheduled_at: day(ahead) });

  it('tells charge/created before it answers POST /subscriptions on a free date, subscription/created after, the rates a minute later', async () => {
    expect((await call('POST', '/subscriptions', newSubscription(20))).status).toBe(201);
    const { before, after } = await watch();

    expect(before).toEqual(['charge/created']);
    expect(after).toEqual(['subscription/created', 'charge/updated']);
  });

  it('tells a new subscription on a day with a charge by charge/updated and subscription/created, then two rebuilds', async () => {
    await call('POST', '/subscriptions', newSubscription(10));
    const { before, after } = await watch();

    expect(before).toEqual([]);
    expect(after.slice(0, 2).sort()).toEqual(['charge/updated', 'subscription/created']);
    expect(after.slice(2)).toEqual(['charge/updated', 'charge/updated']);
  });

  it('ends a series of writes in one final charge/updated about 40 s after the last', async () => {
    for (const quantity of [2, 3, 4]) {
      await call('PUT', `/subscriptions/${first}`, { quantity });
      await sim.advance(2);
    }
    const { all } = await watch();

    expect(all.filter((topic) => topic === 'subscription/updated')).toHaveLength(3);
    expect(all.filter((topic) => topic === 'charge/updated')).toHaveLength(2);
    expect(all.at(-1)).toBe('charge/updated');
  });

  it('flags uncommitted changes at once and rebuilds later; with commit=true the charge comes first and is done', async () => {
    const charge = async (): Promise<Record<string, unknown>> => ((await call('GET', `/charges?status=queued&address_id=${address}`)).body as unknown as { charges: Record<string, unknown>[] }).charges[0] ?? {};
    await call('PUT', `/subscriptions/${first}`, { quantity: 7 });
    expect(await charge()).toMatchObject({ has_uncommitted_changes: true });
    await sim.advance(60);
    expect(await charge()).toMatchObject({ has_uncommitted_changes: false });
    receiver.clear();

    await call('PUT', `/subscriptions/${first}?commit=true`, { quantity: 8 });

    expect(await charge()).toMatchObject({ has_uncommitted_changes: false, line_items: expect.arrayContaining([expect.objectContaining({ purchase_item_id: first, quantity: 8 })]) as unknown[] });
    expect((await watch()).all).toEqual(['charge/updated', 'subscription/updated']);
  });

  it('moves to a free day: charge/created, then the old charge and the subscription; the last item takes the old charge with it', async () => {
    await call('POST', `/subscriptions/${first}/set_next_charge_date`, { date: day(30) });
    const one = await watch();
    receiver.clear();
    await call('POST', `/subscriptions/${second}/set_next_charge_date`, { date: day(30) });
    const two = await watch();

    expect(one.before).toEqual(['charge/created']);
    expect(one.after.slice(0, 2)).toEqual(['charge/updated', 'subscription/updated']);
    expect(two.all).toContain('charge/deleted');
    expect(two.all).toContain('charge/updated');
    expect(two.all).not.toContain('charge/created');
  });

  it('deletes a cancelled subscription with subscription/deleted alone, the last active item with its charge', async () => {
    await call('POST', `/subscriptions/${first}/cancel`, { cancellation_reason: 'x' });
    await sim.advance(120);
    receiver.clear();
    expect((await call('DELETE', `/subscriptions/${first}`)).status).toBe(204);
    expect((await watch()).all).toEqual(['subscription/deleted']);
    receiver.clear();

    await call('DELETE', `/subscriptions/${second}`);

    expect((await watch()).all).toEqual(['subscription/deleted', 'charge/deleted']);
    expect(receiver.bodies()).toEqual([{ subscription: expect.objectContaining({ id: second, product_title: expect.any(String) as string }) as unknown }, { charge: { id: expect.any(Number) as number } }]);
  });

  describe.runIf(hasFixtures)('production timelines (not run where ../shared is absent)', () => {
    const timeline = (name: string): Seen[] => fixture<{ events: Seen[] }>(`2021-11/timelines/${name}.json`).events;
    const fromRecharge = (events: Seen[]): Seen[] => events.filter((event) => event.sender === 'recharge');
    const topicsOf = (events: Seen[]): string[] => fromRecharge(events).map((event) => event.topic ?? '');

    it('renews as observed: the same webhooks in the same order, and no subscription/updated', async () => {
      const seen = timeline('recharge-order-processed');
      const burst = topicsOf(seen.slice(0, seen.findIndex((event) => event.kind === 'api_call')));
      // A neighbour on another day, as the observed address had.
      await call('POST', `/subscriptions/${second}/set_next_charge_date`, { date: day(11) });
      await sim.advance(120);
      receiver.clear();

      await sim.do('renew', { subscriptionId: first });
      await sim.advance(20);

      expect(receiver.topics()).toEqual(burst);
      await sim.advance(120);
      expect(receiver.topics()).not.toContain('subscription/updated');
      expect((await call('GET', `/subscriptions/${first}`)).body).toMatchObject({ subscription: { next_charge_scheduled_at: expect.stringMatching(/^2026-0[3-4]-/) as string } });
    });

    it('checks out as observed: queued charge, subscriptions, paid charge, order', async () => {
      const seen = timeline('shopify-order-created');
      const burst = topicsOf(seen.slice(0, seen.findIndex((event) => event.kind === 'api_call')));

      await sim.do('new-checkout', { items: 4 });
      await sim.advance(7);

      expect([...receiver.topics()].sort()).toEqual([...burst].sort());
      expect(receiver.topics()[0]).toBe(burst[0]);
      expect(receiver.topics()).not.toContain('order/processed');
    });

    it('cancels as observed: cancelled and updated close together in either order, and the charge', async () => {
      const seen = fromRecharge(timeline('user-subscription-cancelled'));
      const cancelled = seen.filter((event) => event.topic === 'subscription/cancelled');
      for (const event of cancelled) {
        const updated = seen.find((other) => other.topic === 'subscription/updated' && other.subscription_id === event.subscription_id);
        expect(Math.abs(Date.parse(event.at) - Date.parse(updated?.at ?? ''))).toBeLessThan(120);
      }

      await call('POST', `/subscriptions/${first}/cancel`, { cancellation_reason: 'Too much product' });
      await sim.advance(2);

      expect([...receiver.topics()].sort()).toEqual(['charge/updated', 'subscription/cancelled', 'subscription/updated']);
      expect([...new Set(seen.map((event) => event.topic))].sort()).toEqual([...new Set(receiver.topics())].sort());
      const sentAt = (topic: string): number => Date.parse(sim.deliveries.findLast((each) => each.topic === topic)?.attempts[0]?.at ?? '');
      expect(Math.abs(sentAt('subscription/cancelled') - sentAt('subscription/updated'))).toBeLessThan(120);
    });

    it('activates as observed: the charge first, then updated, then activated', async () => {
      const seen = topicsOf(timeline('user-subscription-reactivated')).slice(0, 4);
      await call('POST', `/subscriptions/${first}/cancel`, { cancellation_reason: 'x' });
      await call('POST', `/subscriptions/${second}/cancel`, { cancellation_reason: 'x' });
      await sim.advance(120);
      receiver.clear();

      await call('POST', `/subscriptions/${first}/activate`);
      await sim.advance(2);

      expect(receiver.topics()).toEqual(seen.filter((topic) => topic !== 'charge/updated'));
    });

    it('creates on a free date as observed: the charge before the answer, the subscription after, the final charge a minute later', async () => {
      const seen = timeline('notbroken-create-subscription');
      const post = seen.findIndex((event) => event.method === 'POST');
      const [charge] = fromRecharge(seen);
      const ofTheNew = seen.filter((event) => event.charge_id === charge?.charge_id || event.topic === 'subscription/created');

      await call('POST', '/subscriptions', newSubscription(20));
      const { before, after } = await watch();

      expect(before).toEqual(topicsOf(seen.slice(0, post)));
      expect([...before, ...after]).toEqual(topicsOf(ofTheNew));
    });

    it('creates on a day with a charge as observed', async () => {
      const seen = topicsOf(timeline('user-subscription-created'));
      await call('POST', '/subscriptions', newSubscription(10));
      await sim.advance(0.544); // the time between the two answers in the log
      await call('PUT', `/subscriptions/${sim.store().subscriptions.last()?.id}`, { properties: [{ name: 'Note', value: 'x' }] });
      await sim.advance(120);

      expect(new Set(receiver.topics())).toEqual(new Set(seen));
      expect(receiver.topics().filter((topic) => topic.startsWith('subscription/'))).toEqual(seen.filter((topic) => topic.startsWith('subscription/')));
      expect(receiver.topics().at(-1)).toBe(seen.at(-1));
    });

    it('pauses as observed: a new charge, then the old one and the subscriptions, the last word with the new charge', async () => {
      const seen = timeline('user-subscription-paused');
      const moved = topicsOf(seen.slice(seen.findIndex((event) => event.topic === 'charge/created')));
      const third = await call('POST', '/subscriptions', newSubscription(10));
      expect(third.status).toBe(201);
      await sim.advance(120);
      receiver.clear();

      for (const id of [first, second]) {
        await call('POST', `/subscriptions/${id}/set_next_charge_date`, { date: day(17) });
        await sim.advance(1.2);
      }
      await sim.advance(120);

      expect(new Set(receiver.topics())).toEqual(new Set(moved));
      expect(receiver.topics()[0]).toBe(moved[0]);
      expect(receiver.topics().filter((topic) => topic === 'charge/created')).toHaveLength(1);
      expect(receiver.topics().at(-1)).toBe(moved.at(-1));
    });

    it('deletes as observed: subscription/deleted within two seconds', async () => {
      const seen = timeline('user-subscription-deleted');
      await call('POST', `/subscriptions/${first}/cancel`, { cancellation_reason: 'x' });
      await sim.advance(120);
      receiver.clear();

      await call('DELETE', `/subscriptions/${first}`);
      await sim.advance(2);

      expect([...new Set(topicsOf(seen))]).toEqual(receiver.topics());
    });
  });
});
