import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../events/event.ts';
import { parseRechargeJson } from './json.ts';
import { addressFacts, chargeFacts, customerFacts, normaliseWebhook, onetimeFacts, orderFacts, subscriptionFacts, type CustomerSighting } from './normalise.ts';
import { topics } from './topics.ts';

const receivedAt = '2026-11-22T08:00:00.000Z';

const subscription = {
  id: 50000001, address_id: 80000001, customer_id: 70000001, analytics_data: { utm_params: [] }, cancellation_reason: null, cancellation_reason_comments: null, cancelled_at: null,
  charge_interval_frequency: 30, created_at: '2026-03-02T10:11:13+00:00', expire_after_specific_number_of_charges: null, external_product_id: { ecommerce: '7000000000001' },
  external_variant_id: { ecommerce: '41000000000001' }, has_queued_charges: true, is_prepaid: false, is_skippable: true, is_swappable: false, max_retries_reached: false, next_charge_scheduled_at: '2026-12-01',
  order_day_of_month: null, order_day_of_week: null, order_interval_frequency: 30, order_interval_unit: 'day', presentment_currency: 'USD', price: '18.00', product_title: 'Coffee 1 kg',
  properties: [{ name: 'Grind', value: 'Whole bean' }], quantity: 1, sku: 'COF-1', sku_override: false, status: 'active', updated_at: '2026-11-01T04:08:20+00:00', variant_title: 'Whole bean',
};
const charge = {
  id: 90000009, address_id: 80000001, created_at: '2026-11-01T04:08:21+00:00', currency: 'USD', customer: { id: 70000001, email: 'ada@example.com', external_customer_id: { ecommerce: '6100000000001' }, hash: '0f1e2d3c4b5a69788796a5b4c3d2e1' },
  error_type: null, external_order_id: { ecommerce: null }, has_uncommitted_changes: false,
  line_items: [{ purchase_item_id: 50000001, external_product_id: { ecommerce: '7000000000001' }, external_variant_id: { ecommerce: '41000000000001' }, images: {}, purchase_item_type: 'subscription', quantity: 1, sku: 'COF-1', title: 'Coffee 1 kg', total_price: '18.00', unit_price: '18.00', variant_title: 'Whole bean' }],
  processed_at: '2026-12-01T05:08:20+00:00', retry_date: null, scheduled_at: '2026-12-01', shipping_lines: [{ code: 'Economy', price: '4.90' }, { code: 'Extra', price: '0.1' }], status: 'success', subtotal_price: '18.00',
  total_discounts: '0.00', total_price: '22.90', total_refunds: '0.00', total_tax: '0.00', type: 'recurring', updated_at: '2026-12-01T05:09:24+00:00',
};
const order = {
  id: 30000001, address_id: 80000001, charge: { id: 90000008, status: 'success' }, created_at: '2026-11-01T04:08:18+00:00', currency: 'USD', customer: { id: 70000001, email: 'ada@example.com', external_customer_id: { ecommerce: '6100000000001' } },
  external_order_id: { ecommerce: '5600000000001' }, external_order_name: { ecommerce: '#1016' }, external_order_number: { ecommerce: '1016' }, is_prepaid: false, line_items: [], processed_at: '2026-11-01T04:08:20+00:00',
  scheduled_at: '2026-11-01T04:00:00+00:00', status: 'success', total_price: '22.90', type: 'recurring', updated_at: '2026-11-01T04:09:24+00:00',
};
const customer = {
  id: 70000001, created_at: '2026-03-02T10:11:12+00:00', email: 'ada@example.com', external_customer_id: { ecommerce: '6100000000001' }, first_name: 'Ada', has_payment_method_in_dunning: false, has_valid_payment_method: true,
  hash: '0f1e2d3c4b5a69788796a5b4c3d2e1', last_name: 'Example', phone: '+15555550100', subscriptions_active_count: 1, subscriptions_total_count: 2, updated_at: '2026-11-01T04:08:20+00:00',
};
const address = { id: 80000001, customer_id: 70000001, address1: '1 Main St', address2: null, city: 'Springfield', company: null, country_code: 'US', created_at: '2026-03-02T10:11:12+00:00', first_name: 'Ada', last_name: 'Example', phone: '+15555550100', province: 'Illinois', updated_at: '2026-11-01T04:08:20+00:00', zip: '62701' };
const onetime = { id: 60000001, address_id: 80000001, customer_id: 70000001, created_at: '2026-11-01T04:08:20+00:00', external_product_id: { ecommerce: '1' }, external_variant_id: { ecommerce: '2' }, is_cancelled: false, next_charge_scheduled_at: '2026-12-01', price: '5.00', product_title: 'Filter', quantity: 2, sku: null, updated_at: '2026-11-02T04:08:20+00:00', variant_title: null };
const bodies: Record<string, Record<string, unknown>> = { subscription, charge, order, customer, address, onetime };

function only(topic: string, body: unknown): DomainEvent {
  const read = normaliseWebhook(topic, body, receivedAt);
  if (!read.ok) throw new Error(read.reason);
  expect(read.events).toHaveLength(1);
  return read.events[0]!;
}
function seen(topic: string, body: unknown): CustomerSighting[] {
  const read = normaliseWebhook(topic, body, receivedAt);
  if (!read.ok) throw new Error(read.reason);
  return read.customers;
}
const refusal = (topic: string, body: unknown) => {
  const read = normaliseWebhook(topic, body, receivedAt);
  return read.ok ? null : read.reason;
};
const epoch = (at: string) => Math.floor(Date.parse(at) / 1000);

describe('the common case', () => {
  it('reads a subscription whole', () => {
    expect(only('subscription/created', { subscription })).toEqual({
      version: 1,
      type: 'subscription.created',
      key: `subscription.created:50000001:${epoch(subscription.created_at)}`,
      occurredAt: '2026-11-01T04:08:20.000Z',
      origin: 'webhook',
      rechargeCustomerId: '70000001',
      objectId: '50000001',
      data: {
        subscription: {
          id: '50000001', address_id: '80000001', customer_id: '70000001', status: 'active', product_title: 'Coffee 1 kg', variant_title: 'Whole bean', sku: 'COF-1', quantity: 1, price: '18.00', presentment_currency: 'USD',
          external_product_id: '7000000000001', external_variant_id: '41000000000001', order_interval_unit: 'day', order_interval_frequency: 30, charge_interval_frequency: 30, next_charge_scheduled_at: '2026-12-01',
          is_prepaid: false, is_skippable: true, has_queued_charges: true, max_retries_reached: false, cancelled_at: null, cancellation_reason: null, cancellation_reason_comments: null,
          created_at: '2026-03-02T10:11:13.000Z', updated_at: '2026-11-01T04:08:20.000Z',
        },
      },
    });
  });

  it('reads charge, order, customer, address and onetime', () => {
    expect(only('charge/paid', { charge })).toMatchObject({
      type: 'charge.paid', rechargeCustomerId: '70000001', objectId: '90000009', occurredAt: '2026-12-01T05:08:20.000Z', key: `charge.paid:90000009:${epoch(charge.processed_at)}`,
      data: { charge: { customer_id: '70000001', total_shipping: '5.00', total_price: '22.90', scheduled_at: '2026-12-01', external_order_id: null, line_items: [{ purchase_item_id: '50000001', unit_price: '18.00', title: 'Coffee 1 kg' }] } },
    });
    expect(only('order/processed', { order })).toMatchObject({ type: 'order.processed', rechargeCustomerId: '70000001', data: { order: { charge_id: '90000008', external_order_id: '5600000000001', external_order_number: '1016', scheduled_at: '2026-11-01T04:00:00.000Z' } } });
    expect(only('customer/updated', { customer })).toMatchObject({ rechargeCustomerId: '70000001', objectId: '70000001', data: { customer: { email: 'ada@example.com', external_customer_id: '6100000000001', subscriptions_active_count: 1 } } });
    expect(only('address/updated', { address })).toMatchObject({ rechargeCustomerId: '70000001', data: { address: { country_code: 'US', zip: '62701' } } });
    expect(only('onetime/created', { onetime })).toMatchObject({ rechargeCustomerId: '70000001', data: { onetime: { next_charge_scheduled_at: '2026-12-01', quantity: 2 } } });
  });

  it('turns every topic of the vocabulary into its event, and passes silently over those we do not pass on', () => {
    for (const topic of topics) {
      if (topic.resource === 'store' || topic.resource === 'recharge') continue;
      const read = normaliseWebhook(topic.name, { [topic.resource]: bodies[topic.resource] ?? { id: 1 } }, receivedAt);
      expect(read, topic.name).toMatchObject({ ok: true });
      if (read.ok) expect(read.events.map((event) => event.type), topic.name).toEqual(topic.eventType ? [topic.eventType] : []);
    }
  });

  it('never lets the portal hash into an event', () => {
    const text = JSON.stringify(['charge/paid', 'customer/updated'].map((topic) => normaliseWebhook(topic, { charge, customer }, receivedAt)));
    expect(text).not.toContain(customer.hash);
  });
});

describe('who it is about', () => {
  it.each([
    ['include.customer', { subscription: { ...subscription, include: { customer } } }],
    ['beside the resource', { subscription, customer }],
    ['include beside the resource', { subscription, include: { customer } }],
  ])('sees the customer that came along: %s', (_where, body) => {
    expect(seen('subscription/updated', body)).toEqual([{ rechargeCustomerId: '70000001', email: 'ada@example.com', shopifyCustomerId: '6100000000001', sourceUpdatedAt: '2026-11-01T04:08:20.000Z' }]);
  });

  it('sees it in passing in charges and orders, without a time that could overrule', () => {
    expect(seen('charge/created', { charge })).toEqual([{ rechargeCustomerId: '70000001', email: 'ada@example.com', shopifyCustomerId: '6100000000001', sourceUpdatedAt: null }]);
    expect(seen('order/success', { order })).toMatchObject([{ sourceUpdatedAt: null }]);
  });

  it('does not believe a customer of another id, nor see one that says nothing, nor one that was deleted', () => {
    expect(seen('subscription/updated', { subscription, customer: { ...customer, id: 2 } })).toEqual([]);
    expect(seen('subscription/updated', { subscription, customer: { id: 70000001 } })).toEqual([]);
    expect(seen('subscription/updated', { subscription })).toEqual([]);
    expect(seen('customer/deleted', { customer })).toEqual([]);
  });

  it('takes the customer’s id from the customer that came along when the object has none', () => {
    expect(only('subscription/updated', { subscription: { id: 1, include: { customer } } }).rechargeCustomerId).toBe('70000001');
  });
});

describe('deletions and endings', () => {
  it('reads a deleted charge, subscription, order or customer of which nothing but the id is left', () => {
    expect(only('charge/deleted', { charge: { id: 90000009 } })).toMatchObject({ type: 'charge.deleted', objectId: '90000009', rechargeCustomerId: null, occurredAt: receivedAt, key: 'charge.deleted:90000009:0' });
    expect(only('subscription/deleted', { subscription: { id: 5 } })).toMatchObject({ rechargeCustomerId: null, objectId: '5' });
    expect(only('order/deleted', { order: { id: 3 } })).toMatchObject({ objectId: '3' });
    expect(only('customer/deleted', { customer: { id: 7 } })).toMatchObject({ objectId: '7', rechargeCustomerId: '7' });
    expect(only('subscription/deleted', { subscription })).toMatchObject({ rechargeCustomerId: '70000001', occurredAt: '2026-11-01T04:08:20.000Z' });
  });

  it.each(['subscription/updated', 'subscription/cancelled'])('tells the end of a limited subscription as expired, never as cancelled by a person (%s)', (topic) => {
    expect(only(topic, { subscription: { ...subscription, status: 'expired' } })).toMatchObject({ type: 'subscription.expired', key: expect.stringMatching(/^subscription\.expired:50000001:\d+$/) });
    expect(only(topic, { subscription: { ...subscription, status: 'EXPIRED' } })).toMatchObject({ type: 'subscription.expired' });
  });

  it('dates a cancellation by cancelled_at, microseconds included', () => {
    const cancelled = { ...subscription, status: 'cancelled', cancelled_at: '2026-11-20T10:00:00.123456+00:00', updated_at: '2026-11-20T10:00:05+00:00', next_charge_scheduled_at: null };
    expect(only('subscription/cancelled', { subscription: cancelled })).toMatchObject({ occurredAt: '2026-11-20T10:00:00.123Z', key: `subscription.cancelled:50000001:${epoch('2026-11-20T10:00:00Z')}` });
    expect(only('subscription/cancelled', { subscription: { ...cancelled, cancelled_at: null } }).occurredAt).toBe('2026-11-20T10:00:05.000Z');
    expect(only('subscription/cancelled', { subscription: { ...cancelled, cancelled_at: null, updated_at: null } }).occurredAt).toBe('2026-03-02T10:11:13.000Z');
  });

  it('reads what the store says about itself, and an uninstall whatever its body', () => {
    expect(only('store/updated', { store: { id: 100001, updated_at: '2026-01-02T03:04:05+00:00' } })).toMatchObject({ type: 'store.updated', objectId: '100001', occurredAt: '2026-01-02T03:04:05.000Z', data: {} });
    for (const body of [{}, { store: { id: 1 } }, { app: { shop: { id: 1, name: 'x' } } }, { recharge: { id: '1' } }]) expect(only('recharge/uninstalled', body)).toMatchObject({ type: 'recharge.uninstalled', rechargeCustomerId: null });
    expect(only('app/uninstalled', { app: { shop: { id: 1 } } })).toMatchObject({ type: 'recharge.uninstalled', objectId: '1' });
  });
});

describe('the former spelling, 2021-01', () => {
  const former = {
    id: 50000001, address_id: 80000001, customer_id: 70000001, email: 'ada@example.com', created_at: '2026-07-02T10:11:13', updated_at: '2026-11-14T08:40:38', next_charge_scheduled_at: '2026-12-01T00:00:00', cancelled_at: '2026-11-14T08:40:37',
    status: 'CANCELLED', price: 18.5, quantity: 1, order_interval_frequency: '30', charge_interval_frequency: '30', order_interval_unit: 'day', is_skippable: 1, is_prepaid: 0, shopify_product_id: 7000000000001, shopify_variant_id: 41000000000001,
  };

  it('reads lower case, Eastern clocks in summer and winter, flat ids, texts as numbers, numbers as flags', () => {
    expect(only('subscription/cancelled', { subscription: former })).toMatchObject({
      type: 'subscription.cancelled',
      occurredAt: '2026-11-14T13:40:37.000Z',
      data: { subscription: { status: 'cancelled', price: '18.5', order_interval_frequency: 30, charge_interval_frequency: 30, is_skippable: true, is_prepaid: false, external_product_id: '7000000000001', external_variant_id: '41000000000001', next_charge_scheduled_at: '2026-12-01', created_at: '2026-07-02T14:11:13.000Z', updated_at: '2026-11-14T13:40:38.000Z' } },
    });
    expect(seen('subscription/cancelled', { subscription: former })).toEqual([{ rechargeCustomerId: '70000001', email: 'ada@example.com', shopifyCustomerId: null, sourceUpdatedAt: null }]);
  });

  it('believes an offset where one is written, and reads 2021-11 without offset as UTC', () => {
    expect(only('subscription/updated', { subscription: { ...former, updated_at: '2018-11-14T09:00:01-05:00' } }).occurredAt).toBe('2018-11-14T14:00:01.000Z');
    expect(only('customer/updated', { customer: { ...customer, updated_at: '2022-10-20T07:14:24' } }).occurredAt).toBe('2022-10-20T07:14:24.000Z');
  });

  it('names the same fact as the present spelling', () => {
    const present = { ...subscription, status: 'cancelled', cancelled_at: '2026-11-14T13:40:37+00:00' };
    expect(only('subscription/cancelled', { subscription: former }).key).toBe(only('subscription/cancelled', { subscription: present }).key);
  });

  it('reads customers, charges and orders', () => {
    expect(customerFacts({ id: 1, number_active_subscriptions: 2, number_subscriptions: 3, has_card_error_in_dunning: false, shopify_customer_id: '61', status: 'ACTIVE', created_at: '2018-11-14T08:40:38' })).toMatchObject({ subscriptions_active_count: 2, subscriptions_total_count: 3, has_payment_method_in_dunning: false, external_customer_id: '61', created_at: '2018-11-14T13:40:38.000Z' });
    expect(chargeFacts({ id: 1, customer_id: 70000001, email: 'a@b.example', shopify_order_id: '5', status: 'SUCCESS', type: 'RECURRING', total_price: '22.90', scheduled_at: '2018-12-12T00:00:00', line_items: [{ subscription_id: 9, shopify_product_id: 7, price: '1.00', title: 'x' }] })).toMatchObject({ customer_id: '70000001', status: 'success', type: 'recurring', external_order_id: '5', scheduled_at: '2018-12-12', line_items: [{ purchase_item_id: '9', external_product_id: '7', unit_price: '1.00' }] });
    expect(orderFacts({ id: 1, charge_id: 4, charge_status: 'SUCCESS', customer_id: 2, shopify_order_number: 1016, scheduled_at: '2018-12-12T00:00:00' })).toMatchObject({ charge_id: '4', customer_id: '2', external_order_number: '1016', scheduled_at: '2018-12-12T05:00:00.000Z' });
  });
});

describe('bodies of odd shape', () => {
  it.each<[string, string, unknown]>([
    ['no resource', 'subscription/updated', {}],
    ['another resource', 'subscription/updated', { charge }],
    ['a list', 'subscription/updated', { subscription: [subscription] }],
    ['null', 'subscription/updated', { subscription: null }],
    ['a text', 'charge/paid', { charge: '90000009' }],
    ['no id', 'subscription/updated', { subscription: { status: 'active' } }],
    ['an id of null', 'order/created', { order: { ...order, id: null } }],
    ['an id with a fraction', 'order/created', { order: { ...order, id: 1.5 } }],
    ['a negative id', 'order/created', { order: { ...order, id: -1 } }],
    ['an id that lost digits', 'order/created', { order: { ...order, id: 9007199254740993 } }],
    ['an id of words', 'customer/updated', { customer: { id: '1 or 1=1' } }],
    ['an inherited resource', 'subscription/updated', Object.create({ subscription })],
    ['a top that is a list', 'subscription/updated', [{ subscription }]],
    ['a top that is a text', 'subscription/updated', 'subscription'],
    ['nothing', 'subscription/updated', null],
    ['undefined', 'subscription/updated', undefined],
    ['an unknown topic', 'subscription/teleported', { subscription }],
    ['a topic from Object', 'constructor', { constructor: {} }],
    ['a topic from Object with a slash', '__proto__/created', {}],
    ['an empty topic', '', {}],
    ['a store without id', 'store/updated', { store: {} }],
  ])('refuses %s in words', (_what, topic, body) => {
    const reason = refusal(topic, body);
    expect(reason).toMatch(/^(The|Recharge) .{20,}\.$/);
    expect(reason!.length).toBeLessThan(200);
  });

  it('a reason never repeats the body, and a long topic only in part', () => {
    expect(refusal('subscription/updated', { subscription: { email: 'canary@example.com' } })).not.toContain('canary');
    expect(refusal('x'.repeat(5000), {})!.length).toBeLessThan(200);
  });

  it('reads every field as not said when it is absent, one at a time', () => {
    for (const [resource, whole] of Object.entries(bodies)) {
      const topic = `${resource}/updated`;
      const full = (only(topic, { [resource]: whole }).data as Record<string, Record<string, unknown>>)[resource]!;
      for (const name of Object.keys(whole).filter((key) => key !== 'id')) {
        const { [name]: _gone, ...rest } = whole;
        const facts = (only(topic, { [resource]: rest }).data as Record<string, Record<string, unknown>>)[resource]!;
        expect(Object.keys(facts)).toEqual(Object.keys(full));
        if (name in facts && name !== 'charge') expect(facts[name], `${resource}.${name}`).toEqual(name === 'line_items' ? [] : null);
      }
    }
  });

  it('reads a field of the wrong kind as not said, and the rest as it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(bodies)), fc.nat(), fc.jsonValue(), (resource, at, value) => {
        const whole = bodies[resource]!;
        const names = Object.keys(whole).filter((name) => name !== 'id');
        const name = names[at % names.length]!;
        const event = only(`${resource}/updated`, { [resource]: { ...whole, [name]: value } });
        expect(event.objectId).toBe(String(whole.id));
        expect(Number.isNaN(Date.parse(event.occurredAt))).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  it('never throws and never leaves the vocabulary, whatever the body', () => {
    const names = topics.map((topic) => topic.name);
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...names), fc.string()), fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('subscription', 'charge', 'order', 'customer', 'store', 'include', '__proto__'), fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('id', 'status', 'customer', 'include', 'updated_at', 'line_items', 'shipping_lines'), fc.jsonValue())))), (topic, body) => {
        const read = normaliseWebhook(topic, body, receivedAt);
        if (read.ok) for (const event of read.events) expect(event.objectId).not.toBe('');
        else expect(read.reason.length).toBeGreaterThan(20);
      }),
      { numRuns: 1500 },
    );
  });

  it('lets nothing through from __proto__, constructor or unknown keys', () => {
    const body = parseRechargeJson('{"subscription":{"id":1,"__proto__":{"status":"active","polluted":true},"constructor":{"prototype":{"polluted":true}},"surprise":"canary","price":"1.00"},"__proto__":{"customer":{"id":1,"email":"canary@example.com"}}}');
    const read = normaliseWebhook('subscription/updated', body, receivedAt);
    expect(JSON.stringify(read)).not.toMatch(/canary|polluted/);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(read).toMatchObject({ ok: true, customers: [], events: [{ data: { subscription: { status: null, price: '1.00' } } }] });
  });
});

describe('values', () => {
  it('passes an unknown status, unit and type as it came', () => {
    expect(subscriptionFacts({ id: 1, status: 'on_holiday', order_interval_unit: 'fortnight' })).toMatchObject({ status: 'on_holiday', order_interval_unit: 'fortnight' });
    expect(chargeFacts({ id: 1, status: 'pending_manual_payment', type: 'gift', error_type: 'CARD_EATEN_BY_DOG' })).toMatchObject({ status: 'pending_manual_payment', type: 'gift', error_type: 'CARD_EATEN_BY_DOG' });
  });

  it.each([
    ['18.00', '18.00'], ['18', '18'], [18.5, '18.5'], [0, '0'], ['-5.00', '-5.00'], ['0.0000', '0.0000'], ['', null], ['free', null], ['1,234.00', null], ['1e3', null], [null, null], [{}, null], ['NaN', null], [Infinity, null],
  ])('reads money %j as %j', (price, read) => {
    expect(subscriptionFacts({ id: 1, price })?.price).toBe(read);
  });

  it('adds shipping without losing a cent', () => {
    const shipping = (...prices: unknown[]) => chargeFacts({ id: 1, shipping_lines: prices.map((price) => ({ price })) })?.total_shipping;
    expect(shipping()).toBe('0.00');
    expect(shipping('0.10', '0.20')).toBe('0.30');
    expect(shipping('4.9', 1, '0.005')).toBe('5.905');
    expect(shipping('4.90', 'free')).toBe(null);
    expect(chargeFacts({ id: 1 })?.total_shipping).toBe(null);
    fc.assert(fc.property(fc.array(fc.nat(1_000_000), { maxLength: 8 }), (cents) => {
      expect(shipping(...cents.map((cent) => (cent / 100).toFixed(2)))).toBe((cents.reduce((sum, cent) => sum + cent, 0) / 100).toFixed(2));
    }));
  });

  it.each(['2026-01-31', '2026-02-28', '2028-02-29', '2026-03-08', '2026-11-01', '2026-12-31'])('P14 keeps the day %s as it is written, in every form', (day) => {
    for (const text of [day, `${day}T00:00:00`, `${day}T00:00:00+00:00`, `${day}T23:59:59-11:00`, `${day} 00:00:00`]) {
      expect(subscriptionFacts({ id: 1, next_charge_scheduled_at: text })?.next_charge_scheduled_at).toBe(day);
      expect(onetimeFacts({ id: 1, next_charge_scheduled_at: text })?.next_charge_scheduled_at).toBe(day);
      expect(chargeFacts({ id: 1, scheduled_at: text, retry_date: text })).toMatchObject({ scheduled_at: day, retry_date: day });
    }
  });

  it.each(['2026-02-29', '2026-13-01', '0000-01-01', '+012026-01-01', 'soon', '', 20261201, null])('takes %j for no day and no instant', (value) => {
    expect(subscriptionFacts({ id: 1, next_charge_scheduled_at: value, updated_at: value })).toMatchObject({ next_charge_scheduled_at: null, updated_at: null });
  });

  it('keeps ids beyond 2^53, as numbers in the JSON and as text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.boolean(), (id, quoted) => {
        const written = quoted ? `"${id}"` : String(id);
        const body = parseRechargeJson(`{"charge":{"id":${written},"address_id":${written},"customer":{"id":${written}},"line_items":[{"purchase_item_id":${written}}]}}`);
        expect(only('charge/updated', body)).toMatchObject({ objectId: String(id), rechargeCustomerId: String(id), data: { charge: { id: String(id), address_id: String(id), line_items: [{ purchase_item_id: String(id) }] } } });
      }),
    );
  });

  it('keeps a very long text, and makes texts safe to store', () => {
    expect(subscriptionFacts({ id: 1, product_title: 'x'.repeat(100_000) })?.product_title).toHaveLength(100_000);
    expect(subscriptionFacts({ id: 1, product_title: 'a\u0000b\ud800c 😀' })?.product_title).toBe('ab\ufffdc 😀');
  });

  it('reads a country only where it is a code', () => {
    expect(addressFacts({ id: 1, country_code: 'us' })?.country_code).toBe('US');
    expect(addressFacts({ id: 1, country_code: 'United States' })?.country_code).toBe(null);
  });
});

describe('names of facts', () => {
  it('are the same for the same body, whenever it arrives', () => {
    for (const topic of topics.filter((each) => each.eventType && bodies[each.resource])) {
      const body = { [topic.resource]: bodies[topic.resource] };
      const again = normaliseWebhook(topic.name, structuredClone(body), '2027-01-01T00:00:00.000Z');
      expect(again.ok && again.events[0]?.key).toBe(only(topic.name, body).key);
    }
  });

  it('tell two updates within one second apart, but not an update from the same object in another spelling of its keys', () => {
    const first = only('subscription/updated', { subscription }).key;
    expect(first).toMatch(/^subscription\.updated:50000001:\d+:[0-9a-f]{8}$/);
    expect(only('subscription/updated', { subscription: { ...subscription, quantity: 2 } }).key).not.toBe(first);
    expect(only('subscription/updated', { subscription: Object.fromEntries(Object.entries(subscription).reverse()) }).key).toBe(first);
  });

  it('tell a skip in another month apart even when updated_at stood still', () => {
    const skip = (day: string) => only('subscription/skipped', { subscription: { ...subscription, next_charge_scheduled_at: day } }).key;
    expect(skip('2027-01-01')).not.toBe(skip('2027-02-01'));
  });

  it('stay when a later read finds the object changed since: created, cancelled and paid happen once', () => {
    const later = '2026-11-30T00:00:00+00:00';
    expect(only('subscription/created', { subscription: { ...subscription, updated_at: later, quantity: 5 } }).key).toBe(only('subscription/created', { subscription }).key);
    const cancelled = { ...subscription, status: 'cancelled', cancelled_at: '2026-11-20T10:00:00+00:00' };
    expect(only('subscription/cancelled', { subscription: { ...cancelled, updated_at: later } }).key).toBe(only('subscription/cancelled', { subscription: cancelled }).key);
    expect(only('charge/paid', { charge: { ...charge, updated_at: later, total_refunds: '1.00' } }).key).toBe(only('charge/paid', { charge }).key);
  });
});
