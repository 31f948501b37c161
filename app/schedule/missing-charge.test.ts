import { describe, expect, test } from 'vitest';
import type { DomainEvent } from '#app/events/event.ts';
import type { Charge } from '#app/events/facts.ts';
import { sampleCharge } from '#app/events/samples.ts';
import { eventOf } from '#app/recharge/event-of.ts';
import { eventsOf } from './missing.ts';
import { missingOfCharge } from './missing-charge.ts';
import { newestOf, type Told, type ToldEvent } from './told.ts';

const window = { since: new Date('2026-11-10T00:00:00Z') };
const before = '2026-11-01T04:08:21.000Z';
const [first, second, third] = ['2026-11-11T05:08:00.000Z', '2026-11-12T05:08:00.000Z', '2026-11-13T05:08:00.000Z'] as const;

const queued: Charge = { ...sampleCharge, status: 'queued', type: 'recurring', created_at: before, updated_at: before, total_refunds: '0.00' };
const failed: Charge = { ...queued, status: 'error', error_type: 'CARD_DECLINED', charge_attempts: 1, updated_at: first };
const paid: Charge = { ...queued, status: 'success', processed_at: second, external_order_id: '56', updated_at: second };
const refunded: Charge = { ...paid, status: 'refunded', total_refunds: '41.90', updated_at: third };

function told(...webhooks: ['charge.created' | 'charge.updated' | 'charge.paid' | 'charge.failed' | 'charge.refunded', Charge][]): Told<Charge> {
  const events = webhooks.map(([type, charge]): DomainEvent => eventOf({ type, data: { charge } }, 'webhook', before));
  const list = events.map((event, index): ToldEvent => {
    const charge = webhooks[index]?.[1] ?? queued;
    return { eventId: String(index + 1), key: event.key, type: event.type, occurredAt: new Date(event.occurredAt), updatedAt: new Date(charge.updated_at ?? 0), status: charge.status, chargeAttempts: charge.charge_attempts, totalRefunds: charge.total_refunds };
  });
  const newest = newestOf(list);
  return { events: list, newest: newest && { event: newest, facts: webhooks[Number(newest.eventId) - 1]?.[1] ?? queued } };
}

describe('what is missing of a charge', () => {
  test.each([
    ['queued since before the window: nothing', queued, told(), []],
    ['queued within the window: created', { ...queued, created_at: first, updated_at: first }, told(), ['charge.created']],
    ['created and paid within the window: both', { ...paid, created_at: first }, told(), ['charge.created', 'charge.paid']],
    ["a checkout's: created and paid", { ...paid, type: 'checkout', created_at: second }, told(), ['charge.created', 'charge.paid']],
    ['paid within the window: paid', paid, told(), ['charge.paid']],
    ['paid and told so: nothing', paid, told(['charge.paid', paid]), []],
    ['paid, told so, touched since: updated, not paid', { ...paid, updated_at: third }, told(['charge.paid', paid]), ['charge.updated']],
    ['paid before the window, touched within it: updated', { ...paid, processed_at: before, updated_at: first }, told(), ['charge.updated']],
    ['paid and refunded within the window: both', refunded, told(['charge.created', queued]), ['charge.paid', 'charge.refunded']],
    ['refunded after paid was told: refunded', refunded, told(['charge.paid', paid]), ['charge.refunded']],
    ['refunded further: refunded again', { ...refunded, total_refunds: '50.00', updated_at: '2026-11-14T00:00:00.000Z' }, told(['charge.paid', paid], ['charge.refunded', refunded]), ['charge.refunded']],
    ['failed: failed', failed, told(['charge.created', queued]), ['charge.failed']],
    ['failed, told so, touched since: updated', { ...failed, updated_at: second }, told(['charge.failed', failed]), ['charge.updated']],
    ['failed once more: failed again', { ...failed, charge_attempts: 2, updated_at: second }, told(['charge.failed', failed]), ['charge.failed']],
    ['given up: max_retries_reached', { ...failed, charge_attempts: 8, error_type: 'CLOSED_MAX_RETRIES_REACHED', updated_at: second }, told(['charge.failed', failed]), ['charge.max_retries_reached']],
    ['what was read is older than what was told meanwhile: nothing', failed, told(['charge.paid', paid]), []],
  ] satisfies [string, Charge, Told<Charge>, string[]][])('%s', (_, now, known, expected) => {
    expect(eventsOf(missingOfCharge(now, known, window), known, 'reconcile', third).map(({ type }) => type)).toEqual(expected);
  });

  test('a charge created and paid in the gap is first told as it began, then as it is', () => {
    const [created, settled] = eventsOf(missingOfCharge({ ...paid, created_at: first }, told(), window), told(), 'reconcile', third);
    expect(created).toMatchObject({ occurredAt: first, data: { charge: { status: 'queued', processed_at: null, external_order_id: null } } });
    expect(settled).toMatchObject({ occurredAt: second, data: { charge: { status: 'success', processed_at: second } } });
  });

  test('a beginning that is told late does not set back what was told since', () => {
    const known = told(['charge.paid', paid]);
    const [created] = eventsOf(missingOfCharge({ ...paid, created_at: first }, known, window), known, 'reconcile', third);
    expect(created).toMatchObject({ type: 'charge.created', data: { charge: { status: 'success' } } });
  });
});
