// Tokens and the Admin API: what Shopify checks before it answers.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShopifySimulator } from './server.ts';
import { sandboxCredentials, startShopifySimulator } from './server.ts';

const shop = 'acme-usa.myshopify.com';
const { apiKey, apiSecret } = sandboxCredentials;

interface Answer {
  status: number;
  body: Record<string, unknown> & { access_token?: string; refresh_token?: string; data?: Record<string, unknown>; errors?: unknown };
}

describe('Shopify Admin API simulator', () => {
  let sim: ShopifySimulator;
  let now = Date.UTC(2026, 10, 21);

  beforeEach(async () => {
    now = Date.UTC(2026, 10, 21);
    sim = await startShopifySimulator({ now: () => now, shops: [{ domain: shop, name: 'Acme Coffee' }, { domain: 'other.myshopify.com' }] });
  });
  afterEach(() => sim.close());

  async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await fetch(sim.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  }
  const exchange = (subject_token: string, over: object = {}, at = shop): Promise<Answer> =>
    post(`/${at}/admin/oauth/access_token`, {
      client_id: apiKey,
      client_secret: apiSecret,
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      requested_token_type: 'urn:shopify:params:oauth:token-type:offline-access-token',
      expiring: '1',
      ...over,
    });
  const refresh = (refresh_token: unknown): Promise<Answer> => post(`/${shop}/admin/oauth/access_token`, { client_id: apiKey, client_secret: apiSecret, grant_type: 'refresh_token', refresh_token });
  const graphql = (query: string, token: string | undefined, variables?: object): Promise<Answer> => post(`/${shop}/admin/api/2026-10/graphql.json`, { query, variables }, token === undefined ? {} : { 'x-shopify-access-token': token });
  const installed = async (): Promise<string> => String((await exchange(await sim.mintSessionToken())).body.access_token);

  describe('token exchange', () => {
    it('gives an expiring offline token for a session token', async () => {
      expect(await exchange(await sim.mintSessionToken())).toEqual({
        status: 200,
        body: { access_token: expect.stringMatching(/^shpat_/) as string, scope: 'read_customers,write_app_proxy', expires_in: 3600, refresh_token: expect.stringMatching(/^shprt_/) as string, refresh_token_expires_in: 7_776_000 },
      });
    });

    it('gives one that never ends when not asked to let it expire, and an online one with its user', async () => {
      expect((await exchange(await sim.mintSessionToken(), { expiring: '0' })).body).toEqual({ access_token: expect.any(String) as string, scope: 'read_customers,write_app_proxy' });
      expect((await exchange(await sim.mintSessionToken(), { requested_token_type: 'urn:shopify:params:oauth:token-type:online-access-token' })).body).toMatchObject({ associated_user: { email: 'maria@example.com' } });
    });

    it.each([
      ['another secret', async () => sim.mintSessionToken(shop, {}, 'another-secret-another-secret')],
      ['another audience', async () => sim.mintSessionToken(shop, { aud: 'another-app' })],
      ['an end in the past', async () => sim.mintSessionToken(shop, { exp: now / 1000 - 60 })],
      ['a start in the future', async () => sim.mintSessionToken(shop, { nbf: now / 1000 + 60 })],
      ['another shop', async () => sim.mintSessionToken('other.myshopify.com')],
      ['no signature', async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await sim.mintSessionToken()).split('.')[1]}.`],
      ['nonsense', async () => 'nonsense'],
    ])('AD-S1 refuses a session token with %s', async (_what, token) => {
      expect(await exchange(await token())).toMatchObject({ status: 400, body: { error: 'invalid_subject_token' } });
    });

    it('refuses wrong client credentials and shops it does not have', async () => {
      expect(await exchange(await sim.mintSessionToken(), { client_secret: 'wrong' })).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
      expect((await exchange(await sim.mintSessionToken(), {}, 'nobody.myshopify.com')).status).toBe(404);
    });
  });

  describe('refresh', () => {
    it('P29 rotates: the former refresh token stays good until the new one is used', async () => {
      const first = (await exchange(await sim.mintSessionToken())).body;
      const second = (await refresh(first.refresh_token)).body;
      expect(second.refresh_token).not.toBe(first.refresh_token);

      const again = await refresh(first.refresh_token);
      expect(again.status, 'the answer to the first refresh may have been lost').toBe(200);

      expect((await refresh(again.body.refresh_token)).status).toBe(200);
      expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      expect(sim.tokens.refreshes).toBe(3);
    });

    it('refuses an unknown, an old and another shop\'s refresh token', async () => {
      const { refresh_token } = (await exchange(await sim.mintSessionToken('other.myshopify.com'), {}, 'other.myshopify.com')).body;
      expect((await refresh(refresh_token)).status).toBe(400);
      expect((await refresh('shprt_unknown')).status).toBe(400);
      const own = (await exchange(await sim.mintSessionToken())).body;
      now += 91 * 86_400_000;
      expect((await refresh(own.refresh_token)).status).toBe(400);
    });
  });

  describe('GraphQL', () => {
    it('answers 401 without a living token', async () => {
      const token = await installed();
      expect((await graphql('{ shop { name } }', undefined)).status).toBe(401);
      expect((await graphql('{ shop { name } }', 'shpat_unknown')).status).toBe(401);
      expect((await graphql('{ shop { name } }', token)).status).toBe(200);
      now += 3_600_001;
      expect((await graphql('{ shop { name } }', token)).status).toBe(401);
    });

    it('answers the shop with its domains, zone, currency and kind of customer accounts', async () => {
      const query = `query ShopInfo { shop { name myshopifyDomain contactEmail ianaTimezone currencyCode primaryDomain { host url } domains { host } customerAccountsV2 { customerAccountsVersion } } }`;
      expect((await graphql(query, await installed())).body.data).toEqual({
        shop: {
          name: 'Acme Coffee',
          myshopifyDomain: shop,
          contactEmail: 'owner@acme-usa.example',
          ianaTimezone: 'America/New_York',
          currencyCode: 'USD',
          primaryDomain: { host: new URL(sim.storefrontUrl()).host, url: sim.storefrontUrl() },
          domains: [{ host: new URL(sim.storefrontUrl()).host }, { host: shop }],
          customerAccountsV2: { customerAccountsVersion: 'CLASSIC' },
        },
      });
    });

    it('BF-05 answers the granted scopes, the locales, and aliases, fragments and variables as GraphQL has them', async () => {
      const query = `
        query ($id: ID!, $deep: Boolean = true) { # a comment
          installation: currentAppInstallation { ...Scopes }
          shopLocales(published: true) @include(if: $deep) { locale ... on ShopLocale { primary } }
          customer(id: $id) { displayName }
          __typename
        }
        fragment Scopes on AppInstallation { accessScopes { handle } }`;
      expect((await graphql(query, await installed(), { id: 'gid://shopify/Customer/1' })).body.data).toEqual({
        installation: { accessScopes: [{ handle: 'read_customers' }, { handle: 'write_app_proxy' }] },
        shopLocales: [{ locale: 'en', primary: true }, { locale: 'de', primary: false }],
        customer: null,
        __typename: 'QueryRoot',
      });
    });

    it('BF-31 shows in the theme\'s files whether block and embed are on', async () => {
      const query = '{ themes(first: 1, roles: [MAIN]) { nodes { id files(filenames: ["config/settings_data.json"]) { nodes { filename body { ... on OnlineStoreThemeFileBodyText { content } } } } } } }';
      const token = await installed();
      const read = async (): Promise<string> => JSON.stringify((await graphql(query, token)).body.data);

      expect(await read()).toContain('\\"disabled\\":true');
      sim.switches.themeEmbed = 'everywhere';
      expect(await read()).toContain('\\"disabled\\":false');
      expect(await read()).not.toContain('templates/customers');
    });

    it('names what it does not know', async () => {
      const token = await installed();
      expect((await graphql('{ unheardOf { id } }', token)).body).toEqual({ errors: [{ message: expect.stringContaining("Field 'unheardOf' doesn't exist on type 'QueryRoot'") as string, locations: [{ line: 1, column: 1 }] }] });
      expect((await graphql('{ shop { name }', token)).body.errors).toMatchObject([{ message: expect.stringContaining('syntax error') as string }]);
      expect((await graphql('{ shop }', token)).body.errors).toMatchObject([{ message: expect.stringContaining('must have selections') as string }]);
      expect((await post(`/${shop}/admin/api/2026-11/graphql.json`, { query: '{ shop { name } }' }, { 'x-shopify-access-token': token })).status).toBe(404);
    });

    it('throttles as often as it is told', async () => {
      const token = await installed();
      sim.switches.graphqlThrottled = 1;
      expect((await graphql('{ shop { name } }', token)).body.errors).toMatchObject([{ extensions: { code: 'THROTTLED' } }]);
      expect((await graphql('{ shop { name } }', token)).body.errors).toBeUndefined();
    });
  });

  it('takes the tokens back on uninstall', async () => {
    const token = await installed();
    await expect(sim.sendWebhook({ topic: 'app/uninstalled', shop })).rejects.toThrow('app address is not set');
    expect((await graphql('{ shop { name } }', token)).status).toBe(401);
  });
});
