import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { rotateKeys } from '#app/connections/rotate-keys.server.ts';
import { ensureShop } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { refreshEnv } from '#app/env.server.ts';
import { open, seal } from '#app/secrets.server.ts';

const former = `former:${randomBytes(32).toString('base64')}`;
const first = `first:${randomBytes(32).toString('base64')}`;
const webhookCount = 450;
let shopId: string;

function useKeys(...keys: string[]): void {
  process.env.ENCRYPTION_KEYS = keys.join(',');
  refreshEnv();
}

beforeEach(async () => {
  useKeys(former);
  await db.inboundWebhook.deleteMany();
  await db.session.deleteMany();
  shopId = (await ensureShop('acme-usa')).shopId;
  await db.inboundWebhook.createMany({
    data: Array.from({ length: webhookCount }, (_, index) => ({
      shopId: BigInt(shopId), connectionId: 1n, digest: Uint8Array.from(randomBytes(32)), topic: 'subscription/created', scheme: 'v1', bodyBytes: 9,
      bodySealed: Uint8Array.from(seal(`body ${index}`, { shopId, table: 'InboundWebhook', column: 'body' })),
    })),
  });
  const token = (column: string, value: string) => seal(value, { shopId: 'acme-usa.myshopify.com', table: 'Session', column }).toString('base64');
  await db.session.create({ data: { id: 'offline_acme', shop: 'acme-usa.myshopify.com', state: '', accessToken: token('accessToken', 'shpat_one'), refreshToken: token('refreshToken', 'shprt_two') } });
});

describe('a change of the encryption key', () => {
  it("P22 reaches every stored body and Shopify's tokens, after which the former key is not needed", async () => {
    useKeys(first, former);

    expect(await rotateKeys()).toEqual({ accepted: webhookCount + 2, columns: { 'InboundWebhook.bodySealed': webhookCount, 'Session.accessToken': 1, 'Session.refreshToken': 1 }, failed: [] });

    useKeys(first);
    const bodies = await db.inboundWebhook.findMany({ orderBy: { id: 'asc' } });
    expect(bodies.map((row) => open(row.bodySealed, { shopId, table: 'InboundWebhook', column: 'body' }))).toEqual(Array.from({ length: webhookCount }, (_, index) => `body ${index}`));
    const session = await db.session.findFirstOrThrow();
    expect(open(Buffer.from(session.accessToken, 'base64'), { shopId: session.shop, table: 'Session', column: 'accessToken' })).toBe('shpat_one');
  });

  it('goes on where an interrupted run stopped', async () => {
    useKeys(first, former);
    const some = await db.inboundWebhook.findMany({ take: 100 });
    for (const row of some) {
      const place = { shopId, table: 'InboundWebhook', column: 'body' };
      await db.inboundWebhook.update({ where: { id: row.id }, data: { bodySealed: Uint8Array.from(seal(open(row.bodySealed, place), place)) } });
    }

    expect((await rotateKeys()).columns['InboundWebhook.bodySealed']).toBe(webhookCount - 100);
    expect((await rotateKeys()).accepted).toBe(0);
  });

  it('can run twice at once without harm', async () => {
    useKeys(first, former);

    const runs = await Promise.all([rotateKeys(), rotateKeys()]);

    expect(runs.map(({ failed }) => failed)).toEqual([[], []]);
    expect(runs.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(webhookCount + 2);
  });
});
