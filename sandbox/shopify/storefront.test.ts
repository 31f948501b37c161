// Storefront, app proxy, admin page and webhooks, with a tiny server in the place of the app.
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ShopifySimulator } from './server.ts';
import { demoShop, sandboxCredentials, startShopifySimulator } from './server.ts';
import { signProxyQuery, signWebhook } from './signatures.ts';

const shop = demoShop.domain;
const { apiKey, apiSecret } = sandboxCredentials;
const ana = 'shopper_acme-usa=6001';

interface Seen {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}

describe('Shopify storefront simulator', () => {
  let app: Server;
  let appUrl: string;
  const seen: Seen[] = [];
  let sim: ShopifySimulator;

  beforeAll(async () => {
    app = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({ method: request.method ?? '', url: new URL(request.url ?? '/', 'http://app'), headers: request.headers, body: Buffer.concat(chunks).toString() });
        if (request.url?.startsWith('/proxy/portal')) response.writeHead(302, { location: '/account/login?return_url=%2Fapps%2Frechannel%2Fportal', 'cache-control': 'no-store, private', 'set-cookie': 'a=b' }).end();
        else if (request.url?.startsWith('/proxy/liquid')) response.writeHead(200, { 'content-type': 'application/liquid' }).end('<p>from the app</p>');
        else response.writeHead(202, { 'content-type': 'text/plain' }).end('app says hello');
      });
    }).listen(0, '127.0.0.1');
    await once(app, 'listening');
    appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    seen.length = 0;
    sim = await startShopifySimulator({ appUrl, checkPortalVisit: ({ hash, token }) => (token === 'fresh' ? { ok: true, customer: `owner of ${hash}` } : { ok: false, reason: 'too old' }) });
  });
  afterEach(() => sim.close());

  const visit = (path: string, init: RequestInit & { cookie?: string } = {}): Promise<Response> => {
    const { cookie, ...rest } = init;
    return fetch(sim.storefrontUrl() + path, { redirect: 'manual', ...rest, headers: { ...rest.headers, ...(cookie !== undefined && { cookie }) } });
  };
  const text = async (path: string, cookie?: string): Promise<string> => (await visit(path, { ...(cookie !== undefined && { cookie }) })).text();

  describe('pages', () => {
    it.each([
      ['/account', 'Manage Subscriptions', 'en'],
      ['/de/account', 'Abos verwalten', 'de'],
    ])('RP-11 %s shows a signed-in shopper our block, rendered by Liquid', async (path, label, locale) => {
      const page = await text(path, ana);

      expect(page).toContain(`<html lang="${locale}">`);
      expect(page).toMatch(new RegExp(`href="/apps/rechannel/portal\\?page=subscriptions&amp;locale=${locale}"[^>]*>${label}</a>`));
      expect(page).toContain('ana.muster@example.com');
      expect(page).not.toContain('<script');
    });

    it('leaves the block out when the merchant has not placed it', async () => {
      sim.switches.themeBlock = false;
      expect(await text('/account', ana)).not.toContain('/apps/rechannel');
    });

    it('RP-12 shows the app embed where the merchant switched it on', async () => {
      expect(await text('/', ana)).not.toContain('/apps/rechannel');
      sim.switches.themeEmbed = 'everywhere';
      expect(await text('/', ana)).toMatch(/<nav class="rechannel-manage[^>]*>[\s\S]*\/apps\/rechannel\/portal/);
      expect(await text('/')).not.toContain('/apps/rechannel');
    });

    it('sends a guest to the login and answers 404 where nothing is', async () => {
      const guest = await visit('/account');
      expect([guest.status, guest.headers.get('location')]).toEqual([302, '/account/login?return_url=%2Faccount']);
      expect((await visit('/de/account')).headers.get('location')).toBe('/de/account/login?return_url=%2Fde%2Faccount');
      expect((await visit('/nothing')).status).toBe(404);
    });
  });

  describe('signing in', () => {
    const signIn = (customerId: string, returnUrl: string): Promise<Response> => visit('/account/login', { method: 'POST', body: new URLSearchParams({ customer_id: customerId, return_url: returnUrl }) });

    it('RP-24 sets the shopper and goes back to the portal', async () => {
      const page = await text('/account/login?return_url=%2Fapps%2Frechannel%2Fportal%3Fpage%3Dorders');
      expect(page).toContain('name="return_url" value="/apps/rechannel/portal?page=orders"');

      const answer = await signIn('6001', '/apps/rechannel/portal?page=orders');
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/apps/rechannel/portal?page=orders']);
      expect(answer.headers.get('set-cookie')).toMatch(/^shopper_acme-usa=6001; Path=\/; HttpOnly/);
    });

    it.each(['return_url', 'checkout_url', 'return_to'])('honours %s for a visitor who is signed in already', async (name) => {
      expect((await visit(`/account/login?${name}=%2Fapps%2Frechannel%2Fportal`, { cookie: ana })).headers.get('location')).toBe('/apps/rechannel/portal');
    });

    it.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/a\nb', 'account', ''])('goes to the account instead of %j', async (target) => {
      expect((await signIn('6001', target)).headers.get('location')).toBe('/account');
    });

    it('takes an unknown shopper for a guest, and signs out', async () => {
      expect((await signIn('999', '/')).headers.get('set-cookie')).toContain('Max-Age=0');
      expect((await visit('/account', { cookie: 'shopper_acme-usa=999' })).status).toBe(302);
      expect((await visit('/account/logout', { cookie: ana })).headers.get('set-cookie')).toContain('Max-Age=0');
    });
  });

  describe('app proxy', () => {
    const asked = (): URLSearchParams => seen.at(-1)?.url.searchParams ?? new URLSearchParams();

    it('RP-20 signs who is signed in, and hands the app\'s answer to the browser', async () => {
      const answer = await visit('/apps/rechannel/portal?page=orders&signature=mine', { cookie: ana });

      expect(seen.at(-1)?.url.pathname).toBe('/proxy/portal');
      expect(Object.fromEntries(asked())).toEqual({ page: 'orders', shop, logged_in_customer_id: '6001', path_prefix: '/apps/rechannel', timestamp: expect.stringMatching(/^\d{10}$/) as string, signature: signProxyQuery(asked(), apiSecret) });
      expect(asked().getAll('signature')).toHaveLength(1);
      expect([answer.status, answer.headers.get('location'), answer.headers.get('cache-control')]).toEqual([302, '/account/login?return_url=%2Fapps%2Frechannel%2Fportal', 'no-store, private']);
    });

    it('passes no cookies either way', async () => {
      const answer = await visit('/apps/rechannel/portal', { cookie: ana });
      expect(seen.at(-1)?.headers.cookie).toBeUndefined();
      expect(answer.headers.get('set-cookie')).toBeNull();
    });

    it('says nobody for a guest, and leaves a visitor\'s own reserved names beside Shopify\'s unless switched off', async () => {
      await visit('/apps/rechannel/portal?logged_in_customer_id=999');
      expect(asked().getAll('logged_in_customer_id')).toEqual(['999', '']);
      expect(asked().get('signature')).toBe(signProxyQuery(asked(), apiSecret));

      sim.switches.proxyKeepsReservedNames = false;
      await visit('/apps/rechannel/portal?logged_in_customer_id=999');
      expect(asked().getAll('logged_in_customer_id')).toEqual(['']);
    });

    it('passes method, body and prefetch hints on, in a language folder too', async () => {
      expect((await visit('/de/apps/rechannel/other/path?a=1&a=2', { method: 'POST', body: 'x=1', headers: { 'sec-purpose': 'prefetch' } })).status).toBe(202);
      expect(seen.at(-1)).toMatchObject({ method: 'POST', body: 'x=1', headers: { 'sec-purpose': 'prefetch', 'x-forwarded-host': shop } });
      expect(asked().getAll('a')).toEqual(['1', '2']);
    });

    it('puts a Liquid answer into the theme', async () => {
      const answer = await visit('/apps/rechannel/liquid');
      expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
      expect(await answer.text()).toMatch(/<main>\s*<p>from the app<\/p>/);
    });

    it('shows an error page when the app is away, and does not take other apps\' paths for ours', async () => {
      sim.setAppUrl('http://127.0.0.1:1');
      expect((await visit('/apps/rechannel/portal')).status).toBe(502);
      expect((await visit('/apps/rechannels/portal')).status).toBe(404);
    });
  });

  it('says on the simulated portal who signed in and whether the token was fresh', async () => {
    expect(await text('/tools/recurring/portal/0f1e2d/orders?token=fresh')).toContain('Signed in: owner of 0f1e2d');
    expect(await text('/tools/recurring/portal/0f1e2d/orders?token=old')).toContain('The token was refused: too old');
    expect(await text('/de/tools/recurring/portal/%3Cb%3E/orders')).toMatch(/Recharge würde[\s\S]*orders/);
    expect(await text('/tools/recurring/portal/0f1e2d/orders?token=fresh&locale=de')).toContain('Angemeldet');
    expect(await text('/tools/recurring/portal/<b>/orders?token=<i>')).not.toMatch(/<b>|<i>/);
  });

  describe('admin', () => {
    it('BF-01 frames the app with shop, host and a session token in the locale asked for', async () => {
      const page = await (await fetch(sim.adminUrl(shop, { path: '/app/deliveries', locale: 'de' }))).text();
      const src = new URL(/data-src="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#38;', '&') ?? '');

      expect(page).toContain('<html lang="de">');
      expect([src.origin, src.pathname]).toEqual([appUrl, '/app/deliveries']);
      expect(Object.fromEntries(src.searchParams)).toMatchObject({ shop, embedded: '1', locale: 'de', host: Buffer.from('admin.shopify.com/store/acme-usa').toString('base64').replace(/=+$/, '') });
      const claims = JSON.parse(Buffer.from(src.searchParams.get('id_token')?.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
      expect(claims).toMatchObject({ iss: `https://${shop}/admin`, dest: `https://${shop}`, aud: apiKey, sub: expect.any(String) as string, jti: expect.any(String) as string, sid: expect.any(String) as string });
      expect(Number(claims.exp) - Number(claims.iat)).toBe(60);
    });

    it('leads from the shop\'s name to the app, and serves the stub of App Bridge', async () => {
      const answer = await fetch(`${sim.url}/admin/${shop}?locale=de`, { redirect: 'manual' });
      expect(answer.headers.get('location')).toBe('/store/acme-usa/apps/rechannel?locale=de');
      const bridge = await fetch(`${sim.url}/app-bridge.js`);
      expect(bridge.headers.get('content-type')).toMatch(/javascript/);
      const source = await bridge.text();
      expect(() => new Function(source), 'it parses').not.toThrow();
      expect(source).toContain('window.shopify');
      expect((await fetch(`${sim.url}/store/nobody/apps/rechannel`)).status).toBe(404);
    });

    it('BF-31 tells App Bridge where our block is active', async () => {
      const read = async (): Promise<unknown> => (await fetch(`${sim.url}/app-extensions?shop=${shop}`)).json();
      expect(await read()).toMatchObject([{ type: 'theme_app_extension', activations: [{ handle: 'manage_subscriptions', name: 'Manage Subscriptions', status: 'active' }, { handle: 'manage_subscriptions_embed', status: 'available', activations: [] }] }]);
    });
  });

  describe('webhooks', () => {
    it.each(['app/uninstalled', 'app/scopes_update', 'customers/data_request', 'customers/redact', 'shop/redact'])('sends %s signed to the app', async (topic) => {
      const answer = await fetch(`${sim.url}/_sim/shopify-webhook`, { method: 'POST', body: JSON.stringify({ topic, shop }) });

      expect(await answer.json()).toMatchObject({ status: 202, body: 'app says hello' });
      const got = seen.at(-1);
      expect(got?.url.pathname).toBe(`/webhooks/shopify/${topic}`);
      expect(got?.headers).toMatchObject({ 'x-shopify-topic': topic, 'x-shopify-shop-domain': shop, 'x-shopify-hmac-sha256': signWebhook(got?.body ?? '', apiSecret) });
      expect(JSON.parse(got?.body ?? '')).toMatchObject(topic === 'app/scopes_update' ? { current: ['read_customers', 'write_app_proxy'] } : topic === 'app/uninstalled' ? { myshopify_domain: shop } : { shop_domain: shop });
    });

    it('sends what it is given, with another secret if told so, and refuses unknown shops', async () => {
      await sim.sendWebhook({ topic: 'customers/redact', shop, payload: { customer: { id: 1 } }, secret: 'wrong', headers: { 'x-shopify-event-id': 'again' } });
      expect(seen.at(-1)).toMatchObject({ body: '{"customer":{"id":1}}', headers: { 'x-shopify-event-id': 'again', 'x-shopify-hmac-sha256': signWebhook('{"customer":{"id":1}}', 'wrong') } });
      await expect(sim.sendWebhook({ topic: 'shop/redact', shop: 'nobody.myshopify.com' })).rejects.toThrow('no shop');
    });
  });

  it('forgets requests and faults of the storefronts too on reset', async () => {
    const storefront = sim.storefronts.get(shop);
    storefront?.faults.add({ fault: { kind: 'status', status: 503 }, times: -1 });
    expect((await visit('/')).status).toBe(503);
    sim.switches.themeBlock = false;

    await fetch(`${sim.url}/_sim/reset`, { method: 'POST' });

    expect([(await visit('/')).status, storefront?.requests.length, sim.switches.themeBlock]).toEqual([200, 1, true]);
  });
});
