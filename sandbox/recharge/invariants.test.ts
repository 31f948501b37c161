// Whatever happens in a store, in whatever order: its charges fit its subscriptions.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpen } from './charge-queue.ts';
import { ACTS } from './do.ts';
import type { ActName } from './do.ts';
import { startRechargeSimulator } from './simulator.ts';
import { callerOf, OBSERVED_TOPICS, register, startReceiver } from './testing/bench.ts';
import type { Store } from './types.ts';
import { today } from './world.ts';

const NAMES = Object.keys(ACTS).filter((name) => name !== 'uninstall') as ActName[];

/** What is wrong with the charge queue, in words. */
function faultsOf(store: Store): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const charge of store.charges.all()) {
    if (!isOpen(charge)) continue;
    const place = `${charge.address_id} ${charge.scheduled_at}`;
    if (seen.has(place)) faults.push(`two open charges at ${place}`);
    seen.add(place);
    if (charge.line_items.length === 0) faults.push(`charge ${charge.id} is empty`);
    for (const item of charge.line_items) {
      const subscription = store.subscriptions.get(item.purchase_item_id);
      if (item.purchase_item_type === 'subscription' && subscription?.next_charge_scheduled_at !== charge.scheduled_at) faults.push(`charge ${charge.id} holds ${item.purchase_item_id}, which is due ${subscription?.next_charge_scheduled_at ?? 'never'}`);
    }
  }
  for (const subscription of store.subscriptions.all()) {
    const isDue = subscription.next_charge_scheduled_at !== null;
    if (isDue !== (subscription.status === 'active')) faults.push(`subscription ${subscription.id} is ${subscription.status} and due ${subscription.next_charge_scheduled_at ?? 'never'}`);
    if (isDue && !seen.has(`${subscription.address_id} ${subscription.next_charge_scheduled_at}`)) faults.push(`subscription ${subscription.id} is on no charge`);
  }
  for (const order of store.orders.all()) if (store.charges.get(order.charge_id) === undefined) faults.push(`order ${order.id} lost its charge`);
  return faults;
}

describe('a store', () => {
  it('does every act it offers', async () => {
    const sim = await startRechargeSimulator({ timeScale: 0 });
    await sim.do('skip', { customerId: 18819267 });
    const statuses: Record<string, number> = {};
    for (const name of Object.keys(ACTS)) statuses[name] = (await fetch(`${sim.url}/_sim/do/${name}`, { method: 'POST', body: '{}' })).status;

    expect(statuses).toEqual(Object.fromEntries(Object.keys(ACTS).map((name) => [name, 200])));
    await sim.close();
  });

  it('keeps one charge per address and day with what is due on it, through any acts and days', async () => {
    const step = fc.oneof(fc.record({ act: fc.constantFrom(...NAMES), aimed: fc.boolean() }), fc.record({ days: fc.integer({ min: 1, max: 20 }) }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const sim = await startRechargeSimulator({ timeScale: 0, startAt: new Date('2026-01-29T15:00:00Z'), stores: [{ shop: 'any.myshopify.com', customers: 3 }] });
        try {
          for (const each of steps) {
            if ('days' in each) await sim.advance(each.days * 86_400);
            // An act that fits nothing in the store just now says so and changes nothing.
            else await sim.do(each.act, each.aimed ? { customerId: 18819267 } : {}).catch((error: Error) => expect(error.message).toContain('fits'));
            expect({ after: each, faults: faultsOf(sim.store()) }).toEqual({ after: each, faults: [] });
          }
          expect([...sim.store().charges.all()].filter((charge) => charge.status === 'queued' && charge.scheduled_at < today(sim.world))).toEqual([]);
        } finally {
          await sim.close();
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('sends no webhook with a body that could not have been read from the API', async () => {
    const receiver = await startReceiver();
    const sim = await startRechargeSimulator({ timeScale: 0, switches: { rateLimit: false } });
    await register(callerOf(sim.url), receiver, OBSERVED_TOPICS);
    await sim.traffic({ perSecond: 200, seconds: 0.3, kind: 'mixed' });
    await sim.advance(120);

    expect(receiver.received().length).toBeGreaterThan(50);
    for (const request of receiver.received()) {
      const [resource = ''] = request.path.replace('/hooks/', '').split('/');
      const body = JSON.parse(request.body) as Record<string, { id: number }>;
      expect(Object.keys(body)).toEqual([resource]);
      expect(body[resource]?.id).toBeGreaterThan(0);
    }
    expect(faultsOf(sim.store())).toEqual([]);
    await sim.close();
    await receiver.sim.close();
  });
});
