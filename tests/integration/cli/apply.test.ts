import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { db } from '#app/db.server.ts';
import { bloomreachSettings, firstToken, openStage, readScopes, registrationsOf, secondToken, variablesFor, type Stage } from '#tests/integration/connections/stage.ts';
import { cli, setupFile, type Ran } from './shell.ts';

const domain = 'acme-usa.myshopify.com';
const secrets = [firstToken.token, firstToken.secret, secondToken.token, secondToken.secret, bloomreachSettings.apiSecret];
let stage: Stage;
let variables: Record<string, string>;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.recharge.reset();
  stage.recharge.faults.clear();
  stage.bloomreach.faults.clear();
  await db.settingChange.deleteMany();
  await db.budget.deleteMany();
  await db.shop.deleteMany();
  variables = {
    ...variablesFor(stage),
    DATABASE_URL: process.env.DATABASE_URL ?? '',
    RECHARGE_TOKEN: firstToken.token,
    RECHARGE_SECRET: firstToken.secret,
    BLOOMREACH_SECRET: bloomreachSettings.apiSecret,
  };
});

const good = {
  shop: 'acme-usa',
  recharge: { apiToken: { env: 'RECHARGE_TOKEN' }, clientSecret: { env: 'RECHARGE_SECRET' }, storefrontToken: null },
  destinations: [{ type: 'bloomreach', settings: { ...bloomreachSettings, apiSecret: { env: 'BLOOMREACH_SECRET' } } }],
  portal: { mode: 'token', label: { en: 'Manage Subscriptions', de: 'Abos verwalten' } },
};

async function apply(document: unknown, more: Record<string, string> = {}, words: string[] = []): Promise<Ran> {
  const ran = await cli(['apply', await setupFile(document), ...words], { ...variables, ...more });
  for (const secret of secrets) expect(ran.out + ran.err).not.toContain(secret);
  return ran;
}

async function nothingSaved(): Promise<void> {
  expect(await db.shop.count()).toBe(0);
  expect(await db.settingChange.count()).toBe(0);
  expect(registrationsOf(stage.recharge, firstToken.token)).toEqual([]);
}

describe('apply', () => {
  it('connects the shop, prints exactly one JSON document, and changes nothing the second time', async () => {
    const first = await apply(good);

    expect(first).toMatchObject({ exitCode: 0 });
    const { connectionKey } = (first.json as { recharge: { connectionKey: string } }).recharge;
    const destination = await db.destination.findFirstOrThrow();
    expect(first.json).toEqual({
      shop: domain,
      recharge: { status: 'active', connectionKey, webhookBaseUrl: `https://app.example.com/webhooks/recharge/${connectionKey}`, missingScopes: [] },
      destinations: [{ id: destination.id.toString(), type: 'bloomreach', status: 'active', check: { ok: true, message: expect.any(String) } }],
      changed: true,
    });
    expect(await db.shop.findFirstOrThrow()).toMatchObject({ domain, portalMode: 'token', portalLabel: { en: 'Manage Subscriptions', de: 'Abos verwalten' } });

    const second = await apply(good);

    expect(second).toMatchObject({ exitCode: 0, json: { ...(first.json as object), changed: false } });
    expect(await db.settingChange.count()).toBe(3);
  });

  it('reads the file from standard input too', async () => {
    expect(await cli(['apply', '-'], variables, JSON.stringify({ shop: 'acme-usa' }))).toMatchObject({ exitCode: 0, json: { shop: domain, recharge: { status: 'disconnected', connectionKey: null } } });
  });

  it('exits 2 for a wrong file, names each wrong field with its path, and changes nothing', async () => {
    const before = stage.bloomreach.requests.length + stage.recharge.requests.length;
    const wrong = {
      ...good,
      colour: 'red',
      recharge: { ...good.recharge, apiToken: 'with space' },
      destinations: [{ type: 'bloomreach', settings: { ...bloomreachSettings, projectToken: '?', extra: 1 } }, { type: 'fax', settings: {} }],
      portal: { label: { english: 'x' } },
    };

    const ran = await apply(wrong, {}, ['--json']);

    const paths = ['colour', 'destinations[0].settings.extra', 'destinations[0].settings.projectToken', 'destinations[1].type', 'portal.label.english', 'recharge.apiToken'];
    expect(ran.exitCode).toBe(2);
    expect((ran.json as { error: { faults: { path: string }[] } }).error.faults.map(({ path }) => path).sort()).toEqual(paths);
    for (const path of paths) expect(ran.err).toContain(path);
    expect(ran.err).toContain('It knows: ');
    expect(await apply({ ...wrong, shop: 'acme usa' })).toMatchObject({ exitCode: 2, out: '', err: expect.stringMatching(/shop: .*acme-usa[^]*destinations\[0\]\.settings\.extra/) });
    expect(stage.bloomreach.requests.length + stage.recharge.requests.length).toBe(before);
    await nothingSaved();
  });

  it('exits 2 when a variable or the file itself is missing, and names it', async () => {
    expect(await apply(good, { RECHARGE_SECRET: '' })).toMatchObject({ exitCode: 2, err: expect.stringMatching(/recharge\.clientSecret: .*RECHARGE_SECRET/) });
    expect(await cli(['apply', '/nowhere/setup.json'], variables)).toMatchObject({ exitCode: 2, err: expect.stringContaining('/nowhere/setup.json') });
    await nothingSaved();
  });

  it('exits 3 when Recharge refuses the token: vendor, answer, what to do; nothing is changed', async () => {
    const ran = await apply({ ...good, recharge: { ...good.recharge, apiToken: 'sk_mistyped' } }, {}, ['--json']);

    expect(ran).toMatchObject({ exitCode: 3, json: { error: { system: 'Recharge', vendorAnswer: expect.stringContaining('bad authentication') } } });
    expect(ran.err).toMatch(/Recharge refused the API token.*bad authentication.*Tools & apps > API tokens/);
    expect(ran.err + ran.out).not.toContain('sk_mistyped');
    await nothingSaved();
  });

  it('exits 3 when a destination refuses its key, and the connection is not saved either', async () => {
    const ran = await apply({ ...good, destinations: [{ type: 'bloomreach', settings: { ...bloomreachSettings, apiSecret: 'mistyped-secret' } }] });

    expect(ran).toMatchObject({ exitCode: 3, out: '' });
    expect(ran.err).toMatch(/Bloomreach.*Invalid API secret.*Check key ID/s);
    expect(ran.err).not.toContain('mistyped-secret');
    await nothingSaved();
  });

  it('KU-16 BR-12 exits 3 when the token lacks a scope that a destination cannot do without', async () => {
    stage.recharge.addToken(domain, { token: 'sk_narrow', secret: 'secret-of-the-narrow', scopes: ['read_customers', 'read_subscriptions'] });

    const ran = await apply(good, { RECHARGE_TOKEN: 'sk_narrow', RECHARGE_SECRET: 'secret-of-the-narrow' });

    expect(ran).toMatchObject({ exitCode: 3, err: expect.stringMatching(/Recharge.*read_orders/) });
    await nothingSaved();
  });

  it('names what the portal lacks and goes on; a file without a portal does not ask for it', async () => {
    stage.recharge.addToken(domain, { token: 'sk_reader', secret: 'secret-of-the-reader', scopes: readScopes });
    const reader = { RECHARGE_TOKEN: 'sk_reader', RECHARGE_SECRET: 'secret-of-the-reader' };

    expect(await apply(good, reader)).toMatchObject({ exitCode: 0, json: { recharge: { status: 'active', missingScopes: ['write_session'] } } });
    expect(await apply({ ...good, portal: undefined }, reader)).toMatchObject({ exitCode: 0, json: { recharge: { missingScopes: [] }, changed: false } });
  });

  it('moves to a new token and secret under the same connection key', async () => {
    const before = await apply(good);
    await db.budget.deleteMany();

    const after = await apply(good, { RECHARGE_TOKEN: secondToken.token, RECHARGE_SECRET: secondToken.secret });

    expect(after).toMatchObject({ exitCode: 0, json: { recharge: (before.json as { recharge: object }).recharge, changed: true } });
    expect(registrationsOf(stage.recharge, firstToken.token)).toEqual([]);
    expect(registrationsOf(stage.recharge, secondToken.token).length).toBeGreaterThan(20);
  });

  it('BR-17 changes the customer ID without asking: the file is the yes', async () => {
    await apply(good);

    const ran = await apply({ ...good, destinations: [{ type: 'bloomreach', settings: { ...good.destinations[0]?.settings, customerId: 'recharge_id' } }] });

    expect(ran).toMatchObject({ exitCode: 0, json: { changed: true } });
    expect(await db.destination.findFirstOrThrow()).toMatchObject({ settings: expect.objectContaining({ customerId: 'recharge_id' }), version: 2 });
  });

  it('leaves alone what the file does not name', async () => {
    await apply(good);

    const ran = await apply({ shop: 'acme-usa' });

    expect(ran).toMatchObject({ exitCode: 0, json: { recharge: { status: 'active' }, destinations: [], changed: false } });
    expect(await db.destination.count()).toBe(1);
  });

  it('says with --dry-run what it would do, and does not', async () => {
    const ran = await apply(good, {}, ['--dry-run']);

    expect(ran).toMatchObject({ exitCode: 0, json: { changed: true, recharge: { connectionKey: null }, destinations: [{ id: null, check: { ok: true } }] } });
    await nothingSaved();
    await apply(good);
    expect(await apply(good, {}, ['--dry-run'])).toMatchObject({ exitCode: 0, json: { changed: false } });
  });

  it('comes to one result when run several times at once', async () => {
    const runs = await Promise.all([apply(good), apply(good), apply(good)]);

    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(runs.filter(({ json }) => (json as { changed: boolean }).changed)).toHaveLength(1);
    const topics = registrationsOf(stage.recharge, firstToken.token).map(({ topic }) => topic);
    expect(new Set(topics).size).toBe(topics.length);
    expect(await db.settingChange.count()).toBe(3);
  });
});
