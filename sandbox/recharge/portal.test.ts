// The chain to the hosted portal: customer by Shopify number, session, portal access, page.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_CUSTOMER_ID } from './seed.ts';
import type { RechargeSimulator } from './simulator.ts';
import { startRechargeSimulator } from './simulator.ts';
import { callerOf, fixture, hasFixtures } from './testing/bench.ts';
import type { Answer, Caller } from './testing/bench.ts';

describe('portal access', () => {
  let sim: RechargeSimulator;
  let call: Caller;
  const shop = 'portal.myshopify.com';

  beforeEach(async () => {
    sim = await startRechargeSimulator({ timeScale: 0, stores: [{ shop, customers: 3, portalBaseUrl: 'self', storefrontToken: 'strfnt_test' }, { shop: 'other.myshopify.com', customers: 1 }] });
    call = callerOf(sim.url);
  });
  afterEach(() => sim.close());

  const session = async (headers = {}): Promise<string> => {
    const answer = await call('POST', `/customers/${SAMPLE_CUSTOMER_ID}/sessions`, {}, headers);
    return (answer.body as unknown as { customer_session: { apiToken: string } }).customer_session.apiToken;
  };
  const access = (token: string, query = `shop_url=${shop}`): Promise<Answer> => callerOf(sim.url, token)('GET', `/portal_access?${query}`);

  it('leads from the Shopify customer number to a page of that customer', async () => {
    const listed = await call('GET', '/customers?external_customer_id=6100018819267');
    expect(listed.body).toMatchObject({ customers: [{ id: SAMPLE_CUSTOMER_ID }] });

    const { status, body } = await access(await session(), `shop_url=${shop}&page_destination=orders&locale=de`);

    expect(status).toBe(200);
    expect(String(body['portal_url'])).toBe(`${String(body['base_url'])}${String(body['customer_hash'])}/orders?token=${String(body['temp_token'])}&locale=de`);
    const page = await fetch(String(body['portal_url']));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('Hello Jacob');
    expect(sim.checkPortalVisit({ shop, hash: String(body['customer_hash']), token: String(body['temp_token']) })).toMatchObject({ ok: true, customer: 'Jacob Bronowski' });
    expect(sim.checkPortalVisit({ shop: 'other.myshopify.com', hash: String(body['customer_hash']), token: String(body['temp_token']) })).toMatchObject({ ok: false });
    expect((await fetch(String(body['portal_url']).replace(/token=\w+/, 'token=00'))).status).toBe(403);
  });

  it('refuses the merchant token, another shop, and a session after its hour', async () => {
    const token = await session();

    expect((await callerOf(sim.url)('GET', `/portal_access?shop_url=${shop}`)).status).toBe(401);
    expect((await access(token, 'shop_url=other.myshopify.com')).status).toBe(401);
    expect((await access(token)).status).toBe(200);
    await sim.advance(3601);
    expect((await access(token)).status).toBe(401);
  });

  it('spells the session key either way, asks for the storefront token, gives a hostile link: as the switches say', async () => {
    sim.switches.sessionKey = 'api_token';
    expect((await call('POST', `/customers/${SAMPLE_CUSTOMER_ID}/sessions`, {})).body).toMatchObject({ customer_session: { api_token: expect.stringMatching(/^st_/) as string } });
    sim.switches.sessionKey = 'apiToken';

    sim.switches.sessionNeedsStorefrontToken = true;
    expect((await call('POST', `/customers/${SAMPLE_CUSTOMER_ID}/sessions`, {})).status).toBe(401);
    sim.switches.portalUrl = 'https://evil.example/';
    expect((await access(await session({ 'x-recharge-storefront-access-token': 'strfnt_test' }))).body).toMatchObject({ portal_url: 'https://evil.example/' });
  });

  it('needs write_session and a customer of the same store', async () => {
    sim.addToken(shop, { token: 'sk_narrow', secret: 's', scopes: ['read_customers'] });

    expect((await callerOf(sim.url, 'sk_narrow')('POST', `/customers/${SAMPLE_CUSTOMER_ID}/sessions`, {})).status).toBe(403);
    expect((await callerOf(sim.url, 'sk_example_token_0002')('POST', `/customers/${SAMPLE_CUSTOMER_ID}/sessions`, {})).status).toBe(404);
  });

  it.runIf(hasFixtures)('answers with the five known keys (not run where ../shared is absent)', async () => {
    expect(Object.keys((await access(await session())).body)).toEqual(Object.keys(fixture<object>('derived/portal_access_200.json')));
  });
});
