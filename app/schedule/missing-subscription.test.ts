import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DomainEvent } from '#app/events/event.ts';
import type { Subscription } from '#app/events/facts.ts';
import { sampleSubscription } from '#app/events/samples.ts';
import { eventOf } from '#app/recharge/event-of.ts';
import { eventsOf } from './missing.ts';
import { missingOfSubscription } from './missing-subscription.ts';
import { newestOf, type Told, type ToldEvent } from './told.ts';

const connectedAt = new Date('2026-11-01T00:00:00Z');
const window = { since: connectedAt };

function at(hour: number): string {
  return new Date(connectedAt.getTime() + hour * 3600_000).toISOString();
}

/** What a record of these events looks like. */
function recorded(events: readonly DomainEvent[]): Told<Subscription> {
  const told = events.map((event, index): ToldEvent => {
    const facts = (event.data as { subscription: Subscription }).subscription;
    return { eventId: String(index + 1), key: event.key, type: event.type, occurredAt: new Date(event.occurredAt), updatedAt: facts.updated_at ? new Date(facts.updated_at) : null, status: facts.status, chargeAttempts: null, totalRefunds: null };
  });
  const newest = newestOf(told);
  const event = newest && events[Number(newest.eventId) - 1];
  return { events: told, newest: newest && event ? { event: newest, facts: (event.data as { subscription: Subscription }).subscription } : null };
}

function webhook(type: 'subscription.created' | 'subscription.updated' | 'subscription.cancelled' | 'subscription.activated', subscription: Subscription): DomainEvent {
  return eventOf({ type, data: { subscription } }, 'webhook', at(0));
}

function missing(now: Subscription, told: Told<Subscription>, known: Subscription | null = null): string[] {
  return eventsOf(missingOfSubscription(now, told, known, window), told, 'reconcile', at(999)).map(({ type }) => type);
}

const old: Subscription = { ...sampleSubscription, created_at: '2026-03-02T10:11:13.000Z', updated_at: '2026-10-01T00:00:00.000Z' };

describe('what is missing of a subscription', () => {
  test.each([
    ['unknown, untouched since before the window: nothing', old, [], null, []],
    ['unknown, changed within the window: updated', { ...old, updated_at: at(1) }, [], null, ['subscription.updated']],
    ['unknown, cancelled within the window: cancelled', { ...old, status: 'cancelled', cancelled_at: at(1), updated_at: at(1) }, [], null, ['subscription.cancelled']],
    ['cancelled before the window, touched within it: updated, not cancelled', { ...old, status: 'cancelled', cancelled_at: '2026-09-01T00:00:00.000Z', updated_at: at(1) }, [], null, ['subscription.updated']],
    ['known as cancelled by an import, active now: activated', { ...old, updated_at: at(1) }, [], { ...old, status: 'cancelled' }, ['subscription.activated']],
    ['deleted here: nothing, whatever a list says', { ...old, updated_at: at(1) }, [], { ...old, status: 'deleted' }, []],
    ['what was read is older than what was told meanwhile: nothing', { ...old, updated_at: at(1) }, [webhook('subscription.cancelled', { ...old, status: 'cancelled', cancelled_at: at(2), updated_at: at(2) })], null, []],
    ['only the count of queued charges differs: nothing', { ...old, updated_at: at(1), has_queued_charges: false }, [webhook('subscription.updated', { ...old, updated_at: at(1) })], null, []],
    ['the next date moved without a mark: updated', { ...old, updated_at: at(1), next_charge_scheduled_at: '2027-01-31' }, [webhook('subscription.updated', { ...old, updated_at: at(1) })], null, ['subscription.updated']],
    ['another product: swapped and updated', { ...old, updated_at: at(2), external_variant_id: '42' }, [webhook('subscription.updated', { ...old, updated_at: at(1) })], null, ['subscription.swapped', 'subscription.updated']],
  ] satisfies [string, Subscription, DomainEvent[], Subscription | null, string[]][])('%s', (_, now, told, known, expected) => {
    expect(missing(now, recorded(told), known)).toEqual(expected);
  });

  test('of random changes with random webhooks lost: exactly what can be proven, the newest state known, and nothing twice', () => {
    const act = fc.record({ what: fc.constantFrom('update', 'turn', 'renew', 'reconcile'), lost: fc.boolean() });
    fc.assert(
      fc.property(fc.boolean(), fc.array(act, { maxLength: 25 }), (isNew, acts) => {
        const told: DomainEvent[] = [];
        const tell = (lost: boolean, ...events: DomainEvent[]) => void (lost || told.push(...events));
        let now: Subscription = isNew ? { ...old, created_at: at(0), updated_at: at(0) } : old;
        const known = isNew ? null : old;
        // The oracle. A lost cancellation can be proven while it is the last turn; a lost activation while somebody was told of the end before it.
        const expected: string[] = isNew ? ['subscription.created'] : [];
        let lostCancellation = false;
        let endKnown = false;
        const reconcile = () => {
          const events = eventsOf(missingOfSubscription(now, recorded(told), known, window), recorded(told), 'reconcile', at(999));
          told.push(...events);
          if (lostCancellation) expected.push('subscription.cancelled');
          if (now.status === 'active' && endKnown) expected.push('subscription.activated');
          lostCancellation = false;
          endKnown = now.status === 'cancelled';
        };
        acts.forEach(({ what, lost }, index) => {
          const time = at(index + 1);
          if (what === 'reconcile') return reconcile();
          if (what === 'renew') {
            now = { ...now, next_charge_scheduled_at: now.status === 'active' ? `2027-01-${String(index + 1).padStart(2, '0')}` : null };
          } else if (what === 'update') {
            now = { ...now, quantity: (now.quantity ?? 0) + 1, updated_at: time };
            tell(lost, webhook('subscription.updated', now));
            if (!lost && now.status === 'cancelled') endKnown = true;
          } else {
            const ending = now.status === 'active';
            now = { ...now, status: ending ? 'cancelled' : 'active', cancelled_at: ending ? time : null, updated_at: time };
            const type = ending ? 'subscription.cancelled' : 'subscription.activated';
            tell(lost, webhook(type, now));
            lostCancellation = ending && lost;
            if (!lost) {
              expected.push(type);
              endKnown = ending;
            }
          }
        });
        reconcile();
        const before = told.length;
        reconcile();

        expect(told.length).toBe(before);
        expect(new Set(told.map(({ key }) => key)).size).toBe(told.length);
        expect(told.map(({ type }) => type).filter((type) => type !== 'subscription.updated').sort()).toEqual([...expected].sort());
        const changed = now !== old;
        const newest = recorded(told).newest;
        if (changed) expect({ ...newest?.facts, has_queued_charges: null, updated_at: null }).toEqual({ ...now, has_queued_charges: null, updated_at: null });
      }),
      { numRuns: 2000 },
    );
  });
});
