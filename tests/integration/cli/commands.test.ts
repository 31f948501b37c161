import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '#app/cli/program.server.ts';
import { saveDestination } from '#app/connections/destinations.server.ts';
import { connectRecharge } from '#app/connections/recharge.server.ts';
import { ensureShop } from '#app/connections/shops.server.ts';
import { db, pool, transaction } from '#app/db.server.ts';
import { recordEvents } from '#app/delivery/outbox.server.ts';
import { sampleEvent } from '#app/events/samples.ts';
import { bloomreachSettings, firstToken, openStage, variablesFor, type Stage } from '#tests/integration/connections/stage.ts';
import { cli, type Ran } from './shell.ts';

const domain = 'acme-usa.myshopify.com';
const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
let stage: Stage;
let variables: Record<string, string>;
let destinationId: string;
let rechargeCustomerId: string;

beforeAll(async () => {
  stage = await openStage();
  variables = { ...variablesFor(stage), DATABASE_URL: process.env.DATABASE_URL ?? '' };
  const { shopId } = await ensureShop(domain);
  await connectRecharge(shopId, { apiToken: firstToken.token, clientSecret: firstToken.secret }, 'test');
  destinationId = (await saveDestination(shopId, 'bloomreach', bloomreachSettings, 'test')).view.destinationId;
});
afterAll(() => stage.close());
beforeEach(async () => {
  await db.attempt.deleteMany();
  await db.delivery.deleteMany();
  await db.event.deleteMany();
  await db.destination.updateMany({ data: { status: 'active', statusReason: null } });
  const shopId = (await ensureShop(domain)).shopId;
  const events = (['subscription.created', 'charge.paid', 'subscription.cancelled'] as const).map((type) => sampleEvent(type));
  rechargeCustomerId = events[0]?.rechargeCustomerId ?? '';
  await db.customerState.upsert({
    where: { shopId_rechargeCustomerId: { shopId: BigInt(shopId), rechargeCustomerId } },
    create: { shopId: BigInt(shopId), rechargeCustomerId, email: 'ana.muster@example.com' },
    update: {},
  });
  await transaction((tx) => recordEvents(tx, shopId, events.map((event) => ({ event, inboundWebhookId: null }))));
  await pool().query(`update "Delivery" set state = 'dead', reason = 'Bloomreach refused it', "settledAt" = now(), "attemptCount" = 1`);
  await pool().query(`insert into "Attempt" ("shopId", "deliveryId", number, at, "durationMs", outcome, status, "vendorAnswer") select "shopId", id, 1, now(), 12, 'rejected', 200, '[{"success":false}]' from "Delivery"`);
});

const run = (...words: string[]): Promise<Ran> => cli(words, variables);
const json = async <Shape>(...words: string[]): Promise<Shape> => {
  const ran = await run(...words, '--json');
  expect(ran).toMatchObject({ exitCode: 0, err: '' });
  return ran.json as Shape;
};
type List = { items: Record<string, unknown>[]; next: string | null };

describe('events', () => {
  it('lists what came in, newest first, page by page', async () => {
    const first = await json<List>('events', '--shop', 'acme-usa', '--limit', '2');

    expect(first.items).toHaveLength(2);
    expect(first.items[0]).toEqual({
      id: expect.stringMatching(/^\d+$/), type: 'subscription.cancelled', shop: domain, rechargeCustomerId, email: 'ana.muster@example.com', occurredAt: isoTime, receivedAt: isoTime, origin: expect.any(String), state: 'dead',
    });
    expect(first.next).toBe(first.items[1]?.id);
    const second = await json<List>('events', '--shop', 'acme-usa', '--limit', '2', '--cursor', first.next ?? '');
    expect(second).toMatchObject({ items: [{ type: 'subscription.created' }], next: null });
  });

  it('finds those of one customer, by e-mail or id', async () => {
    expect((await json<List>('events', '--shop', 'acme-usa', '--customer', 'Ana.Muster@example.com')).items.length).toBeGreaterThan(0);
    expect((await json<List>('events', '--shop', 'acme-usa', '--customer', rechargeCustomerId)).items.length).toBeGreaterThan(0);
    expect((await json<List>('events', '--shop', 'acme-usa', '--customer', 'nobody@example.com')).items).toEqual([]);
  });

  it('draws a table for people, with times in UTC', async () => {
    const { out, exitCode } = await run('events', '--shop', 'acme-usa');

    expect(exitCode).toBe(0);
    expect(out).toContain('subscription.cancelled');
    expect(out).toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
  });
});

describe('deliveries', () => {
  it('lists what went where with each attempt, and shows one alone', async () => {
    const { items } = await json<List>('deliveries', '--shop', 'acme-usa', '--state', 'dead', '--destination', 'bloomreach');

    const [delivery] = items;
    expect(delivery).toEqual({
      id: expect.stringMatching(/^\d+$/), eventId: expect.stringMatching(/^\d+$/), eventType: expect.any(String), destination: 'bloomreach', destinationId, state: 'dead', reason: 'Bloomreach refused it', dueAt: isoTime,
      attempts: [{ number: 1, at: isoTime, outcome: 'rejected', status: 200, vendorAnswer: '[{"success":false}]', requestedBy: 'engine' }],
    });
    expect(await json('delivery', String(delivery?.id))).toEqual(delivery);
    expect((await run('delivery', String(delivery?.id))).out).toContain('Bloomreach refused it');
    expect((await json<List>('deliveries', '--shop', 'acme-usa', '--state', 'delivered')).items).toEqual([]);
  });

  it('replays one, then all that match, and says how many', async () => {
    const { items } = await json<List>('deliveries', '--shop', 'acme-usa');

    expect(await json('replay', '--delivery', String(items[0]?.id))).toEqual({ accepted: 1 });
    expect(await json('delivery', String(items[0]?.id))).toMatchObject({ state: 'pending' });
    expect(await json('replay', '--shop', 'acme-usa', '--state', 'dead', '--destination', 'bloomreach', '--since', '2020-01-01')).toEqual({ accepted: items.length - 1 });
    expect(await json('replay', '--shop', 'acme-usa', '--state', 'dead')).toEqual({ accepted: 0 });
  });
});

describe('status', () => {
  it('tells of one shop: connection, registrations, destinations, queue', async () => {
    const status = await json<{ recharge: { webhooks: { wanted: number; present: number } } }>('status', '--shop', 'acme-usa');

    expect(status).toMatchObject({
      shop: domain,
      recharge: { status: 'active', missingScopes: [], webhooks: { failed: [] } },
      destinations: [{ id: destinationId, type: 'bloomreach', status: 'active', check: { ok: true } }],
      queue: { depth: 0, dead: expect.any(Number) },
      oldestUndeliveredAt: null,
      nextRuns: [{ job: 'webhook-check', at: isoTime }],
    });
    expect(status.recharge.webhooks.present).toBe(status.recharge.webhooks.wanted);
    expect(JSON.stringify(status)).not.toContain(firstToken.token);
    expect((await run('status', '--shop', 'acme-usa')).out).toContain('bloomreach');
  });

  it('tells of all shops', async () => {
    expect(await json('status')).toMatchObject({ items: [{ shop: domain }], next: null });
    expect((await run('status')).out).toContain(domain);
  });
});

describe('pause and resume', () => {
  it('hold a destination and let it go', async () => {
    expect(await json('pause', '--destination', destinationId)).toEqual({ id: destinationId, type: 'bloomreach', status: 'paused', changed: true });
    expect(await json('pause', '--destination', destinationId)).toMatchObject({ changed: false });
    expect(await json('resume', '--destination', destinationId)).toEqual({ id: destinationId, type: 'bloomreach', status: 'active', changed: true });
  });
});

describe('rotate-keys', () => {
  const newKeys = `new:${randomBytes(32).toString('base64')},test:${Buffer.alloc(32, 7).toString('base64')}`;

  it('P22 seals every secret with the first key, after which the former key can go; a second run finds nothing', async () => {
    const first = await cli(['rotate-keys', '--json'], { ...variables, ENCRYPTION_KEYS: newKeys });
    const second = await cli(['rotate-keys', '--json'], { ...variables, ENCRYPTION_KEYS: newKeys });
    const keyIds = await pool().query<{ keyId: string }>(`select distinct convert_from(substring("secretsSealed" from 3 for get_byte("secretsSealed", 1)), 'UTF8') as "keyId" from "Destination"
      union select convert_from(substring("apiTokenSealed" from 3 for get_byte("apiTokenSealed", 1)), 'UTF8') from "Connection"`);

    expect(first).toMatchObject({ exitCode: 0, json: { accepted: 3, columns: { 'Connection.apiTokenSealed': 1, 'Connection.clientSecretSealed': 1, 'Destination.secretsSealed': 1 }, failed: [] } });
    expect(second).toMatchObject({ exitCode: 0, json: { accepted: 0, columns: {}, failed: [] } });
    expect(keyIds.rows).toEqual([{ keyId: 'new' }]);
    await cli(['rotate-keys'], { ...variables, ENCRYPTION_KEYS: newKeys.split(',').reverse().join(',') });
  });

  it('says which values do not open, mends the others, and exits 1', async () => {
    const ran = await cli(['rotate-keys', '--json'], { ...variables, ENCRYPTION_KEYS: `other:${randomBytes(32).toString('base64')}` });

    expect(ran).toMatchObject({ exitCode: 1, json: { accepted: 0, failed: expect.arrayContaining([{ column: 'Destination.secretsSealed', count: 1, message: expect.stringContaining('"test"') }]) } });
    expect(ran.err).toContain('ENCRYPTION_KEYS');
  });
});

describe('a wrong command line', () => {
  it.each<[string[], RegExp]>([
    [['frobnicate'], /"frobnicate" is no command. There are: apply, status, events/],
    [['events'], /--shop/],
    [['events', '--shop', 'unknown-shop'], /unknown-shop/],
    [['events', '--shop', 'acme-usa', '--limit', '0'], /--limit should be a whole number from 1 to 500/],
    [['deliveries', '--shop', 'acme-usa', '--state', 'lost'], /--state should be one of: pending/],
    [['deliveries', '--shop', 'acme-usa', '--destination', 'fax'], /--destination should be one of: .*bloomreach/],
    [['delivery', '999999'], /no delivery 999999/],
    [['replay'], /--delivery/],
    [['replay', '--shop', 'acme-usa'], /--state is needed/],
    [['replay', '--shop', 'acme-usa', '--state', 'pending'], /cannot be pending/],
    [['replay', '--shop', 'acme-usa', '--state', 'dead', '--since', 'yesterday'], /--since should be a time/],
    [['pause', '--destination', '999999'], /no destination 999999/],
    [['status', '--colour'], /unknown option/],
  ])('%j exits 2 and says what it should be', async (words, message) => {
    const ran = await run(...words);

    expect(ran).toMatchObject({ exitCode: 2, out: '' });
    expect(ran.err).toMatch(message);
  });

  it('exits 2 and names a wrong setting', async () => {
    expect(await cli(['status'], { ...variables, PORT: 'abc' })).toMatchObject({ exitCode: 2, out: '', err: expect.stringContaining('PORT should be a whole number') });
  });

  it('shows help on standard error, with every command', async () => {
    const { exitCode, out, err } = await run('--help');

    expect({ exitCode, out }).toEqual({ exitCode: 0, out: '' });
    for (const { usage } of commands) expect(err).toContain(usage.split(' ')[0]);
  });
});

describe('the embedded database', () => {
  it('is started and migrated when there is none, and found again by the next command', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'rechannel-cli-'));
    const { DATABASE_URL: _, ...without } = variables;
    const embedded = { ...without, DATA_DIR: directory };

    const applied = await cli(['apply', '-'], embedded, '{"shop":"acme-usa"}');
    const status = await cli(['status', '--json'], embedded);

    expect(applied).toMatchObject({ exitCode: 0, json: { shop: domain, changed: true } });
    expect(status).toMatchObject({ exitCode: 0, json: { items: [{ shop: domain, recharge: null }] } });
    await rm(directory, { recursive: true, force: true });
  });
});
