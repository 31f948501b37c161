import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '#app/events/event.ts';
import { portalAccessOf, sessionTokenOf, storeOf, tokenInformation, webhookOf } from '#app/recharge/answers.ts';
import { failureOf, vendorWords } from '#app/recharge/errors.ts';
import { parseRechargeJson } from '#app/recharge/json.ts';
import { customerFacts, normaliseWebhook } from '#app/recharge/normalise.ts';

const directory = path.resolve(import.meta.dirname, '../../../../shared/fixtures/recharge');
const present = existsSync(directory);
const receivedAt = '2026-11-22T08:00:00.000Z';
const read = (name: string) => parseRechargeJson(readFileSync(path.join(directory, name), 'utf8'));
const resources = ['subscription', 'charge', 'order', 'customer', 'address', 'onetime'];

/** Every object in a file that could be the inside of a webhook: an envelope, a list of them, or (2021-01) a bare object. */
function envelopes(name: string): { resource: string; body: Record<string, unknown> }[] {
  const json = read(name);
  if (typeof json !== 'object' || json === null) return [];
  const found = Object.entries(json).flatMap(([key, value]) => {
    if (resources.includes(key) && typeof value === 'object') return [{ resource: key, body: { [key]: value } }];
    const singular = key === 'addresses' ? 'address' : key.replace(/s$/, '');
    return Array.isArray(value) && resources.includes(singular) ? value.map((item: unknown) => ({ resource: singular, body: { [singular]: item } })) : [];
  });
  const bare = /2021-01\/rest\/(address|customer)\w*\.json$/.exec(name)?.[1];
  return bare ? [{ resource: bare, body: { [bare]: json } }] : found;
}

describe.runIf(!present)('captured Recharge bodies', () => {
  it(`were NOT read: ${directory} does not exist on this machine`, () => {
    expect(present).toBe(false);
  });
});

describe.runIf(present)('captured Recharge bodies', () => {
  const files = globSync('{2021-11,2021-01,derived}/**/*.json', { cwd: directory }).filter((name) => !/timelines|webhook-sequences|delivery-schedules/.test(name)).sort();

  it('give an event each, as the body of a webhook of their resource, with who, what and when', () => {
    const counted = { files: files.length, events: 0, refused: 0, other: [] as string[], reasons: {} as Record<string, number>, sightings: 0 };
    const byResource: Record<string, number> = {};
    const note = (reason: string) => {
      counted.refused += 1;
      counted.reasons[reason] = (counted.reasons[reason] ?? 0) + 1;
    };
    for (const name of files) {
      const bodies = envelopes(name);
      if (bodies.length === 0) {
        counted.other.push(name);
        const outcome = normaliseWebhook('subscription/updated', read(name), receivedAt);
        expect(outcome.ok, name).toBe(false);
        if (!outcome.ok) note(outcome.reason);
      }
      for (const { resource, body } of bodies) {
        const outcome = normaliseWebhook(`${resource}/updated`, body, receivedAt);
        if (!outcome.ok) {
          note(outcome.reason);
          expect.fail(`${name}: ${outcome.reason}`);
        }
        counted.events += outcome.events.length;
        counted.sightings += outcome.customers.length;
        byResource[resource] = (byResource[resource] ?? 0) + 1;
        const event = outcome.events[0] as DomainEvent;
        expect(event.objectId, name).toMatch(/^\d+$/);
        expect(event.rechargeCustomerId, name).toMatch(/^\d+$/);
        expect(event.occurredAt, name).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(event.occurredAt, name).not.toBe(receivedAt);
      }
    }
    console.log('Captured bodies:', JSON.stringify({ ...counted, other: counted.other.length, byResource }));
    expect(counted.events).toBeGreaterThanOrEqual(40);
    expect(Object.keys(byResource).sort()).toEqual(['address', 'charge', 'customer', 'order', 'subscription']);
    expect(counted.sightings).toBeGreaterThan(10);
    // What is refused are errors, payment methods, products, metafields, registrations: no webhook resource of ours.
    expect(counted.refused).toBe(counted.other.length);
    expect(counted.refused).toBeGreaterThan(20);
    for (const name of counted.other) expect(name).toMatch(/_4\d\d_|payment|product|metafield|credit|webhooks\/|derived\//);
  });

  it('lose nothing that a fact has a place for', () => {
    const cases = files.flatMap((name) => envelopes(name).map((envelope) => ({ name, ...envelope }))).filter(({ name }) => name.startsWith('2021-11/rest'));
    let compared = 0;
    for (const { name, resource, body } of cases) {
      const outcome = normaliseWebhook(`${resource}/updated`, body, receivedAt);
      if (!outcome.ok) throw new Error(outcome.reason);
      const facts = (outcome.events[0]!.data as Record<string, Record<string, unknown>>)[resource]!;
      for (const [field, value] of Object.entries(body[resource] as Record<string, unknown>)) {
        if (!(field in facts)) continue;
        compared += 1;
        if (value === null || (typeof value === 'object' && (value as { ecommerce?: unknown }).ecommerce === null)) expect(facts[field], `${name} ${field}`).toBeNull();
        else expect(facts[field], `${name} ${field}`).not.toBeNull();
      }
    }
    expect(compared).toBeGreaterThan(400);
  });

  it('of 2021-01 are read by the Eastern clock where they name no offset', () => {
    const occurred = (name: string) => (envelopes(`2021-01/rest/${name}`).map(({ resource, body }) => normaliseWebhook(`${resource}/updated`, body, receivedAt))[0] as { events: DomainEvent[] }).events[0]?.occurredAt;
    expect(occurred('address.json')).toBe('2018-11-14T14:00:01.000Z');
    expect(occurred('addressoffset.json')).toBe('2018-11-14T14:00:01.000Z');
    expect(customerFacts(read('2021-01/rest/customer.json'))).toMatchObject({ id: '18819267', subscriptions_active_count: 0, created_at: '2018-11-14T13:40:38.000Z' });
  });

  it('of deliveries seen in production: every topic we ask for is known and gives its event from the id alone', () => {
    const sequences = globSync('2021-11/webhook-sequences/*.json', { cwd: directory });
    let deliveries = 0;
    for (const name of sequences) {
      for (const { sender, topic, object_id } of (read(name) as { deliveries: { sender: string; topic: string; object_id: number | null }[] }).deliveries) {
        if (sender !== 'recharge' || object_id === null) continue;
        const resource = topic.split('/')[0]!;
        const outcome = normaliseWebhook(topic, { [resource]: { id: object_id } }, receivedAt);
        expect(outcome, `${name} ${topic}`).toMatchObject({ ok: true });
        if (outcome.ok && resources.includes(resource)) expect(outcome.events[0]).toMatchObject({ type: topic.replace('/', '.'), objectId: String(object_id) });
        deliveries += 1;
      }
    }
    console.log('Deliveries seen in production:', deliveries, 'in', sequences.length, 'sequences');
    expect(deliveries).toBeGreaterThan(100);
  });

  it('of errors all give the vendor words', () => {
    const errors = globSync(['errors/*.json', '2021-11/rest/**/*_4??*.json'], { cwd: directory });
    for (const name of errors) {
      const status = Number(/(?:^|[_/])(4\d\d)_/.exec(name)?.[1]);
      const answer = { status, headers: {}, text: readFileSync(path.join(directory, name), 'utf8') };
      expect(vendorWords(answer), name).not.toBe('');
      expect(failureOf({ method: 'GET', path: '/x', repeatable: true }, answer).kind, name).toBe({ 401: 'unauthorised', 409: 'transient', 429: 'throttled' }[status] ?? 'rejected');
    }
    console.log('Captured errors:', errors.length);
    expect(errors.length).toBeGreaterThan(15);
  });

  it('of token, store, session, portal link and registrations are read', () => {
    expect(tokenInformation(read('derived/token_information_200.json'))?.scopes.length).toBeGreaterThan(3);
    expect(storeOf(read('derived/store_200.json'))).toMatchObject({ id: expect.any(String), timezone: expect.stringContaining('/'), merchantPortalBaseUrl: expect.stringContaining('https://') });
    expect(portalAccessOf(read('derived/portal_access_200.json'))).toMatchObject({ portalUrl: expect.stringContaining('token='), expiresAt: expect.any(String) });
    expect(sessionTokenOf(read('derived/customer_session_apiToken.json'))).toMatch(/.+/);
    expect(sessionTokenOf(read('derived/customer_session_api_token.json'))).toMatch(/.+/);
    expect((read('2021-01/rest/webhooks/list-webhooks_200.json') as { webhooks: unknown[] }).webhooks.map(webhookOf)).toEqual([
      { id: '19451', address: 'https://request.in/foo', topic: 'subscription/created', version: null, includedObjects: [] },
      { id: '19453', address: 'https://request.in/foo', topic: 'subscription/cancelled', version: null, includedObjects: [] },
    ]);
  });
});
