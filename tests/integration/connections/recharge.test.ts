import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkRechargeToken, connectRecharge, disconnectRecharge, openRecharge, rechargeConnection, repairWebhooks } from '#app/connections/recharge.server.ts';
import { openCredentials } from '#app/connections/recharge-record.server.ts';
import { ensureShop, findShop, markUninstalled } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { firstToken, openStage, readScopes, registrationsOf, secondToken, thirdToken, type Stage } from './stage.ts';

const domain = 'acme-usa.myshopify.com';
let stage: Stage;
let shopId: string;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.recharge.reset();
  stage.recharge.faults.clear();
  await db.settingChange.deleteMany();
  await db.budget.deleteMany();
  await db.shop.deleteMany();
  shopId = (await ensureShop(domain)).shopId;
});

const connectFirst = () => connectRecharge(shopId, { apiToken: firstToken.token, clientSecret: firstToken.secret }, 'test');
/** As after a quiet minute: registering all topics takes the whole allowance of a token. */
const refillBudgets = () => db.budget.deleteMany();
const connectionRow = () => db.connection.findUniqueOrThrow({ where: { shopId: BigInt(shopId) } });

describe('connecting Recharge', () => {
  it('checks the token, keeps it sealed, and registers every topic that its scopes allow', async () => {
    const { changed, view } = await connectFirst();

    expect(changed).toBe(true);
    expect(view).toMatchObject({ status: 'active', tokenLast4: '1111', secretLast4: '1111', tokenName: 'Rechannel', storeName: 'acme usa', missingScopes: [] });
    expect(view.connectionKey).toMatch(/^[A-Za-z0-9_-]{27}$/);
    expect(view.webhookBaseUrl).toBe(`https://app.example.com/webhooks/recharge/${view.connectionKey}`);
    expect(view.webhooks).toMatchObject({ failed: [], leftBehind: null });
    expect(view.webhooks.present).toBe(view.webhooks.wanted);
    const registered = registrationsOf(stage.recharge, firstToken.token);
    expect(registered).toHaveLength(view.webhooks.wanted);
    expect(registered).toContainEqual({ topic: 'subscription/cancelled', address: `${view.webhookBaseUrl}/subscription/cancelled` });
  });

  it('P22 keeps no secret in plain sight: not in the row, the view or the record of changes', async () => {
    const { view } = await connectRecharge(shopId, { apiToken: firstToken.token, clientSecret: firstToken.secret, storefrontToken: 'strfnt_of_the_store' }, 'test');

    const row = await connectionRow();
    const changes = await db.settingChange.findMany();
    const shown = JSON.stringify([view, changes, Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value))], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    for (const secret of [firstToken.token, firstToken.secret, 'strfnt_of_the_store']) expect(shown).not.toContain(secret);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ actor: 'test', subject: 'recharge', after: { apiToken: expect.stringMatching(/^sha256:[0-9a-f]{8}$/) } });
    expect(openCredentials(row)).toMatchObject({ apiToken: firstToken.token, clientSecret: firstToken.secret, storefrontToken: 'strfnt_of_the_store' });
  });

  it('changes nothing the second time', async () => {
    const first = await connectFirst();
    const second = await connectFirst();

    expect(second.changed).toBe(false);
    expect(second.view.connectionKey).toBe(first.view.connectionKey);
    expect(await db.settingChange.count()).toBe(1);
  });

  it('KU-14 BR-11 refuses a wrong token with what Recharge said and where tokens are made, and saves nothing', async () => {
    const refused = connectRecharge(shopId, { apiToken: 'sk_wrong_token', clientSecret: firstToken.secret }, 'test');

    await expect(refused).rejects.toMatchObject({ kind: 'unauthorised', system: 'Recharge', code: 'recharge_token_refused', vendorAnswer: expect.stringContaining('bad authentication') });
    await expect(refused).rejects.toThrow(/Tools & apps > API tokens.*Apps > API tokens.*Integrations > Enabled integrations > API tokens/);
    await expect(refused).rejects.not.toThrow(/sk_wrong_token/);
    expect(await rechargeConnection(shopId)).toBeNull();
    expect(await db.settingChange.count()).toBe(0);
  });

  it('KU-16 BR-12 refuses a token that lacks what a destination cannot do without, naming each missing scope', async () => {
    stage.recharge.addToken(domain, { token: 'sk_only_customers', secret: 'secret-of-only-customers', scopes: ['read_customers'] });
    await db.destination.create({ data: { shopId: BigInt(shopId), type: 'bloomreach', settings: {} } });

    const refused = connectRecharge(shopId, { apiToken: 'sk_only_customers', clientSecret: 'secret-of-only-customers' }, 'test');

    await expect(refused).rejects.toMatchObject({ kind: 'unauthorised', system: 'Recharge', code: 'recharge_scope_missing' });
    await expect(refused).rejects.toThrow(/read_subscriptions.*read_orders/);
    expect(await rechargeConnection(shopId)).toBeNull();
  });

  it('shows, but does not refuse, what only the portal misses', async () => {
    stage.recharge.addToken(domain, { token: 'sk_reader', secret: 'secret-of-the-reader', scopes: readScopes });

    const { view } = await connectRecharge(shopId, { apiToken: 'sk_reader', clientSecret: 'secret-of-the-reader' }, 'test');

    expect(view.status).toBe('active');
    expect(view.missingScopes).toEqual([{ scope: 'write_session', feature: 'portal' }]);
    expect(view.storeName).toBeNull();
    expect(registrationsOf(stage.recharge, 'sk_reader').map(({ topic }) => topic)).not.toContain('store/updated');
  });

  it.each([
    [{ apiToken: '', clientSecret: 'x' }, ['recharge.apiToken']],
    [{ apiToken: 'with space', clientSecret: '' }, ['recharge.apiToken', 'recharge.clientSecret']],
    [{ apiToken: 'same-for-both', clientSecret: 'same-for-both' }, ['recharge.clientSecret']],
    [{ apiToken: 'strfnt_storefront', clientSecret: 'other' }, ['recharge.apiToken']],
  ])('refuses %j before Recharge is asked', async (typed, paths) => {
    const before = stage.recharge.requests.length;

    await expect(connectRecharge(shopId, typed, 'test')).rejects.toMatchObject({ name: 'InputRefused', faults: paths.map((path) => expect.objectContaining({ path })) });
    expect(stage.recharge.requests.length).toBe(before);
  });

  it('saves once when two people connect at the same time', async () => {
    const results = await Promise.all([connectFirst(), connectFirst(), connectFirst()]);

    expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    expect(new Set(results.map(({ view }) => view.connectionKey)).size).toBe(1);
    const topics = registrationsOf(stage.recharge, firstToken.token).map(({ topic }) => topic);
    expect(new Set(topics).size).toBe(topics.length);
    expect(await db.settingChange.count()).toBe(1);
  });

  it('reports a topic that Recharge does not register, and registers it at the next check', async () => {
    stage.recharge.faults.add({ match: { method: 'POST', path: '^/webhooks$' }, after: 3, times: 1, fault: { kind: 'status', status: 422, body: { errors: { topic: ['Invalid topic'] } } } });

    const { view } = await connectFirst();

    expect(view.webhooks.failed).toEqual([{ topic: expect.stringContaining('/'), message: expect.stringContaining('Invalid topic') }]);
    expect(view.webhooks.present).toBe(view.webhooks.wanted - 1);
    const repaired = await repairWebhooks(shopId);
    expect(repaired.created).toEqual([view.webhooks.failed[0]?.topic]);
    expect((await rechargeConnection(shopId))?.webhooks).toMatchObject({ failed: [], present: view.webhooks.wanted });
  });

  it('keeps the credentials when Recharge stops answering halfway, says so, and finishes at the next run', async () => {
    stage.recharge.faults.add({ match: { method: 'GET', path: '^/webhooks$' }, times: -1, fault: { kind: 'status', status: 426, body: { error: 'no' } } });

    await expect(connectFirst()).rejects.toMatchObject({ code: 'webhooks_not_registered', system: 'Recharge' });
    expect((await rechargeConnection(shopId))?.webhooks).toMatchObject({ present: 0, failed: [{ topic: '*', message: expect.stringContaining('426') }] });
    stage.recharge.faults.clear();
    const { view, changed } = await connectFirst();

    expect(changed).toBe(true);
    expect(view.webhooks.present).toBe(view.webhooks.wanted);
    expect(view.webhooks.failed).toEqual([]);
  });
});

describe('changing token and secret', () => {
  it('keeps the connection key, lets the former secret verify for 48 hours, and leaves only the new token\'s registrations', async () => {
    const before = await connectFirst();
    await refillBudgets();

    const { view, changed } = await connectRecharge(shopId, { apiToken: secondToken.token, clientSecret: secondToken.secret }, 'test');

    expect(changed).toBe(true);
    expect(view.connectionKey).toBe(before.view.connectionKey);
    expect(registrationsOf(stage.recharge, secondToken.token)).toHaveLength(view.webhooks.wanted);
    expect(registrationsOf(stage.recharge, firstToken.token)).toEqual([]);
    expect(openCredentials(await connectionRow())).toMatchObject({ apiToken: secondToken.token, clientSecret: secondToken.secret, previousClientSecret: firstToken.secret, previousApiToken: null });
    const hours = ((view.previousSecretUntil?.getTime() ?? 0) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(47.9);
    expect(hours).toBeLessThanOrEqual(48);
  });

  it('deletes the old registrations with the old token, after the new ones are there', async () => {
    await connectFirst();
    await refillBudgets();
    const from = stage.recharge.requests.length;

    await connectRecharge(shopId, { apiToken: secondToken.token, clientSecret: secondToken.secret }, 'test');

    const calls = stage.recharge.requests.slice(from).filter(({ path, method }) => path.startsWith('/webhooks') && method !== 'GET');
    const lastCreated = calls.findLastIndex(({ method }) => method === 'POST');
    const firstDeleted = calls.findIndex(({ method }) => method === 'DELETE');
    expect(firstDeleted).toBeGreaterThan(lastCreated);
    expect(new Set(calls.filter(({ method }) => method === 'DELETE').map(({ headers }) => headers['x-recharge-access-token']))).toEqual(new Set([firstToken.token]));
  });

  it('changes the secret alone and touches no registration', async () => {
    await connectFirst();
    await refillBudgets();
    const from = stage.recharge.requests.length;

    const { changed } = await connectRecharge(shopId, { clientSecret: 'corrected-client-secret' }, 'test');

    expect(changed).toBe(true);
    expect(stage.recharge.requests.slice(from).filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(openCredentials(await connectionRow())).toMatchObject({ apiToken: firstToken.token, clientSecret: 'corrected-client-secret', previousClientSecret: firstToken.secret });
  });

  it('says what it had to leave behind when the former token was revoked', async () => {
    await connectFirst();
    stage.recharge.world.tokens.delete(firstToken.token);

    const { view } = await connectRecharge(shopId, { apiToken: secondToken.token, clientSecret: secondToken.secret }, 'test');

    expect(view.webhooks).toMatchObject({ present: view.webhooks.wanted, leftBehind: expect.stringContaining('no longer works') });
    expect(openCredentials(await connectionRow()).previousApiToken).toBeNull();
  });

  it('finishes an interrupted change at the next run', async () => {
    await connectFirst();
    stage.recharge.faults.add({ match: { method: 'DELETE', path: '^/webhooks/' }, after: 2, times: -1, fault: { kind: 'status', status: 426, body: { error: 'no' } } });
    await expect(connectRecharge(shopId, { apiToken: secondToken.token, clientSecret: secondToken.secret }, 'test')).rejects.toMatchObject({ code: 'webhooks_not_registered' });
    expect(registrationsOf(stage.recharge, firstToken.token).length).toBeGreaterThan(0);
    expect(openCredentials(await connectionRow()).previousApiToken).toBe(firstToken.token);

    stage.recharge.faults.clear();
    await refillBudgets();
    await repairWebhooks(shopId);

    expect(registrationsOf(stage.recharge, firstToken.token)).toEqual([]);
    expect(openCredentials(await connectionRow()).previousApiToken).toBeNull();
  });

  it('cleans up after an interrupted change before a third token comes', async () => {
    await connectFirst();
    stage.recharge.faults.add({ match: { method: 'DELETE', path: '^/webhooks/' }, times: -1, fault: { kind: 'status', status: 426, body: { error: 'no' } } });
    await expect(connectRecharge(shopId, { apiToken: secondToken.token, clientSecret: secondToken.secret }, 'test')).rejects.toMatchObject({ code: 'webhooks_not_registered' });
    stage.recharge.faults.clear();
    await refillBudgets();

    const { view } = await connectRecharge(shopId, { apiToken: thirdToken.token, clientSecret: thirdToken.secret }, 'test');

    expect(registrationsOf(stage.recharge, firstToken.token)).toEqual([]);
    expect(registrationsOf(stage.recharge, secondToken.token)).toEqual([]);
    expect(registrationsOf(stage.recharge, thirdToken.token)).toHaveLength(view.webhooks.wanted);
  });

  it('keeps everything as it was when the new token is refused', async () => {
    await connectFirst();
    const before = await connectionRow();

    await expect(connectRecharge(shopId, { apiToken: 'sk_wrong' }, 'test')).rejects.toMatchObject({ code: 'recharge_token_refused' });

    expect(await connectionRow()).toEqual(before);
  });
});

describe('a revoked token', () => {
  it('is noticed by the webhook check, shown, and forgiven when it works again', async () => {
    await connectFirst();
    const token = stage.recharge.world.tokens.get(firstToken.token);
    stage.recharge.world.tokens.delete(firstToken.token);
    await expect(repairWebhooks(shopId)).rejects.toMatchObject({ kind: 'unauthorised', system: 'Recharge' });
    expect(await rechargeConnection(shopId)).toMatchObject({ status: 'unauthorised', statusReason: expect.stringContaining('Tools & apps > API tokens') });

    if (token) stage.recharge.world.tokens.set(firstToken.token, token);
    await repairWebhooks(shopId);

    expect(await rechargeConnection(shopId)).toMatchObject({ status: 'active', statusReason: null });
  });
});

describe('the check of a token', () => {
  it('names the store, the scopes and what the portal misses, and saves nothing', async () => {
    stage.recharge.addToken(domain, { token: 'sk_reader', secret: 'secret', scopes: [...readScopes, 'store_info'] });

    expect(await checkRechargeToken('sk_reader')).toMatchObject({ ok: true, storeName: 'acme usa', missing: [{ scope: 'write_session', feature: 'portal' }] });
    expect(await checkRechargeToken('sk_wrong')).toMatchObject({ ok: false, message: expect.stringContaining('bad authentication') });
    expect(await checkRechargeToken('has space')).toMatchObject({ ok: false, message: expect.stringContaining('without spaces') });
    expect(await rechargeConnection(shopId)).toBeNull();
  });
});

describe('disconnecting', () => {
  it('removes the registrations, forgets the secrets, keeps the key for a later connection', async () => {
    const { view } = await connectFirst();
    await refillBudgets();

    expect(await disconnectRecharge(shopId, 'test')).toEqual({ changed: true, leftBehind: null });

    expect(registrationsOf(stage.recharge, firstToken.token)).toEqual([]);
    expect(openCredentials(await connectionRow())).toEqual({ apiToken: null, clientSecret: null, storefrontToken: null, previousApiToken: null, previousClientSecret: null });
    await expect(openRecharge(shopId, 'interactive')).rejects.toMatchObject({ kind: 'unauthorised', code: 'recharge_not_connected' });
    expect(await disconnectRecharge(shopId, 'test')).toEqual({ changed: false, leftBehind: null });
    await refillBudgets();
    const again = await connectFirst();
    expect(again.view.connectionKey).toBe(view.connectionKey);
    expect(again.view.status).toBe('active');
  });

  it('goes on, and says so, when the token no longer works', async () => {
    await connectFirst();
    stage.recharge.world.tokens.delete(firstToken.token);

    expect(await disconnectRecharge(shopId, 'test')).toMatchObject({ changed: true, leftBehind: expect.stringContaining('could not be deleted') });
    expect((await rechargeConnection(shopId))?.status).toBe('disconnected');
  });
});

describe('shops', () => {
  it('are unknown after they uninstalled, and back as a new generation', async () => {
    const at = new Date(Date.now() + 1000);
    expect(await markUninstalled(domain, new Date(Date.now() - 60_000))).toBe(false);
    expect(await markUninstalled(domain, at)).toBe(true);
    expect(await findShop(domain)).toBeNull();

    const back = await ensureShop('https://ACME-USA.myshopify.com/admin');

    expect(back.shopId).toBe(shopId);
    expect((await db.shop.findUniqueOrThrow({ where: { domain } })).generation).toBe(2);
  });
});
