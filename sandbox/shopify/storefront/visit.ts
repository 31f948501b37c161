// One request to a storefront: which language, which shopper, where to go after signing in.
import type { SimRequest } from '../../kit.ts';
import type { ShopifyShop, ShopifyShopper } from '../options.ts';
import { handleOf } from '../options.ts';
import type { StorefrontLanguage } from './texts.ts';

export interface Visit {
  language: StorefrontLanguage;
  /** Root of the language: `/` or `/de`. */
  rootUrl: string;
  /** Path below the language's root, with a slash in front. */
  path: string;
  shopper: ShopifyShopper | null;
}

export function readVisit(request: SimRequest, shop: ShopifyShop): Visit {
  const german = /^\/de(?=\/|$)/.test(request.path);
  const path = german ? request.path.slice('/de'.length) || '/' : request.path;
  return { language: german ? 'de' : 'en', rootUrl: german ? '/de' : '/', path, shopper: readShopper(request, shop) };
}

/** The cookie names the shop, because cookies do not tell ports apart. */
export function cookieName(shop: ShopifyShop): string {
  return `shopper_${handleOf(shop)}`;
}

function readShopper(request: SimRequest, shop: ShopifyShop): ShopifyShopper | null {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === cookieName(shop)) return shop.customers?.find((customer) => String(customer.id) === value) ?? null;
  }
  return null;
}

/** Where Shopify's login goes afterwards: a path of this shop, or `fallback` for anything else, `//evil.example` included. */
export function safeReturnPath(given: URLSearchParams, fallback: string): string {
  for (const name of ['return_url', 'checkout_url', 'return_to']) {
    const value = given.get(name);
    if (value !== null) return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(value) ? value : fallback;
  }
  return fallback;
}

/** The same page in a language. */
export function localised(visit: Visit, path: string, language: StorefrontLanguage = visit.language): string {
  const root = language === 'de' ? '/de' : '';
  return path === '/' ? root || '/' : `${root}${path}`;
}
