// Shopify as far as Rechannel meets it: Admin API and tokens, the admin that frames the app, storefronts with the app proxy, webhooks.
import type { SimRequest, SimResponse, Simulator } from '../kit.ts';
import { startSimulator } from '../kit.ts';
import { TokenBook } from './access-tokens.ts';
import { answerAdmin } from './admin/routes.ts';
import { answerGraphql, throttledAnswer } from './graphql/answer.ts';
import { shopData } from './graphql/shop-data.ts';
import { answerAccessToken } from './oauth.ts';
import type { ShopifyOptions, ShopifySetup, ShopifyShop, ShopifySwitches } from './options.ts';
import { demoShop, handleOf, sandboxCredentials, standardSwitches } from './options.ts';
import type { Claims } from './session-token.ts';
import { mintCustomerToken, mintSessionToken } from './session-token.ts';
import { startStorefront } from './storefront/server.ts';
import type { WebhookAnswer, WebhookInput } from './webhooks.ts';
import { sendShopifyWebhook, webhookInput } from './webhooks.ts';

export type { PortalCheck, PortalVisit, ShopifyOptions, ShopifyShop, ShopifyShopper, ShopifySwitches } from './options.ts';
export { demoShop, sandboxCredentials } from './options.ts';

export interface ShopifySimulator extends Simulator<ShopifySwitches> {
  /** Tells where the app listens, once that is known. */
  setAppUrl(url: string): void;
  /** Address of the app inside the admin; `path` is the app's own, for example `/app/deliveries`. */
  adminUrl(shop?: string, over?: { locale?: 'en' | 'de'; path?: string }): string;
  storefrontUrl(shop?: string): string;
  /** The storefronts' own simulators (requests, faults), by permanent domain. */
  storefronts: ReadonlyMap<string, Simulator>;
  tokens: TokenBook;
  mintSessionToken(shop?: string, claims?: Claims, secret?: string): Promise<string>;
  mintCustomerToken(shop: string, customerId: number | null, claims?: Claims, secret?: string): Promise<string>;
  sendWebhook(input: WebhookInput): Promise<WebhookAnswer>;
}

export async function startShopifySimulator(options: ShopifyOptions = {}): Promise<ShopifySimulator> {
  let appUrl = options.appUrl?.replace(/\/+$/, '');
  const setup: ShopifySetup = {
    ...sandboxCredentials,
    ...(options.apiKey !== undefined && { apiKey: options.apiKey }),
    ...(options.apiSecret !== undefined && { apiSecret: options.apiSecret }),
    scopes: options.scopes ?? ['read_customers', 'write_app_proxy'],
    shops: options.shops ?? [demoShop],
    proxyPath: options.proxyPath ?? '/apps/rechannel',
    appHandle: options.appHandle ?? 'rechannel',
    switches: { ...standardSwitches, ...options.switches },
    now: options.now ?? Date.now,
    appUrl: () => appUrl,
  };
  const tokens = new TokenBook(setup.now);
  const storefronts = new Map<string, Simulator>();
  for (const shop of setup.shops) storefronts.set(shop.domain, await startStorefront(shop, setup, options));

  const shopOf = (name: string | undefined): ShopifyShop => {
    const shop = name === undefined ? setup.shops[0] : setup.shops.find((each) => each.domain === name);
    if (!shop) throw new Error(`no shop ${name ?? ''}; there are ${setup.shops.map((each) => each.domain).join(', ')}`);
    return shop;
  };
  const storefrontUrl = (shop?: string): string => storefronts.get(shopOf(shop).domain)?.url ?? '';
  const setAppUrl = (url: string): void => {
    appUrl = new URL(url).href.replace(/\/+$/, '');
  };
  const sendWebhook = async (input: WebhookInput): Promise<WebhookAnswer> => {
    const shop = shopOf(webhookInput.parse(input).shop);
    if (input.topic === 'app/uninstalled') tokens.revoke(shop.domain);
    return sendShopifyWebhook(input, shop, setup);
  };

  async function handle(request: SimRequest): Promise<SimResponse> {
    const [, domain, below] = /^\/([a-z0-9][a-z0-9-]*\.myshopify\.com)(\/.*)$/.exec(request.path) ?? [];
    if (domain === undefined || below === undefined) return (await answerAdmin(request, { setup, storefrontUrl: (shop) => storefrontUrl(shop.domain) })) ?? { status: 404, body: { errors: 'Not Found' } };
    const shop = setup.shops.find((each) => each.domain === domain);
    if (!shop) return { status: 404, body: { errors: 'Not Found' } };
    if (request.method === 'POST' && below === '/admin/oauth/access_token') return answerAccessToken(request, shop, setup, tokens);
    const [, version] = /^\/admin\/api\/(20\d\d-(?:01|04|07|10)|unstable)\/graphql\.json$/.exec(below) ?? [];
    if (request.method !== 'POST' || version === undefined) return { status: 404, body: { errors: 'Not Found' } };
    return adminApi(request, shop, version);
  }

  function adminApi(request: SimRequest, shop: ShopifyShop, version: string): SimResponse {
    const token = tokens.check(shop.domain, request.headers['x-shopify-access-token']);
    if (!token) return { status: 401, body: { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' } };
    if (setup.switches.graphqlThrottled > 0) {
      setup.switches.graphqlThrottled -= 1;
      return throttledAnswer;
    }
    const answer = answerGraphql(request, shopData(shop, setup, token.scopes, storefrontUrl(shop.domain)), {});
    return { ...answer, headers: { 'x-shopify-api-version': version } };
  }

  async function control(request: SimRequest): Promise<SimResponse | undefined> {
    switch (`${request.method} ${request.path}`) {
      case 'PUT /_sim/app':
        setAppUrl(String((request.json() as { url?: unknown } | undefined)?.url));
        return { status: 200, body: { url: appUrl ?? null } };
      case 'POST /_sim/shopify-webhook':
        return { status: 200, body: await sendWebhook(request.json() as WebhookInput) };
      case 'POST /_sim/expire-access-tokens':
        tokens.expireAccess(shopOf((request.json() as { shop?: string } | undefined)?.shop).domain);
        return { status: 204 };
      case 'GET /_sim/shops':
        return { status: 200, body: { shops: setup.shops.map((shop) => ({ domain: shop.domain, admin: adminUrl(shop.domain), storefront: storefrontUrl(shop.domain), customers: shop.customers ?? [] })), exchanges: tokens.exchanges, refreshes: tokens.refreshes } };
      default:
        return undefined;
    }
  }

  const simulator = await startSimulator<ShopifySwitches>({
    name: 'shopify',
    ...(options.port !== undefined && { port: options.port }),
    ...(options.host !== undefined && { host: options.host }),
    switches: setup.switches,
    handle,
    control,
    reset: async () => {
      tokens.clear();
      for (const storefront of storefronts.values()) await storefront.reset();
    },
  });
  const adminUrl: ShopifySimulator['adminUrl'] = (shop, over = {}) =>
    `${simulator.url}/store/${handleOf(shopOf(shop))}/apps/${setup.appHandle}${over.path ?? ''}${over.locale === 'de' ? '?locale=de' : ''}`;
  const closeAdmin = simulator.close;

  // The kit's object has getters, so it is extended rather than copied.
  return Object.assign(simulator, {
    setAppUrl,
    adminUrl,
    storefrontUrl,
    storefronts,
    tokens,
    mintSessionToken: (shop?: string, claims?: Claims, secret?: string) => mintSessionToken(shopOf(shop).domain, setup, claims, secret),
    mintCustomerToken: (shop: string, customerId: number | null, claims?: Claims, secret?: string) => mintCustomerToken(shop, customerId, setup, claims, secret),
    sendWebhook,
    close: async () => {
      await Promise.all([closeAdmin.call(simulator), ...[...storefronts.values()].map((storefront) => storefront.close())]);
    },
  });
}
