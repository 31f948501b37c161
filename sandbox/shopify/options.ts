// What can be set on the Shopify simulator: the app's credentials, the shops with their shoppers, and switches.

export interface ShopifyShopper {
  /** Shopify's numeric customer id. */
  id: number;
  firstName: string;
  lastName: string;
  email: string;
}

export interface ShopifyShop {
  /** Permanent domain, `acme-usa.myshopify.com`. */
  domain: string;
  name?: string;
  /** Customers of the storefront; the visitor chooses one or stays a guest. */
  customers?: ShopifyShopper[];
  /** Port of this shop's storefront; 0 or absent: the system chooses. */
  storefrontPort?: number;
  currency?: string;
  ianaTimezone?: string;
  contactEmail?: string;
}

/** What the simulated Recharge portal says about a visit. */
export interface PortalVisit {
  shop: string;
  hash: string;
  page: string;
  /** Null when the link carried none. */
  token: string | null;
}

export type PortalCheck = { ok: true; customer: string; details?: string[] } | { ok: false; reason: string };

export interface ShopifySwitches {
  /** Lifetime of an expiring offline token, seconds. */
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
  sessionTokenSeconds: number;
  /** The next so many GraphQL requests are answered with THROTTLED. */
  graphqlThrottled: number;
  /** `LEGACY` renders the account page with our block; `NEW_CUSTOMER_ACCOUNTS` is only said in GraphQL. */
  customerAccountsVersion: 'CLASSIC' | 'NEW_CUSTOMER_ACCOUNTS';
  /** Whether the merchant has placed the block on the account page. */
  themeBlock: boolean;
  /** Whether the merchant has switched on the app embed, and where it shows. */
  themeEmbed: 'off' | 'account' | 'account_pages' | 'everywhere';
  /** Whether a visitor's own `shop`, `logged_in_customer_id` and so on stay in the query beside Shopify's; not documented, so the worse is the default. */
  proxyKeepsReservedNames: boolean;
}

export interface ShopifyOptions {
  port?: number;
  host?: string;
  /** Where Rechannel's web process listens; may follow later through `setAppUrl`. */
  appUrl?: string;
  apiKey?: string;
  apiSecret?: string;
  /** Granted scopes. */
  scopes?: string[];
  shops?: ShopifyShop[];
  /** Path under which the shop's domain passes requests on to the app. */
  proxyPath?: string;
  /** The app's name in the admin's address, `/store/acme-usa/apps/rechannel`. */
  appHandle?: string;
  switches?: Partial<ShopifySwitches>;
  /** Asked when a shopper lands on the simulated Recharge portal. */
  checkPortalVisit?: (visit: PortalVisit) => PortalCheck | Promise<PortalCheck>;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** The values that Rechannel itself assumes outside production. */
export const sandboxCredentials = { apiKey: 'sandbox-api-key', apiSecret: 'sandbox-api-secret-not-for-production' };

export const demoShop: ShopifyShop = {
  domain: 'acme-usa.myshopify.com',
  name: 'Acme Coffee Roasters',
  customers: [
    { id: 6001, firstName: 'Ana', lastName: 'Muster', email: 'ana.muster@example.com' },
    { id: 6002, firstName: 'Ben', lastName: 'Probe', email: 'ben.probe@example.com' },
    { id: 6003, firstName: 'Cleo', lastName: 'Sample', email: 'cleo.sample@example.com' },
  ],
};

export const standardSwitches: ShopifySwitches = {
  accessTokenSeconds: 3600,
  refreshTokenSeconds: 90 * 86_400,
  sessionTokenSeconds: 60,
  graphqlThrottled: 0,
  customerAccountsVersion: 'CLASSIC',
  themeBlock: true,
  themeEmbed: 'off',
  proxyKeepsReservedNames: true,
};

/** Options with every default filled in. */
export interface ShopifySetup {
  apiKey: string;
  apiSecret: string;
  scopes: string[];
  shops: ShopifyShop[];
  proxyPath: string;
  appHandle: string;
  switches: ShopifySwitches;
  now: () => number;
  /** Without a slash at the end; undefined until known. */
  appUrl(): string | undefined;
}

/** First part of the permanent domain. */
export function handleOf(shop: ShopifyShop): string {
  return shop.domain.split('.')[0] ?? shop.domain;
}

export function nameOf(shop: ShopifyShop): string {
  return shop.name ?? handleOf(shop);
}
