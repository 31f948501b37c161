// The addresses of the simulated admin.
import { readFileSync } from 'node:fs';
import type { SimRequest, SimResponse } from '../../kit.ts';
import type { ShopifySetup, ShopifyShop } from '../options.ts';
import { handleOf, nameOf } from '../options.ts';
import { mintCustomerToken, mintSessionToken } from '../session-token.ts';
import { readBlockSchema, readLocale } from '../theme-block.ts';
import { escapeHtml } from '../html.ts';
import { adminPage } from './page.ts';

const files: Record<string, { parts: string[]; type: string }> = {
  '/app-bridge.js': { parts: ['app-bridge.js', 'app-modal.js'], type: 'text/javascript' },
  '/admin-frame.js': { parts: ['frame.js'], type: 'text/javascript' },
  '/admin.css': { parts: ['admin.css'], type: 'text/css' },
};

export interface AdminParts {
  setup: ShopifySetup;
  storefrontUrl(shop: ShopifyShop): string;
}

/** Undefined when the address is not the admin's. */
export async function answerAdmin(request: SimRequest, { setup, storefrontUrl }: AdminParts): Promise<SimResponse | undefined> {
  const { path, query } = request;
  const file = files[path];
  if (file) return { status: 200, headers: { 'content-type': `${file.type}; charset=utf-8`, 'cache-control': 'no-cache' }, body: file.parts.map((part) => readFileSync(new URL(part, import.meta.url), 'utf8')).join('\n') };
  const byDomain = (domain: string | null): ShopifyShop | undefined => setup.shops.find((shop) => shop.domain === domain || handleOf(shop) === domain);

  if (path === '/') return { status: 200, body: startPage(setup, storefrontUrl) };
  const [, named] = /^\/admin\/([^/]+)\/?$/.exec(path) ?? [];
  if (named !== undefined) {
    const shop = byDomain(named);
    return shop ? { status: 302, headers: { location: `/store/${handleOf(shop)}/apps/${setup.appHandle}${query.size > 0 ? `?${query}` : ''}` } } : noShop(named);
  }
  const [, handle, app, below] = /^\/store\/([^/]+)\/apps\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  if (handle !== undefined) {
    const shop = byDomain(handle);
    if (!shop || (app !== setup.appHandle && app !== setup.apiKey)) return noShop(`${handle}/${app ?? ''}`);
    if (setup.appUrl() === undefined) return { status: 503, body: '<p>The app\'s address is not set: PUT /_sim/app {"url": "http://…"}</p>' };
    const own = new URLSearchParams(query);
    own.delete('locale');
    return { status: 200, body: await adminPage(shop, { locale: query.get('locale') === 'de' ? 'de' : 'en', path: below ?? '/', query: own }, setup, storefrontUrl(shop)) };
  }
  switch (path) {
    case '/session-token': {
      const shop = byDomain(query.get('shop'));
      return shop ? plain(await mintSessionToken(shop.domain, setup)) : noShop(query.get('shop'));
    }
    case '/customer-session-token': {
      const shop = byDomain(query.get('shop'));
      const customer = query.get('customer');
      return shop ? plain(await mintCustomerToken(shop.domain, customer === null ? null : Number(customer), setup)) : noShop(query.get('shop'));
    }
    case '/app-extensions':
      return { status: 200, body: extensions(setup) };
    default:
      return undefined;
  }
}

/** What `shopify.app.extensions()` says: whether the merchant has placed our block and switched on the embed. */
function extensions(setup: ShopifySetup): object[] {
  const { themeBlock, themeEmbed } = setup.switches;
  const name = (block: string): string => {
    const catalogue = readLocale('en', 'schema')?.[readBlockSchema(block).name.replace(/^t:(\w+)\..*/, '$1')];
    return typeof catalogue === 'object' && typeof catalogue.name === 'string' ? catalogue.name : block;
  };
  const activation = (block: string, target: string, active: boolean, place: string): object => ({
    target,
    handle: block,
    name: name(block),
    status: active ? 'active' : 'available',
    activations: active ? [{ target: place, themeId: 'gid://shopify/OnlineStoreTheme/1' }] : [],
  });
  return [
    {
      handle: 'manage-subscriptions',
      type: 'theme_app_extension',
      activations: [
        activation('manage_subscriptions', 'section', themeBlock, 'template--customers/account/main/manage_subscriptions'),
        activation('manage_subscriptions_embed', 'body', themeEmbed !== 'off', 'body'),
      ],
    },
  ];
}

function startPage(setup: ShopifySetup, storefrontUrl: (shop: ShopifyShop) => string): string {
  const shops = setup.shops.map((shop) => {
    const admin = `/store/${handleOf(shop)}/apps/${setup.appHandle}`;
    return `<li><strong>${escapeHtml(nameOf(shop))}</strong> (${escapeHtml(shop.domain)}): <a href="${admin}">admin</a>, <a href="${admin}?locale=de">admin, deutsch</a>, <a href="${escapeHtml(storefrontUrl(shop))}">storefront</a></li>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Shopify (simulated)</title>
<body style="font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem"><h1>Shopify (simulated)</h1><ul>${shops.join('')}</ul></body></html>`;
}

function plain(body: string): SimResponse {
  return { status: 200, headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' }, body };
}

function noShop(name: string | null): SimResponse {
  return { status: 404, body: { error: `no shop or app ${name ?? ''}` } };
}
