import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { pool, transaction } from '#app/db.server.ts';
import { ensureShop } from '#app/connections/shops.server.ts';
import { recordEvents } from '#app/delivery/outbox.server.ts';
import { eventVersion, type DomainEvent } from '#app/events/event.ts';
import { sampleSubscription } from '#app/events/samples.ts';
import { applyCustomers, applySubscriptions } from '#app/intake/mirror.server.ts';

let shopId: string;
let nextId = 1;
beforeAll(async () => {
  ({ shopId } = await ensureShop('mirror-test.myshopify.com'));
});

type Told = { subscriptionId: string; customerId: string; status: string; second: number; type?: 'subscription.updated' | 'subscription.deleted' };

function event({ subscriptionId, customerId, status, second, type = 'subscription.updated' }: Told): DomainEvent {
  const at = new Date(Date.UTC(2026, 10, 20, 10, 0, second)).toISOString();
  return {
    type, version: eventVersion, key: `${type}:${subscriptionId}:${Date.parse(at) / 1000}`, occurredAt: at, origin: 'webhook', rechargeCustomerId: customerId, objectId: subscriptionId,
    data: { subscription: { ...sampleSubscription, id: subscriptionId, customer_id: customerId, status, updated_at: at } },
  };
}

async function statusOf(subscriptionId: string): Promise<string | undefined> {
  return (await pool().query<{ status: string }>(`select status from "SubscriptionState" where "shopId" = $1 and "rechargeSubscriptionId" = $2`, [shopId, subscriptionId])).rows[0]?.status;
}

const apply = (...events: DomainEvent[]) => transaction((tx) => applySubscriptions(tx, shopId, events));
const fresh = () => ({ subscriptionId: String(nextId++), customerId: String(nextId++) });

describe('the newest known state of subscriptions', () => {
  test('P04 any order of updates, with duplicates, in any batches, ends in the newest state', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.record({ second: fc.integer({ min: 0, max: 3000 }), status: fc.constantFrom('active', 'cancelled', 'expired') }), { selector: (each) => each.second, minLength: 2, maxLength: 12 }),
        fc.infiniteStream(fc.nat(1000)),
        async (updates, dice) => {
          const who = fresh();
          const shuffled = [...updates, ...updates.slice(0, 3)].map((update) => ({ update, rank: dice.next().value as number })).sort((a, b) => a.rank - b.rank).map(({ update }) => event({ ...who, ...update }));
          while (shuffled.length > 0) await apply(...shuffled.splice(0, 1 + ((dice.next().value as number) % 4)));
          expect(await statusOf(who.subscriptionId)).toBe(updates.toSorted((a, b) => b.second - a.second)[0]?.status);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('two bodies of one second that disagree are not believed: the set is read again before anybody is told', async () => {
    const who = fresh();
    await apply(event({ ...who, status: 'active', second: 5 }));
    await pool().query(`update "CustomerState" set "subscriptionsComplete" = true where "shopId" = $1 and "rechargeCustomerId" = $2`, [shopId, who.customerId]);

    const changed = await apply(event({ ...who, status: 'cancelled', second: 5 }));

    expect(changed).toHaveLength(1);
    expect(await statusOf(who.subscriptionId)).toBe('unknown');
    const customer = await pool().query<{ subscriptionsComplete: boolean }>(`select "subscriptionsComplete" from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = $2`, [shopId, who.customerId]);
    expect(customer.rows[0]?.subscriptionsComplete).toBe(false);
  });

  test('what was deleted stays deleted, even when an update of before comes late', async () => {
    const who = fresh();
    await apply(event({ ...who, status: 'active', second: 1 }), event({ ...who, status: 'active', second: 2, type: 'subscription.deleted' }));

    expect(await apply(event({ ...who, status: 'active', second: 3 }))).toEqual([]);

    expect(await statusOf(who.subscriptionId)).toBe('deleted');
  });

  test('a change of the set is told once, with a time that grows strictly even within one second', async () => {
    const who = fresh();
    const second = { ...who, subscriptionId: String(nextId++) };

    const first = await apply(event({ ...who, status: 'active', second: 9 }));
    const repeated = await apply(event({ ...who, status: 'active', second: 9 }), event({ ...who, status: 'active', second: 10 }));
    const another = await apply(event({ ...second, status: 'active', second: 9 }));

    expect([first.length, repeated.length, another.length]).toEqual([1, 0, 1]);
    expect(Number(another[0]?.key.localeCompare(first[0]?.key ?? ''))).toBe(1);
  });

  test('a customer seen in passing fills blanks and never overrules', async () => {
    const { customerId } = fresh();
    const sighting = (email: string | null, sourceUpdatedAt: string | null, shopifyCustomerId: string | null = null) => transaction((tx) => applyCustomers(tx, shopId, [{ rechargeCustomerId: customerId, email, shopifyCustomerId, sourceUpdatedAt }]));
    const known = async () => (await pool().query(`select email, "shopifyCustomerId" from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = $2`, [shopId, customerId])).rows[0];

    await sighting('Old@Example.com ', null);
    expect(await known()).toEqual({ email: 'old@example.com', shopifyCustomerId: null });
    await sighting('in-passing@example.com', null);
    expect(await known()).toEqual({ email: 'old@example.com', shopifyCustomerId: null });
    await sighting('new@example.com', '2026-11-20T10:00:05Z', '6001');
    await sighting('older@example.com', '2026-11-20T10:00:04Z');
    await sighting(null, '2026-11-20T10:00:06Z');
    expect(await known()).toEqual({ email: 'new@example.com', shopifyCustomerId: '6001' });
  });
});

describe('facts are recorded once', () => {
  test('same key and content is one fact; same key with other content within the second is another', async () => {
    const who = fresh();
    const one = event({ ...who, status: 'active', second: 20 });
    const other = event({ ...who, status: 'cancelled', second: 20 });
    const record = (...events: DomainEvent[]) => transaction((tx) => recordEvents(tx, shopId, events.map((each) => ({ event: each, inboundWebhookId: null }))));

    const first = await record(one, one, other);
    const again = await record(other, one);

    expect(first.eventIds.map((id) => id !== null)).toEqual([true, false, true]);
    expect(again.eventIds).toEqual([null, null]);
  });

  test('what happens once is told once, though a later body of it looks different', async () => {
    const who = fresh();
    const created = { ...event({ ...who, status: 'active', second: 30 }), type: 'subscription.created', key: `subscription.created:${who.subscriptionId}:1` } as DomainEvent;
    const laterLook = { ...created, data: { subscription: { ...sampleSubscription, id: who.subscriptionId, has_queued_charges: false } } } as DomainEvent;
    const record = (each: DomainEvent) => transaction((tx) => recordEvents(tx, shopId, [{ event: each, inboundWebhookId: null }]));

    expect((await record(created)).eventIds).toEqual([expect.any(String)]);
    expect((await record(laterLook)).eventIds).toEqual([null]);
  });
});
