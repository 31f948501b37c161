// Stores and tokens of a simulator, as its starter wishes them.
import type { StoreOptions, TokenOptions } from './simulator.ts';
import { seedStore } from './seed.ts';
import type { Store, Token } from './types.ts';
import { emptyStore, nextId } from './world.ts';
import type { World } from './world.ts';

/** Every scope a live token can report. */
export const ALL_SCOPES: readonly string[] = (
  'read_orders write_orders read_discounts write_discounts read_subscriptions write_subscriptions read_payments write_payments read_payment_methods write_payment_methods ' +
  'read_customers write_customers read_products write_products store_info read_batches write_batches read_accounts read_checkouts write_checkouts write_notifications read_events ' +
  'write_retention_strategies read_gift_purchases write_gift_purchases read_bundle_products read_credit_summary write_free_gifts write_session'
).split(' ');

export const DEFAULT_SHOP = 'example-store.myshopify.com';
export const DEFAULT_TOKEN = 'sk_example_token_0001';
export const DEFAULT_SECRET = 'example_api_client_secret_0001';
export const DEFAULT_CUSTOMERS = 25;

/** Adds a store and fills it. The first store of a simulator has the documentation's sample customer. */
export function addStore(world: World, options: StoreOptions, seed: number | string): Store {
  const shop = options.shop;
  if (typeof shop !== 'string' || shop === '') throw new Error('a store needs a shop, such as example-store.myshopify.com');
  if (world.stores.has(shop)) throw new Error(`store ${shop} is there already`);
  const isFirst = world.stores.size === 0;
  const store = emptyStore(world, {
    shop,
    name: options.name ?? shop.replace('.myshopify.com', '').replaceAll('-', ' '),
    currency: options.currency ?? 'USD',
    portal_base_url: options.portalBaseUrl ?? `https://${shop}/tools/recurring/portal`,
  });
  if (options.defaultApiVersion !== undefined) store.default_api_version = options.defaultApiVersion;
  world.stores.set(shop, store);
  const number = String(world.stores.size).padStart(4, '0');
  const tokens = options.tokens ?? [{ token: DEFAULT_TOKEN.replace('0001', number), secret: DEFAULT_SECRET.replace('0001', number) }];
  for (const token of tokens) addToken(world, shop, token);
  world.storefrontTokens.set(options.storefrontToken ?? `strfnt_example_${number}`, shop);
  seedStore(world, store, { customers: options.customers ?? DEFAULT_CUSTOMERS, wishes: options.wishes ?? [], seed, withSample: options.withSample ?? isFirst });
  return store;
}

export function addToken(world: World, shop: string, options: TokenOptions): Token {
  if (!world.stores.has(shop)) throw new Error(`no store ${shop}`);
  if (typeof options.token !== 'string' || typeof options.secret !== 'string') throw new Error('a token needs token and secret');
  const token: Token = {
    id: nextId(world, 'token'),
    token: options.token,
    secret: options.secret,
    name: options.name ?? 'Rechannel',
    contact_email: options.contactEmail ?? 'ops@example.com',
    scopes: [...(options.scopes ?? ALL_SCOPES)],
    shop,
  };
  world.tokens.set(token.token, token);
  return token;
}
