import { describe, expect, test } from 'vitest';
import { eventTypes, type DomainEvent, type EventType } from '../../events/event.ts';
import type { sampleSubscription } from '../../events/samples.ts';
import { sampleEvent, sampleCharge } from '../../events/samples.ts';
import { parseSettings, type CustomerContext } from '../contract.ts';
import { bloomreachManifest, type BloomreachSettings } from './manifest.ts';
import { accepts, map, needs, type BloomreachCommand } from './mapping.ts';

const typed = { apiBaseUrl: 'https://api.exponea.com', projectToken: '1a2b3c4d-0000-11ee-8c99-0242ac120002', apiKeyId: 'key', apiSecret: 'secret' };
const settings = (change: Record<string, unknown> = {}): BloomreachSettings => parseSettings(bloomreachManifest, { ...typed, ...change });
const customer: CustomerContext = {
  rechargeCustomerId: '70000001', email: ' Ana.Muster@Example.com ', shopifyCustomerId: null, shopDomain: 'acme-usa.myshopify.com',
  subscriptions: { activeCount: 1, totalCount: 2, stateAt: '2026-11-20T10:00:00.250Z' },
};

function onlyCommand(event: DomainEvent, change: Record<string, unknown> = {}, who: CustomerContext = customer): BloomreachCommand {
  const mapped = map(event, settings(change), who);
  if ('skip' in mapped) throw new Error(`skipped: ${mapped.skip}`);
  expect(mapped.commands).toHaveLength(1);
  return mapped.commands[0] as BloomreachCommand;
}

function sent(event: DomainEvent, change: Record<string, unknown> = {}): { event_type: string; timestamp: number; properties: Record<string, unknown>; customer_ids: Record<string, string> } {
  const command = onlyCommand(event, change);
  if (command.name !== 'customers/events') throw new Error('not an event');
  return command.data;
}

describe('what Bloomreach is sent by default', () => {
  test.each([
    ['subscription.activated', 'subscription', 'activated'],
    ['subscription.cancelled', 'subscription', 'canceled'],
    ['subscription.created', 'subscription', 'created'],
    ['subscription.deleted', 'subscription', 'deleted'],
    ['charge.created', 'subscription_charge', 'created'],
    ['charge.paid', 'subscription_charge', 'paid'],
  ] as const)('BR-04 BR-05 %s becomes %s with status %s', (type, eventType, status) => {
    expect(sent(sampleEvent(type))).toMatchObject({ event_type: eventType, properties: { status } });
  });

  test('BR-06 BR-22 BR-23 silence for every other word of the vocabulary, customer_change among them', () => {
    const taken = Object.keys(accepts(settings()));
    expect(taken.sort()).toEqual(['charge.created', 'charge.paid', 'customer.subscriptions_changed', 'subscription.activated', 'subscription.cancelled', 'subscription.created', 'subscription.deleted']);
    for (const type of eventTypes.filter((word) => !taken.includes(word))) {
      expect(map(sampleEvent(type), settings(), customer), type).toHaveProperty('skip');
    }
  });

  test('BR-25 each extended event is off until ticked and has a name of its own', () => {
    const names: Record<string, [EventType, string]> = {
      skipped: ['subscription.skipped', 'subscription_extended'], unskipped: ['subscription.unskipped', 'subscription_extended'], paused: ['subscription.paused', 'subscription_extended'],
      swapped: ['subscription.swapped', 'subscription_extended'], expired: ['subscription.expired', 'subscription_extended'], upcoming: ['charge.upcoming', 'subscription_charge_extended'],
      failed: ['charge.failed', 'subscription_charge_extended'], refunded: ['charge.refunded', 'subscription_charge_extended'], max_retries_reached: ['charge.max_retries_reached', 'subscription_charge_extended'],
    };
    expect(Object.keys(names)).toEqual([...bloomreachManifest.fields.extendedEvents.choices]);
    for (const [word, [type, eventType]] of Object.entries(names)) {
      expect(accepts(settings())[type]).toBeUndefined();
      expect(accepts(settings({ extendedEvents: [word] }))[type]).toBe('event');
      expect(sent(sampleEvent(type), { extendedEvents: [word] })).toMatchObject({ event_type: eventType, properties: { status: word } });
    }
  });
});

describe('the customer property', () => {
  test.each([[1, true], [0, false], [2, true]])('BR-07 BR-08 BR-09 with %i active subscriptions recharge_subscription_active is %s', (activeCount, expected) => {
    const who = { ...customer, subscriptions: { activeCount, totalCount: 2, stateAt: '2026-11-20T10:00:00.250Z' } };
    expect(onlyCommand(sampleEvent('customer.subscriptions_changed'), {}, who)).toEqual({
      name: 'customers',
      data: { customer_ids: { registered: 'ana.muster@example.com' }, properties: { recharge_subscription_active: expected }, update_timestamp: 1795168800.25 },
    });
  });

  test('BR-18 is never sent when its import is off', () => {
    expect(accepts(settings({ importActiveProperty: false }))).not.toHaveProperty('customer.subscriptions_changed');
    expect(map(sampleEvent('customer.subscriptions_changed'), settings({ importActiveProperty: false }), customer)).toHaveProperty('skip');
  });
});

describe('the customer id', () => {
  test('BR-15 BR-16 e-mail is the default, trimmed and in small letters, and stands alone', () => {
    expect(sent(sampleEvent('subscription.created')).customer_ids).toEqual({ registered: 'ana.muster@example.com' });
    expect(sent(sampleEvent('subscription.created'), { linkBoth: true }).customer_ids).toEqual({ registered: 'ana.muster@example.com' });
    expect(needs(sampleEvent('subscription.created'), settings())).toEqual(['email']);
  });

  test('BR-16 Recharge ID goes alone under the configured name, unless both are linked', () => {
    expect(sent(sampleEvent('charge.paid'), { customerId: 'recharge_id', rechargeIdName: 'rc_id' }).customer_ids).toEqual({ rc_id: '70000001' });
    expect(sent(sampleEvent('charge.paid'), { customerId: 'recharge_id', linkBoth: true }).customer_ids).toEqual({ recharge_id: '70000001', registered: 'ana.muster@example.com' });
    expect(needs(sampleEvent('charge.paid'), settings({ customerId: 'recharge_id' }))).toEqual([]);
  });

  test.each([null, '', '---', 'null', 'undefined'])('a customer whose e-mail is %j is refused with the reason, not sent as nobody', (email) => {
    expect(() => map(sampleEvent('charge.paid'), settings(), { ...customer, email })).toThrowError(expect.objectContaining({ kind: 'rejected', code: 'no_customer_id' }));
  });
});

describe('the attributes', () => {
  test('BR-02 BR-20 numbers are numbers, times are epoch seconds, days stay days', () => {
    expect(sent(sampleEvent('subscription.created')).properties).toEqual({
      address_id: '80000001', charge_interval_frequency: 30, created_at: 1772446273, currency: 'EUR', event_id: 'rc:subscription/created:50000001:1795168800', integration_name: 'recharge',
      is_prepaid: false, next_charge_scheduled_at: '2026-12-01', order_interval_frequency: 30, order_interval_unit: 'day', price: 18.5, product_id: '7000000000001', product_title: 'Coffee beans 1 kg',
      quantity: 2, recharge_customer_id: '70000001', shop_domain: 'acme-usa.myshopify.com', sku: 'COF-1', status: 'created', subscription_id: '50000001', variant_id: '41000000000001', variant_title: 'Whole bean',
    });
    expect(sent(sampleEvent('charge.paid'))).toMatchObject({
      timestamp: 1795168800,
      properties: { charge_id: '90000009', charge_type: 'recurring', scheduled_at: '2026-12-01', processed_at: 1795168800, total_price: 41.9, total_shipping: 4.9, currency: 'EUR', subscription_ids: ['50000001'], product_list: [{ product_id: '7000000000001', variant_id: '41000000000001', title: 'Coffee beans 1 kg', quantity: 2, price: 18.5 }] },
    });
  });

  test('an absent field is left out, one by one, and nothing else changes', () => {
    const full = sent(sampleEvent('subscription.cancelled')).properties;
    for (const field of ['variant_title', 'sku', 'quantity', 'price', 'presentment_currency', 'cancellation_reason', 'cancelled_at', 'created_at', 'order_interval_unit'] as const) {
      const event = sampleEvent('subscription.cancelled') as DomainEvent & { data: { subscription: typeof sampleSubscription } };
      const without = sent({ ...event, data: { subscription: { ...event.data.subscription, [field]: null } } } as DomainEvent).properties;
      const name = field === 'presentment_currency' ? 'currency' : field;
      expect(full).toHaveProperty(name);
      expect(without).toEqual(Object.fromEntries(Object.entries(full).filter(([key]) => key !== name)));
    }
  });

  test.each([['18', 18], ['18.50', 18.5], ['0.00', 0], ['', undefined], ['free', undefined]])('money %j becomes %j', (price, expected) => {
    const event = sampleEvent('subscription.created') as DomainEvent & { data: { subscription: typeof sampleSubscription } };
    expect(sent({ ...event, data: { subscription: { ...event.data.subscription, price } } } as DomainEvent).properties.price).toBe(expected);
  });

  test('an unknown status of Recharge changes nothing: the event says what happened', () => {
    const event = sampleEvent('subscription.created') as DomainEvent & { data: { subscription: typeof sampleSubscription } };
    expect(sent({ ...event, data: { subscription: { ...event.data.subscription, status: 'hibernating' } } } as DomainEvent).properties.status).toBe('created');
  });

  test('BR-26 every value stays below 16 KB and every name is ASCII, however long the texts and lists are', () => {
    const item = sampleCharge.line_items[0];
    if (!item) throw new Error('the sample has no item');
    const event = sampleEvent('charge.paid') as DomainEvent & { data: { charge: typeof sampleCharge } };
    const line_items = Array.from({ length: 300 }, (_, index) => ({ ...item, purchase_item_id: String(index), title: 'Käse '.repeat(500) }));
    const { properties } = sent({ ...event, data: { charge: { ...event.data.charge, line_items } } } as DomainEvent);
    for (const [name, value] of Object.entries(properties)) {
      expect(name).toMatch(/^[\x20-\x7e]+$/);
      expect(Buffer.byteLength(JSON.stringify(value)), name).toBeLessThan(16_000);
    }
  });

  test('the same fact is the same bytes', () => {
    expect(JSON.stringify(onlyCommand(sampleEvent('charge.paid')))).toBe(JSON.stringify(onlyCommand(structuredClone(sampleEvent('charge.paid')))));
  });

  test('an import sends no event, only the property', () => {
    expect(map({ ...sampleEvent('subscription.created'), origin: 'import' }, settings(), customer)).toHaveProperty('skip');
    expect(onlyCommand({ ...sampleEvent('customer.subscriptions_changed'), origin: 'import' })).toMatchObject({ name: 'customers' });
  });
});
