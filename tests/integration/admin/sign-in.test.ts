/** Signing in to Shopify: token exchange, sealed tokens, the shop's facts, and one refresh at a time. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findShop } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { refreshEnv } from '#app/env.server.ts';
import type * as App from '#app/shopify.server.ts';
import type * as Merchant from '#app/shopify/merchant.server.ts';
import type * as Offline from '#app/shopify/offline.server.ts';
import { demoShop, startShopifySimulator, type ShopifySimulator } from '#sandbox/shopify/server.ts';

const domain = demoShop.domain;
const ordinaryChrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

let shopify: ShopifySimulator;
let requireMerchant: typeof Merchant.requireMerchant;
let openShopAdmin: typeof Offline.openShopAdmin;
let sessionStorage: typeof App.sessionStorage;

beforeAll(async () => {
  shopify = await startShopifySimulator();
  process.env.SHOPIFY_API_URL = shopify.url;
  process.env.LOG_LEVEL = 'error';
  refreshEnv();
  // These read the settings when they are first loaded.
  ({ requireMerchant } = await import('#app/shopify/merchant.server.ts'));
  ({ openShopAdmin } = await import('#app/shopify/offline.server.ts'));
  ({ sessionStorage } = await import('#app/shopify.server.ts'));
});

afterAll(() => shopify.close());

async function visit(claims: Record<string, unknown> = {}, secret?: string): Promise<Awaited<ReturnType<typeof requireMerchant>>> {
  const token = await shopify.mintSessionToken(domain, claims, secret);
  return requireMerchant(new Request('http://127.0.0.1:3000/app', { headers: { authorization: `Bearer ${token}`, 'user-agent': ordinaryChrome } }));
}

test('BF-01 a session token is exchanged for an offline token, and the shop is known with its name, zone and hosts', async () => {
  const { shop, actor } = await visit();

  expect(shop.domain).toBe(domain);
  expect(actor).toMatch(/^shopify:\d+$/);
  expect(shopify.tokens.exchanges).toBe(1);
  const row = await db.shop.findUniqueOrThrow({ where: { domain } });
  expect(row.name).toBe(demoShop.name);
  expect(row.timezone).not.toBe('UTC');
  expect(row.domains.length).toBeGreaterThan(0);
});

test('the tokens are sealed in the table and open only for their own shop', async () => {
  const id = `offline_${domain}`;
  const row = await db.session.findUniqueOrThrow({ where: { id } });
  const session = await sessionStorage.loadSession(id);

  expect(session?.accessToken).toBeTruthy();
  expect(session?.refreshToken).toBeTruthy();
  expect(JSON.stringify(row)).not.toContain(session?.accessToken);
  expect(JSON.stringify(row)).not.toContain(session?.refreshToken);
  expect(row.expires && row.expires.getTime()).toBeGreaterThan(Date.now());

  await db.session.create({ data: { ...row, id: 'offline_moved.myshopify.com', shop: 'moved.myshopify.com' } });
  expect(await sessionStorage.loadSession('offline_moved.myshopify.com')).toBeUndefined();
});

test('a second visit needs no further exchange, and does not count as a reinstall', async () => {
  const before = await db.shop.findUniqueOrThrow({ where: { domain } });

  await visit();

  expect(shopify.tokens.exchanges).toBe(1);
  expect((await db.shop.findUniqueOrThrow({ where: { domain } })).generation).toBe(before.generation);
});

test.each([
  ['made with another secret', {}, 'another-secret-that-is-long-enough-to-sign'],
  ['for another app', { aud: 'another-app' }, undefined],
  ['that has ended', { exp: Math.floor(Date.now() / 1000) - 600, nbf: Math.floor(Date.now() / 1000) - 700, iat: Math.floor(Date.now() / 1000) - 700 }, undefined],
])('BF-01 a session token %s is refused with 401', async (_, claims, secret) => {
  await expect(visit(claims, secret)).rejects.toMatchObject({ status: 401 });
});

test('of many who need an ended offline token, one refreshes it and the others find the new one', async () => {
  shopify.tokens.expireAccess(domain);
  await db.session.updateMany({ where: { shop: domain }, data: { expires: new Date(Date.now() - 1000) } });
  const before = shopify.tokens.refreshes;

  const admins = await Promise.all(Array.from({ length: 6 }, () => openShopAdmin(domain)));

  expect(shopify.tokens.refreshes - before).toBe(1);
  expect(new Set(admins.map(({ session }) => session.accessToken)).size).toBe(1);
  const answer = await admins[0]?.admin.graphql('#graphql\n query { shop { name } }');
  expect(answer?.status).toBe(200);
});

test('a shop whose facts cannot be read is installed all the same', async () => {
  await db.session.deleteMany();
  await db.shop.deleteMany();
  shopify.switches.graphqlThrottled = 50;

  await visit();
  shopify.switches.graphqlThrottled = 0;

  expect(await findShop(domain)).not.toBeNull();
}, 60_000);
