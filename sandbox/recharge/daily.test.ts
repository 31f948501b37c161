// What time sets off: renewals after midnight in New York, notices three days before, dunning to its end.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays } from './dates.ts';
import { SAMPLE_CUSTOMER_ID } from './seed.ts';
import type { RechargeSimulator } from './simulator.ts';
import { startRechargeSimulator } from './simulator.ts';
import { callerOf, register, startReceiver } from './testing/bench.ts';
import type { Caller, Receiver } from './testing/bench.ts';
import { today } from './world.ts';

const DAY = 86_400;

describe('the passing of days', () => {
  let sim: RechargeSimulator;
  let receiver: Receiver;
  let call: Caller;
  let subscription: number;

  beforeEach(async () => {
    receiver = await startReceiver();
    sim = await startRechargeSimulator({ timeScale: 0, startAt: new Date('2026-03-04T15:00:00Z'), stores: [{ shop: 'days.myshopify.com', customers: 1 }] });
    call = callerOf(sim.url);
    const [keep, drop] = sim.store().subscriptions.of('customer', SAMPLE_CUSTOMER_ID);
    subscription = keep?.id ?? 0;
    await call('DELETE', `/subscriptions/${drop?.id}`);
    await call('POST', `/subscriptions/${subscription}/set_next_charge_date`, { date: addDays(today(sim.world), 5) });
    await sim.advance(120);
  });
  afterEach(async () => {
    await sim.close();
    await receiver.sim.close();
  });

  const timesOf = (topic: string): string[] => sim.deliveries.filter((delivery) => delivery.topic === topic).map((delivery) => delivery.created_at);

  it('notifies once, three calendar days before, at 14:17 Eastern', async () => {
    await register(call, receiver, ['charge/upcoming']);
    await sim.advance(4.4 * DAY);

    expect(timesOf('charge/upcoming')).toEqual(['2026-03-06T19:17:00+00:00']);
    expect(receiver.bodies()[0]).toMatchObject({ charge: { status: 'queued', scheduled_at: '2026-03-09', customer: { id: SAMPLE_CUSTOMER_ID } } });
  });

  it('renews at 00:08 Eastern, in summer time too, and queues the next charge', async () => {
    await register(call, receiver, ['order/processed', 'charge/created', 'charge/paid', 'subscription/updated']);
    await sim.advance(5 * DAY);

    expect(timesOf('order/processed')).toEqual(['2026-03-09T04:08:00+00:00']);
    expect(receiver.topics().sort()).toEqual(['charge/created', 'charge/paid', 'order/processed']);
    expect((await call('GET', `/subscriptions/${subscription}`)).body).toMatchObject({ subscription: { updated_at: '2026-03-09T04:08:00+00:00' } });
    expect(receiver.bodies().find((body) => 'order' in body)).toMatchObject({ order: { type: 'recurring', scheduled_at: '2026-03-09T04:00:00+00:00', external_order_name: { ecommerce: expect.stringMatching(/^#\d+$/) as string } } });
  });

  it('fails the due day, the next, then every six days; the sixth ends it without subscription/cancelled', async () => {
    await register(call, receiver, ['charge/failed', 'charge/max_retries_reached', 'subscription/cancelled', 'customer/deactivated', 'customer/updated']);
    const charge = (await sim.do('fail-charge', { subscriptionId: subscription, errorType: 'INSUFFICIENT_FUNDS' })) as { id: number };
    await sim.advance(40 * DAY);

    expect(timesOf('charge/failed').map((at) => at.slice(0, 10))).toEqual(['2026-03-04', '2026-03-05', '2026-03-11', '2026-03-17', '2026-03-23', '2026-03-29']);
    expect(receiver.topics().filter((topic) => topic !== 'charge/failed').sort()).toEqual(['charge/max_retries_reached', 'customer/deactivated', 'customer/updated']);
    expect((await call('GET', `/charges/${charge.id}`)).body).toMatchObject({ charge: { status: 'error', error_type: 'CLOSED_MAX_RETRIES_REACHED', charge_attempts: 6 } });
    expect((await call('GET', `/subscriptions/${subscription}`)).body).toMatchObject({ subscription: { status: 'cancelled', max_retries_reached: true, cancellation_reason: 'Auto-cancelled - Invalid Payment Method Not Fixed' } });
  });

  it('expires a subscription after its number of charges', async () => {
    const made = sim.store().subscriptions.get(subscription)?.charges_made ?? 0;
    await call('PUT', `/subscriptions/${subscription}`, { expire_after_specific_number_of_charges: made + 1 });
    await sim.advance(6 * DAY);

    expect((await call('GET', `/subscriptions/${subscription}`)).body).toMatchObject({ subscription: { status: 'expired', next_charge_scheduled_at: null } });
  });

  it('moves time over the control route, and a fast clock runs by itself', async () => {
    const before = Date.parse(((await call('GET', '/_sim/clock')).body as unknown as { now: string }).now);
    const after = Date.parse(((await call('POST', '/_sim/clock', { advanceSeconds: 3600 })).body as unknown as { now: string }).now);
    expect(after - before).toBe(3_600_000);

    await register(call, receiver, ['order/processed']);
    await call('POST', '/_sim/clock', { timeScale: 2_000_000 });
    await receiver.sim.requestLog.waitFor((request) => request.path === '/hooks/order/processed');
    expect(receiver.topics()).toContain('order/processed');
  });
});
