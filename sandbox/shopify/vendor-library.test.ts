// The simulator judged by Shopify's own library: what it makes must pass there, so that no mistake is only shared with our app.
import '@shopify/shopify-api/adapters/node';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Session } from '@shopify/shopify-api';
import { ApiVersion, LogSeverity, RequestedTokenType, shopifyApi } from '@shopify/shopify-api';
import { setAbstractFetchFunc } from '@shopify/shopify-api/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShopifySimulator } from './server.ts';
import { demoShop, sandboxCredentials, startShopifySimulator } from './server.ts';

const shop = demoShop.domain;

describe('Shopify simulator before Shopify\'s own library', () => {
  let sim: ShopifySimulator;
  const api = shopifyApi({
    apiKey: sandboxCredentials.apiKey,
    apiSecretKey: sandboxCredentials.apiSecret,
    apiVersion: ApiVersion.October26,
    hostName: 'rechannel.example',
    isEmbeddedApp: true,
    logger: { level: LogSeverity.Error },
  });

  beforeAll(async () => {
    sim = await startShopifySimulator();
    setAbstractFetchFunc((input, init) => {
      const url = new URL(input instanceof Request ? input.url : String(input));
      return fetch(`${sim.url}/${url.hostname}${url.pathname}${url.search}`, init);
    });
  });
  afterAll(() => sim.close());

  const install = async (): Promise<Session> =>
    (await api.auth.tokenExchange({ shop, sessionToken: await sim.mintSessionToken(), requestedTokenType: RequestedTokenType.OfflineAccessToken, expiring: true })).session;

  it('its token exchange and refresh make a session', async () => {
    const session = await install();
    expect(session).toMatchObject({ id: `offline_${shop}`, scope: 'read_customers,write_app_proxy', expires: expect.any(Date) as Date, refreshTokenExpires: expect.any(Date) as Date });

    const { session: refreshed } = await api.auth.refreshToken({ shop, refreshToken: session.refreshToken ?? '' });
    expect(refreshed.accessToken).not.toBe(session.accessToken);
  });

  it('its GraphQL answers and errors are read as Shopify\'s', async () => {
    const client = new api.clients.Graphql({ session: await install() });

    expect((await client.request('#graphql\n query { shop { myshopifyDomain } }')).data).toEqual({ shop: { myshopifyDomain: shop } });
    await expect(client.request('{ unheardOf }')).rejects.toThrow("Field 'unheardOf' doesn't exist");
  });

  it('its signatures of proxy, webhook and admin address are valid', async () => {
    const came: { url: string; headers: Record<string, unknown>; body: string }[] = [];
    const app = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        came.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(app, 'listening');
    sim.setAppUrl(`http://127.0.0.1:${(app.address() as AddressInfo).port}`);

    await fetch(`${sim.storefrontUrl()}/apps/rechannel/portal?page=orders`, { headers: { cookie: 'shopper_acme-usa=6001' } });
    await sim.sendWebhook({ topic: 'app/scopes_update', shop });
    const framed = /data-src="([^"]+)"/.exec(await (await fetch(sim.adminUrl())).text())?.[1]?.replaceAll('&#38;', '&') ?? '';
    app.close();

    const [proxied, webhook] = came;
    const queryOf = (url: string): Record<string, string> => Object.fromEntries(new URL(url, 'http://app').searchParams);
    expect(await api.utils.validateHmac(queryOf(proxied?.url ?? ''), { signator: 'appProxy' })).toBe(true);
    expect(await api.utils.validateHmac(queryOf(framed))).toBe(true);
    expect(api.utils.sanitizeHost(queryOf(framed).host ?? '')).not.toBeNull();
    const request = new Request('http://app/webhooks', { method: 'POST', headers: webhook?.headers as Record<string, string> });
    expect(await api.webhooks.validate({ rawBody: webhook?.body ?? '', rawRequest: { method: 'POST', url: '/webhooks', headers: Object.fromEntries(request.headers) } })).toMatchObject({ valid: true, topic: 'APP_SCOPES_UPDATE', domain: shop });
  });

  it('its session token decodes, and one of another app does not', async () => {
    expect(await api.session.decodeSessionToken(await sim.mintSessionToken())).toMatchObject({ dest: `https://${shop}` });
    await expect(api.session.decodeSessionToken(await sim.mintSessionToken(shop, { aud: 'another-app' }))).rejects.toThrow();
  });
});
