import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectBloomreach } from '#app/destinations/bloomreach/client.server.ts';
import { bloomreachManifest } from '#app/destinations/bloomreach/manifest.ts';
import type { BloomreachCommand } from '#app/destinations/bloomreach/mapping.ts';
import { parseSettings } from '#app/destinations/contract.ts';
import { createHttp } from '#app/http.server.ts';
import { startBloomreachSimulator, type BloomreachSimulator } from '#sandbox/bloomreach/server.ts';
import { bloomreachSettings } from '#tests/support/rig.ts';

let bloomreach: BloomreachSimulator;
beforeAll(async () => {
  bloomreach = await startBloomreachSimulator();
});
afterAll(() => bloomreach.close());

const client = () => connectBloomreach(parseSettings(bloomreachManifest, bloomreachSettings), createHttp({ kind: 'operator', origin: bloomreach.url }), bloomreach.url);
const item = (key: string, note = '') => ({
  key,
  commands: [{ name: 'customers/events', data: { customer_ids: { registered: `${key}@example.com` }, event_type: 'subscription', timestamp: 1_795_168_800, properties: { status: 'created', event_id: key, note } } } satisfies BloomreachCommand],
});

test('BR-26 P10 more than fifty commands go in several requests; when a later one gets no answer, what the first achieved stays known', async () => {
  bloomreach.faults.add({ match: { path: '/batch$' }, after: 1, times: 1, fault: { kind: 'reset' } });

  const results = await client().send(Array.from({ length: 120 }, (_, index) => item(`many-${index}`)));

  expect(results).toHaveLength(120);
  expect(results.slice(0, 50).every((result) => result.ok)).toBe(true);
  expect(results.slice(50, 100).map((result) => (result.ok ? 'ok' : result.failure.kind)).every((kind) => kind === 'unknown_outcome')).toBe(true);
  expect(results.slice(100).map((result) => (result.ok ? 'ok' : result.failure.code)).every((code) => code === 'bloomreach_not_sent')).toBe(true);
});

test('a request that is too large is halved until each part fits, and only what is too large by itself is refused', async () => {
  bloomreach.switches.maxBodyBytes = 3_000;

  const results = await client().send([...Array.from({ length: 10 }, (_, index) => item(`small-${index}`)), item('huge', 'x'.repeat(3_500))]);

  expect(results.slice(0, 10).every((result) => result.ok)).toBe(true);
  expect(results[10]).toMatchObject({ ok: false, failure: { kind: 'rejected', status: 413 } });
  bloomreach.switches.maxBodyBytes = 800_000;
});

test.each([
  [{ apiSecret: 'wrong' }, /403|refused the key/],
  [{ apiKeyId: 'nobody' }, /401/],
  [{ projectToken: 'another-project-token' }, /404|project/i],
])('BR-14 the check of %j says what is wrong and what to look at', async (change, expected) => {
  const settings = parseSettings(bloomreachManifest, { ...bloomreachSettings, ...change });
  const checked = await connectBloomreach(settings, createHttp({ kind: 'operator', origin: bloomreach.url }), bloomreach.url).check();

  expect(checked.ok).toBe(false);
  expect(checked.message).toMatch(expected);
  expect(checked.message).not.toContain(bloomreachSettings.apiSecret);
});
