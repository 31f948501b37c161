// The charge queue: one queued charge per address and day, ids that change, dates in New York.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays } from './dates.ts';
import { SAMPLE_CUSTOMER_ID } from './seed.ts';
import type { RechargeSimulator } from './simulator.ts';
import { startRechargeSimulator } from './simulator.ts';
import { callerOf } from './testing/bench.ts';
import type { Answer, Caller } from './testing/bench.ts';
import { today } from './world.ts';

interface Charge {
  id: number;
  status: string;
  scheduled_at: string;
  total_price: string;
  line_items: { purchase_item_id: number; quantity: number }[];
}

describe('charges', () => {
  let sim: RechargeSimulator;
  let call: Caller;
  let address: number;
  let first: number;
  let second: number;

  beforeEach(async () => {
    sim = await startRechargeSimulator({ timeScale: 0, startAt: new Date('2026-03-04T15:00:00Z'), stores: [{ shop: 'queue.myshopify.com', customers: 1 }], switches: { rateLimit: false, writeHoldMs: 0 } });
    call = callerOf(sim.url);
    address = sim.store().addresses.of('customer', SAMPLE_CUSTOMER_ID)[0]?.id ?? 0;
    [first = 0, second = 0] = sim.store().subscriptions.of('address', address).map((each) => each.id);
    await move(first, 10);
    await move(second, 10);
  });
  afterEach(() => sim.close());

  const day = (ahead: number): string => addDays(today(sim.world), ahead);
  const move = (id: number, ahead: number): Promise<Answer> => call('POST', `/subscriptions/${id}/set_next_charge_date`, { date: day(ahead) });
  const charges = async (query = 'status=queued'): Promise<Charge[]> => ((await call('GET', `/charges?address_id=${address}&sort_by=scheduled_at-asc&${query}`)).body as unknown as { charges: Charge[] }).charges;
  const items = (charge: Charge | undefined): number[] => charge?.line_items.map((item) => item.purchase_item_id).sort() ?? [];
  const subscription = async (id: number): Promise<Record<string, unknown>> => ((await call('GET', `/subscriptions/${id}`)).body as unknown as { subscription: Record<string, unknown> }).subscription;
  const chargeOf = (answer: Answer): Charge => (answer.body as unknown as { charge: Charge }).charge;

  it('puts what is due on one address and day on one charge; splitting and merging change ids', async () => {
    const [together] = await charges();
    expect(await charges()).toHaveLength(1);
    expect(items(together)).toEqual([first, second]);

    await move(first, 20);
    const split = await charges();
    expect(split.map(items)).toEqual([[second], [first]]);
    expect(split[0]?.id).toBe(together?.id);

    await move(second, 20);
    const merged = await charges();
    expect(merged).toHaveLength(1);
    expect(merged[0]?.id).toBe(split[1]?.id);
    expect((await call('GET', `/charges/${together?.id}`)).status).toBe(404);
  });

  it('skips a whole charge and queues the next one; unskipping brings it back', async () => {
    const [charge] = await charges();
    const skipped = chargeOf(await call('POST', `/charges/${charge?.id}/skip`, { purchase_item_ids: [first, second] }));
    expect(skipped).toMatchObject({ id: charge?.id, status: 'skipped', scheduled_at: day(10) });
    expect((await charges()).flatMap(items).sort()).toEqual([first, second]);
    expect((await charges()).every((each) => each.scheduled_at > day(10))).toBe(true);

    const back = chargeOf(await call('POST', `/charges/${charge?.id}/unskip`, { purchase_item_ids: [first, second] }));
    expect(back).toMatchObject({ id: charge?.id, status: 'queued' });
    expect((await charges()).map((each) => each.id)).toEqual([charge?.id]);
    expect(await subscription(first)).toMatchObject({ next_charge_scheduled_at: day(10) });
  });

  it('skips one item into a charge of its own and merges it back', async () => {
    const [charge] = await charges();
    const skipped = chargeOf(await call('POST', `/charges/${charge?.id}/skip`, { purchase_item_ids: [first] }));
    expect(skipped.id).not.toBe(charge?.id);
    expect(items(skipped)).toEqual([first]);
    expect(items((await charges())[0])).toEqual([second]);

    const back = chargeOf(await call('POST', `/charges/${skipped.id}/unskip`, { purchase_item_ids: [first] }));
    expect(back.id).toBe(charge?.id);
    expect(items((await charges())[0])).toEqual([first, second]);
    expect((await call('GET', `/charges/${skipped.id}`)).status).toBe(404);
  });

  it('answers a second skip, cancel and activate unchanged, or refuses them', async () => {
    const [charge] = await charges();
    const again = async (): Promise<number[]> => [
      (await call('POST', `/charges/${charge?.id}/skip`, { purchase_item_ids: [first] })).status,
      (await call('POST', `/subscriptions/${second}/activate`)).status,
    ];
    await call('POST', `/charges/${charge?.id}/skip`, { purchase_item_ids: [first, second] });

    expect(await again()).toEqual([200, 200]);
    sim.switches.repeatedAction = 'refuse';
    expect(await again()).toEqual([422, 422]);
  });

  it('skips a later day of the cadence in advance, and the renewal steps over it', async () => {
    await call('PUT', `/subscriptions/${first}`, { charge_interval_frequency: 10, order_interval_frequency: 10, order_interval_unit: 'day' });
    const skipped = chargeOf(await call('POST', `/addresses/${address}/charges/skip`, { date: day(20), subscription_ids: [first] }));
    expect(skipped).toMatchObject({ status: 'skipped', scheduled_at: day(20) });
    const later = day(30);

    await sim.do('renew', { subscriptionId: first });

    expect(await subscription(first)).toMatchObject({ next_charge_scheduled_at: later });
  });

  it('cancels: reason kept, date gone, no charge left; the mail goes out unless told not to', async () => {
    const answer = await call('POST', `/subscriptions/${first}/cancel`, { cancellation_reason: 'Too much product', cancellation_reason_comments: 'Back in spring', send_email: false });
    expect(answer).toMatchObject({ status: 200, body: { subscription: { status: 'cancelled', next_charge_scheduled_at: null, has_queued_charges: false, cancellation_reason_comments: 'Back in spring' } } });
    expect(sim.mails).toEqual([]);
    await call('POST', `/subscriptions/${second}/cancel`, { cancellation_reason: 'x' });

    expect(sim.mails).toMatchObject([{ kind: 'subscription_cancelled', to: 'jacob@example.com' }]);
    expect(await charges()).toEqual([]);
    expect((await call('POST', `/subscriptions/${second}/cancel`, {})).status).toBe(422);
  });

  it('activates on the day of the cadence it was due on', async () => {
    await call('POST', `/subscriptions/${first}/cancel`, { cancellation_reason: 'x' });
    const answer = await call('POST', `/subscriptions/${first}/activate`);

    expect(answer.body).toMatchObject({ subscription: { status: 'active', cancelled_at: null, cancellation_reason: null, next_charge_scheduled_at: day(10), has_queued_charges: true } });
  });

  it('moves at once when the weekday changes', async () => {
    await call('PUT', `/subscriptions/${first}`, { charge_interval_frequency: 1, order_interval_frequency: 1, order_interval_unit: 'week' });
    const before = String((await subscription(first))['next_charge_scheduled_at']);
    await call('PUT', `/subscriptions/${first}`, { order_day_of_week: 6 });
    const after = new Date(`${String((await subscription(first))['next_charge_scheduled_at'])}T00:00:00Z`);

    expect(after.getUTCDay()).toBe(0);
    expect(after.getTime() - Date.parse(before)).toBeLessThan(7 * 86_400_000);
  });

  it('takes days as New York has them', async () => {
    // 15:00 UTC is the 4th there; 04:30 UTC on the 5th still is.
    await sim.advance(13.5 * 3600);
    expect(today(sim.world)).toBe('2026-03-04');
    expect((await call('POST', `/subscriptions/${first}/set_next_charge_date`, { date: '2026-03-04' })).status).toBe(422);
    expect((await call('POST', `/subscriptions/${first}/set_next_charge_date`, { date: '2026-03-05' })).status).toBe(200);
  });

  it('moves a whole charge, discounts, refunds and holds gifts', async () => {
    const [charge] = await charges();
    const moved = chargeOf(await call('POST', `/charges/${charge?.id}/change_next_charge_date`, { next_charge_date: day(15) }));
    expect(moved.scheduled_at).toBe(day(15));
    expect(items(moved)).toEqual([first, second]);

    const cheaper = chargeOf(await call('POST', `/charges/${moved.id}/apply_discount`, { discount_code: 'TEN' }));
    expect(Number(cheaper.total_price)).toBeLessThan(Number(moved.total_price));
    const gift = sim.store().products[1]?.variants[0]?.external_variant_id;
    expect(chargeOf(await call('POST', `/charges/${moved.id}/add_free_gift`, { free_gifts: [{ external_variant_id: gift, quantity: 1 }] })).line_items).toHaveLength(3);
    expect(chargeOf(await call('POST', `/charges/${moved.id}/remove_free_gift`, { external_variant_ids: [gift] })).line_items).toHaveLength(2);

    expect(chargeOf(await call('POST', `/charges/${moved.id}/process`))).toMatchObject({ status: 'success' });
    expect(chargeOf(await call('POST', `/charges/${moved.id}/refund`, { amount: '1.00' }))).toMatchObject({ status: 'partially_refunded' });
    expect(chargeOf(await call('POST', `/charges/${moved.id}/refund`, { full_refund: true }))).toMatchObject({ status: 'refunded' });
  });

  it('adds a one-time to the next charge and takes it off again', async () => {
    const variant = sim.store().products[0]?.variants[0]?.external_variant_id;
    const created = await call('POST', '/onetimes', { address_id: address, external_variant_id: { ecommerce: variant }, quantity: 1, add_to_next_charge: true });
    const id = (created.body as unknown as { onetime: { id: number } }).onetime.id;
    expect(items((await charges())[0])).toContain(id);

    expect((await call('DELETE', `/onetimes/${id}`)).status).toBe(204);
    expect(items((await charges())[0])).not.toContain(id);
  });

  it('moves a subscription to another address of the customer, and merges addresses', async () => {
    const made = await call('POST', '/addresses', { customer_id: SAMPLE_CUSTOMER_ID, address1: 'Große Bleichen 21', city: 'Hamburg', country_code: 'DE', first_name: 'Jacob', last_name: 'Bronowski', province: 'Hamburg', zip: '20354' });
    const other = (made.body as unknown as { address: { id: number } }).address.id;
    expect((await call('POST', `/subscriptions/${first}/change_address`, { address_id: other })).body).toMatchObject({ subscription: { address_id: other } });
    expect((await call('GET', `/charges?address_id=${other}&status=queued`)).body).toMatchObject({ charges: [{ address_id: other }] });

    await call('POST', '/addresses/merge', { target_address: { id: address }, source_addresses: [{ id: other }], delete_source_addresses: true });

    expect((await call('GET', `/addresses/${other}`)).status).toBe(404);
    expect(items((await charges())[0])).toEqual([first, second]);
  });

  it('records who did what for a week', async () => {
    await call('POST', `/subscriptions/${first}/cancel`, { cancellation_reason: 'x' });
    const events = async (): Promise<unknown[]> => ((await call('GET', '/events?verbs=cancelled')).body as unknown as { events: unknown[] }).events;

    expect(await events()).toMatchObject([{ object_id: first, verb: 'cancelled', source: { origin: 'api', api_token_name: 'Rechannel' } }]);
    await sim.advance(8 * 86_400);
    expect(await events()).toEqual([]);
  });
});
