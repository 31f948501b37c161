// What the portal tests share: a Recharge simulator, connected shops, the handler on a bare HTTP server, and a visitor.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ensureShop } from '#app/connections/shops.server.ts';
import { sealCredentials } from '#app/connections/recharge-record.server.ts';
import { db, pool } from '#app/db.server.ts';
import { env, refreshEnv } from '#app/env.server.ts';
import type { PortalHandler } from '#app/portal/handler.server.ts';
import { startRechargeSimulator, type RechargeSimulator } from '#sandbox/recharge/simulator.ts';
import { signProxyQuery } from '#sandbox/shopify/signatures.ts';

export const shopDomain = 'acme-usa.myshopify.com';
export const apiToken = 'sk_portal_canary_token_0001';
export const storefrontToken = 'strfnt_portal_canary_0001';
/** The documentation's sample customer, and the Shopify id that the simulator gives it. */
export const sample = { rechargeId: '18819267', shopifyId: '6100018819267' };
/** A customer of Recharge without any subscription. */
export const bare = { shopifyId: '6200000000001' };
/** Further customers, one for each test that wants a fresh shopper. */
const freshIds = Array.from({ length: 60 }, (_, index) => String(6_300_000_000_001 + index));
let nextFresh = 0;

export function freshShopper(): string {
  const id = freshIds[nextFresh++];
  if (!id) throw new Error('no fresh shopper left: raise the number in stage.ts');
  return id;
}

export async function startRecharge(): Promise<RechargeSimulator> {
  const wishes = [{ external_customer_id: bare.shopifyId, subscriptions: 0 }, ...freshIds.map((external_customer_id) => ({ external_customer_id, subscriptions: 1 }))];
  return startRechargeSimulator({
    stores: [{ shop: shopDomain, customers: 1 + wishes.length, wishes, withSample: true, portalBaseUrl: 'self', tokens: [{ token: apiToken, secret: 'unused_secret' }], storefrontToken }],
    switches: { rateLimit: false },
    timeScale: 0,
  });
}

/** The app's settings point at the simulator, whose own page stands in for the hosted portal. */
export function pointAt(recharge: RechargeSimulator): void {
  process.env.RECHARGE_API_URL = recharge.url;
  process.env.PORTAL_ALLOWED_HOSTS = new URL(recharge.url).host;
  process.env.LOG_LEVEL = 'error';
  refreshEnv();
}

/** The table that the limits share between processes; written here as its migration writes it. */
export async function makeLimitTable(): Promise<void> {
  await pool().query('create unlogged table if not exists "RateLimit" (key varchar(255) primary key, points integer not null default 0, expire bigint)');
}

export async function connectShop(domain: string, token: string | null = apiToken, withStorefrontToken: string | null = null): Promise<string> {
  const { shopId } = await ensureShop(domain);
  const sealed = sealCredentials(shopId, { apiToken: token, storefrontToken: withStorefrontToken });
  await db.connection.upsert({
    where: { shopId: BigInt(shopId) },
    create: { shopId: BigInt(shopId), connectionKey: `key-${shopId}`, status: token ? 'active' : 'disconnected', ...sealed },
    update: { status: token ? 'active' : 'disconnected', ...sealed },
  });
  return shopId;
}

export type Served = { url: string; close(): Promise<void> };

/** Serves the handler as the web server does: every path, on bare node:http. */
export async function serve(handler: PortalHandler): Promise<Served> {
  const server = createServer((request, response) => void handler(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type Press = {
  shop?: string;
  /** Null for a guest. */
  customer?: string | null;
  /** What the visitor's link adds. */
  extra?: [string, string][];
  path?: '/proxy/portal' | '/proxy/portal/returned';
  method?: string;
  headers?: Record<string, string>;
  ageSeconds?: number;
};

/** The query as Shopify's proxy signs and sends it. */
export function signedQuery({ shop = shopDomain, customer = null, extra = [], ageSeconds = 0 }: Press): string {
  const query = new URLSearchParams(extra);
  query.append('logged_in_customer_id', customer ?? '');
  query.append('path_prefix', '/apps/rechannel');
  query.append('shop', shop);
  query.append('timestamp', String(Math.floor(Date.now() / 1000) - ageSeconds));
  query.append('signature', signProxyQuery(query, env().shopify.apiSecret));
  return query.toString();
}

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string; tookMs: number };

export function press(served: Served, what: Press = {}): Promise<Answer> {
  return visit(served, `${what.path ?? '/proxy/portal'}?${signedQuery(what)}`, what.method, what.headers);
}

/** One request, its target sent just as written. */
export function visit(served: Served, target: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(served.url);
    const request = http.request({ hostname, port, path: target, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8'), tookMs: performance.now() - startedAt }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

/** Waits for a condition, at most 5 s. */
export async function eventually<Result>(read: () => Promise<Result>, holds: (result: Result) => boolean): Promise<Result> {
  const endsAt = Date.now() + 5000;
  for (;;) {
    const result = await read();
    if (holds(result) || Date.now() > endsAt) return result;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
