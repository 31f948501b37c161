import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectRecharge, repairWebhooks } from '#app/connections/recharge.server.ts';
import { ensureShop } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { refreshEnv } from '#app/env.server.ts';
import { startSimulator, type Simulator } from '#sandbox/kit.ts';

/**
 * A Recharge in which all tokens of a store share one list of registrations: nobody outside knows whether the real one ever does so.
 * Each registration still belongs to the token that made it.
 */
type Row = { id: number; address: string; topic: string; owner: string };
type Switches = { seenByAll: boolean; doubledAcrossTokens: boolean };

let recharge: Simulator<Switches>;
let rows: Row[] = [];
let shopId: string;
const old = { apiToken: 'sk_old_token_of_the_store', clientSecret: 'old-client-secret-of-the-store' };
const fresh = { apiToken: 'sk_new_token_of_the_store', clientSecret: 'new-client-secret-of-the-store' };

beforeAll(async () => {
  let lastId = 100;
  recharge = await startSimulator<Switches>({
    name: 'Recharge with a shared list',
    switches: { seenByAll: true, doubledAcrossTokens: true },
    handle(request) {
      const token = request.headers['x-recharge-access-token'] ?? '';
      const visible = rows.filter((row) => recharge.switches.seenByAll || row.owner === token);
      if (request.path === '/token_information') return { status: 200, body: { token_information: { name: 'Token', scopes: ['read_customers', 'read_subscriptions'] } } };
      if (request.path === '/store') return { status: 403, body: { error: 'scope' } };
      if (request.path === '/webhooks' && request.method === 'GET') return { status: 200, body: { webhooks: visible.map(({ owner: _, ...row }) => row), next_cursor: null } };
      if (request.path === '/webhooks') {
        const { address, topic } = request.json() as { address: string; topic: string };
        const twin = (recharge.switches.doubledAcrossTokens ? rows : visible).find((row) => row.address === address && row.topic === topic);
        if (twin) return { status: 422, body: { errors: { duplicate: [`exists: ${twin.id}`] } } };
        const row = { id: ++lastId, address, topic, owner: token };
        rows.push(row);
        return { status: 201, body: { webhook: { id: row.id, address, topic } } };
      }
      const id = Number(request.path.split('/')[2]);
      if (!visible.some((row) => row.id === id)) return { status: 404, body: { errors: 'Not Found' } };
      rows = rows.filter((row) => row.id !== id);
      return { status: 204 };
    },
  });
  Object.assign(process.env, { RECHARGE_API_URL: recharge.url, SHOPIFY_APP_URL: 'https://app.example.com', ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`, LOG_LEVEL: 'warn' });
  refreshEnv();
});
afterAll(() => recharge.close());
beforeEach(async () => {
  rows = [];
  recharge.faults.clear();
  await db.shop.deleteMany();
  await db.budget.deleteMany();
  shopId = (await ensureShop('acme-usa')).shopId;
});

function doubled(): string[] {
  return rows.map(({ topic }) => topic).filter((topic, index, all) => all.indexOf(topic) !== index);
}

describe.each([
  ['tokens see the same registrations', true, true],
  ['tokens see the same registrations and may double them', true, false],
  ['tokens see only their own, but may not double each other', false, true],
])('when two %s', (_, seenByAll, doubledAcrossTokens) => {
  beforeEach(() => Object.assign(recharge.switches, { seenByAll, doubledAcrossTokens }));

  it('a change of tokens leaves each topic registered exactly once, by the new token', async () => {
    await connectRecharge(shopId, old, 'test');
    await db.budget.deleteMany();

    const { view } = await connectRecharge(shopId, fresh, 'test');

    expect(rows).toHaveLength(view.webhooks.wanted);
    expect(doubled()).toEqual([]);
    expect(new Set(rows.map(({ owner }) => owner))).toEqual(new Set([fresh.apiToken]));
    expect(view.webhooks).toMatchObject({ present: view.webhooks.wanted, failed: [], leftBehind: null });
  });

  it('an interrupted change is finished by the next check', async () => {
    await connectRecharge(shopId, old, 'test');
    await db.budget.deleteMany();
    recharge.faults.add({ match: { method: 'DELETE' }, after: 4, times: -1, fault: { kind: 'status', status: 426 } });
    await expect(connectRecharge(shopId, fresh, 'test')).rejects.toMatchObject({ code: 'webhooks_not_registered' });
    recharge.faults.clear();
    await db.budget.deleteMany();

    const { wanted } = await repairWebhooks(shopId);

    expect(rows).toHaveLength(wanted);
    expect(doubled()).toEqual([]);
    expect(new Set(rows.map(({ owner }) => owner))).toEqual(new Set([fresh.apiToken]));
  });
});
