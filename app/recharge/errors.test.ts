import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../errors.ts';
import { failureOf, vendorWords, type Call } from './errors.ts';
import { nextWaitMs, slowDownMs } from './retry.ts';
import { missingScopes } from './scopes.ts';
import { findTopic, topics, wantedTopics } from './topics.ts';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => ({ status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) });
const get: Call = { method: 'GET', path: '/customers/1', repeatable: true };
const post: Call = { method: 'POST', path: '/x', repeatable: false };

describe('the four shapes of error bodies', () => {
  it.each<[string, unknown, string]>([
    ['error', { error: 'bad authentication' }, 'bad authentication'],
    ['errors as text', { errors: 'Not Found' }, 'Not Found'],
    ['errors by field, as list', { errors: { updated_at_max: ['Invalid date: test.'] } }, 'updated_at_max: Invalid date: test.'],
    ['errors by field, as text', { errors: { next_charge_scheduled_at: 'Cannot be in the past' } }, 'next_charge_scheduled_at: Cannot be in the past'],
    ['errors by field, nested', { errors: { billing_address: { address1: ['Field may not be null.'] } } }, 'billing_address.address1: Field may not be null.'],
    ['the schema as a whole, said twice', { errors: { _schema: ['a and b are required.', 'a and b are required.'] } }, 'a and b are required.'],
    ['warning', { warning: 'too many requests' }, 'too many requests'],
    ['HTML', '<html>502</html>', ''],
    ['nothing', '', ''],
    ['a list', ['x'], ''],
    ['null', 'null', ''],
  ])('reads %s', (_what, body, words) => {
    expect(vendorWords(answer(422, body))).toBe(words);
  });

  it('never throws and stays short, whatever the body', () => {
    fc.assert(fc.property(fc.integer({ min: 300, max: 599 }), fc.oneof(fc.jsonValue(), fc.string(), fc.record({ errors: fc.jsonValue() })), (status, body) => {
      const failure = failureOf(get, answer(status, body));
      expect(failure).toBeInstanceOf(Failure);
      expect(failure.message.length).toBeLessThan(1000);
    }));
  });
});

describe('who must act', () => {
  it('reads Retry-After as seconds and as a date', () => {
    expect(failureOf(get, answer(429, '', { 'retry-after': '3' }))).toMatchObject({ kind: 'throttled', retryAfterMs: 3000 });
    expect(failureOf(get, answer(429, '', { 'retry-after': new Date(Date.now() + 60_000).toUTCString() })).retryAfterMs).toBeGreaterThan(55_000);
    expect(failureOf(get, answer(429, '', { 'retry-after': 'soon' })).retryAfterMs).toBeUndefined();
    expect(failureOf(get, answer(429, '')).retryAfterMs).toBeUndefined();
  });

  it('a 5xx to a read is cured by time, to a write nobody knows what happened', () => {
    expect(failureOf(get, answer(502, '')).kind).toBe('transient');
    expect(failureOf(post, answer(502, '')).kind).toBe('unknown_outcome');
    expect(failureOf(post, answer(501, '')).kind).toBe('rejected');
  });
});

describe('when to ask again', () => {
  const failure = (kind: Failure['kind'], code = 'x') => new Failure(kind, 'x', { code });
  const wait = (thrown: Failure, repeatable: boolean, times: number) => nextWaitMs(thrown, repeatable, { lost: times, busy: times, throttled: times }, () => 0.999);

  it('never after a refusal, an unknown outcome or a bug', () => {
    for (const kind of ['rejected', 'unauthorised', 'unknown_outcome', 'bug'] as const) expect(wait(failure(kind), true, 1)).toBeNull();
  });

  it('a read four more times, a write twice more, under a minute each', () => {
    expect([1, 2, 3, 4, 5].map((times) => wait(failure('transient'), true, times) !== null)).toEqual([true, true, true, true, false]);
    expect([1, 2, 3].map((times) => wait(failure('transient'), false, times) !== null)).toEqual([true, true, false]);
    expect(wait(failure('transient'), true, 4)).toBeLessThan(8000);
  });

  it('as long as it was asked to, from a second up to a minute; longer is passed on', () => {
    const asked = (retryAfterMs: number) => nextWaitMs(new Failure('throttled', 'x', { code: 'x', retryAfterMs }), true, { lost: 0, busy: 0, throttled: 1 }, () => 0);
    expect([0, 500, 1000, 30_000, 60_000, 60_001].map(asked)).toEqual([1000, 1000, 1000, 30_000, 60_000, null]);
  });

  it('after 3, 6, 12 s when Recharge is busy', () => {
    expect([1, 2, 3, 4].map((times) => wait(failure('transient', 'recharge_busy'), false, times))).toEqual([3000, 6000, 12_000, null]);
  });

  it('reads the usage header: no pause up to 80 %, four seconds at the brim of either bucket', () => {
    expect([undefined, '', '1/40', '32/40', '33/40', '40/40', '80/80', '99/40', 'x/40', '40/0'].map((header) => slowDownMs(header))).toEqual([0, 0, 0, 0, 500, 4000, 4000, 4000, 0, 0]);
  });
});

describe('scopes and topics', () => {
  it('names each missing permission with the feature that needs it, and takes either word for the store', () => {
    expect(missingScopes(['read_customers'], ['portal', 'bloomreach', 'store'])).toEqual([
      { scope: 'write_session', feature: 'portal' },
      { scope: 'read_subscriptions', feature: 'bloomreach' },
      { scope: 'store_info', feature: 'store' },
    ]);
    expect(missingScopes(['read_store'], ['store'])).toEqual([]);
    expect(missingScopes(['store_info'], ['store'])).toEqual([]);
    expect(missingScopes([], [])).toEqual([]);
  });

  it('wants only topics that become facts and that the token may register', () => {
    expect(wantedTopics(['read_subscriptions']).every((topic) => ['subscription', 'onetime'].includes(topic.resource))).toBe(true);
    expect(wantedTopics(['read_subscriptions']).map((topic) => topic.name)).toContain('subscription/cancelled');
    expect(wantedTopics([])).toEqual([]);
    expect(wantedTopics(['read_products', 'read_batches'])).toEqual([]);
  });

  it('knows 2021-11 whole, and none of the words that are no topics', () => {
    expect(topics).toHaveLength(53);
    for (const name of ['address/deleted', 'charge/processed', 'order/paid', 'order/fulfilled', 'discount/created', 'toString', '__proto__']) expect(findTopic(name)).toBeUndefined();
    expect(findTopic('app/uninstalled')?.name).toBe('recharge/uninstalled');
  });
});
