/** What the home page puts before a person, and in which order. */
import { expect, test } from 'vitest';
import { needsAttention, secretLooksWrong } from './attention.ts';

const now = new Date('2026-11-21T12:00:00Z');
const quiet = { waiting: 0, held: 0, dead: 0, oldestWaitingAt: null, unprocessedWebhooks: 0, quarantinedWebhooks: 0, lastDay: { webhooks: 5, events: 5, delivered: 5, dead: 0 } };
const connection = {
  status: 'active' as const, statusReason: null, tokenLast4: null, secretLast4: null, hasStorefrontToken: false, scopes: [], missingScopes: [], connectionKey: 'k', webhookBaseUrl: 'https://x',
  webhooks: { wanted: 39, present: 39, checkedAt: now, failed: [], leftBehind: null }, storeName: null, tokenName: null, merchantPortalBaseUrl: null, storeTimezone: null, signedWithV1Since: null,
  previousSecretUntil: null, refusedCount: 0, refusedAt: null,
};
const bloomreach = { destinationId: '1', type: 'bloomreach', label: 'Bloomreach Engagement', status: 'active' as const, statusReason: null, settings: {}, secretsLast4: {}, checkedAt: null, check: null, lastSuccessAt: null };

const codes = (items: ReturnType<typeof needsAttention>) => items.map(({ code }) => code);

test('a shop where everything works needs nobody', () => {
  expect(needsAttention(connection, [bloomreach], quiet, now)).toEqual([]);
});

test('a shop that is only being set up needs nobody: the guide says what to do', () => {
  expect(needsAttention(null, [], { ...quiet, lastDay: { webhooks: 0, events: 0, delivered: 0, dead: 0 } }, now)).toEqual([]);
});

test('what stands still comes before what needs a look', () => {
  const found = needsAttention(
    { ...connection, status: 'unauthorised' },
    [{ ...bloomreach, status: 'stopped', statusReason: 'Access key not found' }],
    { ...quiet, dead: 3, quarantinedWebhooks: 1 },
    now,
  );

  expect(codes(found)).toEqual(['rechargeRefused', 'destinationStopped', 'dead', 'quarantined']);
});

test('BR-14 a wrong client secret is told when Recharge is refused and nothing gets through', () => {
  const refused = { ...connection, refusedCount: 4 };

  expect(secretLooksWrong(refused, { lastDay: { ...quiet.lastDay, webhooks: 0 } })).toBe(true);
  expect(secretLooksWrong(refused, quiet)).toBe(false);
  expect(codes(needsAttention(refused, [], { ...quiet, lastDay: { ...quiet.lastDay, webhooks: 0 } }, now))).toContain('secretWrong');
});

test.each([
  ['missing registrations', { ...connection, webhooks: { ...connection.webhooks, present: 38 } }, quiet, 'webhooksMissing'],
  ['a missing permission', { ...connection, missingScopes: [{ scope: 'write_session', feature: 'portal' }] }, quiet, 'scopesMissing'],
  ['a delivery that waits for more than a quarter of an hour', connection, { ...quiet, waiting: 1, oldestWaitingAt: new Date('2026-11-21T11:44:00Z') }, 'late'],
])('%s needs a look', (_, given, queue, code) => {
  expect(codes(needsAttention(given, [], queue, now))).toEqual([code]);
});

test('a delivery held by a pause is not late', () => {
  const found = needsAttention(connection, [{ ...bloomreach, status: 'paused' }], { ...quiet, held: 1, oldestWaitingAt: new Date('2026-11-20T00:00:00Z') }, now);

  expect(codes(found)).toEqual(['destinationPaused']);
});
