// The page of the simulated admin: top bar, sidebar, and the app in a frame.
import { escapeHtml, scriptJson } from '../html.ts';
import type { ShopifySetup, ShopifyShop } from '../options.ts';
import { handleOf, nameOf } from '../options.ts';
import { mintSessionToken, staffUser } from '../session-token.ts';
import { signAdminQuery } from '../signatures.ts';

const texts = {
  en: { simulated: 'Simulated Shopify admin', home: 'Home', orders: 'Orders', products: 'Products', customers: 'Customers', store: 'Online store', apps: 'Apps', unsaved: 'Unsaved changes', save: 'Save', discard: 'Discard', close: 'Close', leaveTitle: 'Leave page with unsaved changes?', leaveText: 'Leaving this page will delete all unsaved changes.', stay: 'Stay', leave: 'Leave page', menu: 'Menu', elsewhere: 'This would open elsewhere in the admin', language: 'Language', other: 'Deutsch' },
  de: { simulated: 'Simulierter Shopify-Adminbereich', home: 'Startseite', orders: 'Bestellungen', products: 'Produkte', customers: 'Kund:innen', store: 'Onlineshop', apps: 'Apps', unsaved: 'Nicht gespeicherte Änderungen', save: 'Speichern', discard: 'Verwerfen', close: 'Schließen', leaveTitle: 'Seite mit nicht gespeicherten Änderungen verlassen?', leaveText: 'Wenn du diese Seite verlässt, gehen alle nicht gespeicherten Änderungen verloren.', stay: 'Bleiben', leave: 'Seite verlassen', menu: 'Menü', elsewhere: 'Das würde woanders im Adminbereich öffnen', language: 'Sprache', other: 'English' },
};

export interface AdminVisit {
  locale: 'en' | 'de';
  /** Path inside the app, `/` or `/app/...`. */
  path: string;
  /** The app's own query. */
  query: URLSearchParams;
}

/** Address under which the admin frames the app, with everything Shopify puts into its query. */
export async function frameUrl(shop: ShopifyShop, visit: AdminVisit, setup: ShopifySetup): Promise<string> {
  const url = new URL(visit.path, setup.appUrl());
  for (const [key, value] of visit.query) url.searchParams.append(key, value);
  const own = {
    embedded: '1',
    host: Buffer.from(`admin.shopify.com/store/${handleOf(shop)}`).toString('base64').replace(/=+$/, ''),
    id_token: await mintSessionToken(shop.domain, setup),
    locale: visit.locale,
    shop: shop.domain,
    timestamp: String(Math.floor(setup.now() / 1000)),
  };
  for (const [key, value] of Object.entries(own)) url.searchParams.set(key, value);
  url.searchParams.set('hmac', signAdminQuery(url.searchParams, setup.apiSecret));
  return url.href;
}

export async function adminPage(shop: ShopifyShop, visit: AdminVisit, setup: ShopifySetup, storefrontUrl: string): Promise<string> {
  const { locale } = visit;
  const words = texts[locale];
  const handle = handleOf(shop);
  const adminPath = `/store/${handle}/apps/${setup.appHandle}`;
  const other = locale === 'de' ? 'en' : 'de';
  const frameSetup = {
    adminPath,
    appHandle: setup.appHandle,
    apiKey: setup.apiKey,
    locale,
    scopes: setup.scopes,
    tokenUrl: `/session-token?shop=${encodeURIComponent(shop.domain)}`,
    extensionsUrl: `/app-extensions?shop=${encodeURIComponent(shop.domain)}`,
    user: { id: staffUser.id, name: `${staffUser.firstName} ${staffUser.lastName}`, email: staffUser.email, accountAccess: 'Administrator' },
    texts: { close: words.close, elsewhere: words.elsewhere },
  };
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rechannel · ${escapeHtml(nameOf(shop))}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/admin.css">
</head>
<body>
<header class="top">
  <span class="brand">${words.simulated}</span>
  <span class="shop"><a href="${escapeHtml(storefrontUrl)}/account" target="_blank" rel="noopener">${escapeHtml(nameOf(shop))}</a></span>
  <a class="language" href="${adminPath}?locale=${other}" hreflang="${other}" lang="${other}" aria-label="${words.language}: ${words.other}">${words.other}</a>
</header>
<div id="save-bar" class="save-bar" role="region" aria-label="${words.unsaved}" hidden>
  <strong>${words.unsaved}</strong><button id="discard">${words.discard}</button><button id="save" class="primary">${words.save}</button>
</div>
<div class="body">
  <details id="menu" class="side"><summary>${words.menu}</summary>
    <nav aria-label="${words.menu}">
      <ul class="fixed">${[words.home, words.orders, words.products, words.customers, words.store].map((item) => `<li><span>${item}</span></li>`).join('')}</ul>
      <p>${words.apps}</p>
      <a id="app-home" class="app-name" href="${adminPath}">Rechannel</a>
      <ul id="app-nav"></ul>
    </nav>
  </details>
  <main>
    <div id="progress" class="progress"></div>
    <div class="title-bar"><h1 id="title"></h1><span id="title-buttons"></span></div>
    <iframe id="app" name="app-iframe" title="Rechannel" data-src="${escapeHtml(await frameUrl(shop, visit, setup))}" allow="clipboard-write"></iframe>
  </main>
</div>
<div id="toasts" class="toasts" role="status" aria-live="polite"></div>
<dialog id="leave" aria-labelledby="leave-title"><form method="dialog">
  <h2 id="leave-title">${words.leaveTitle}</h2><p>${words.leaveText}</p>
  <p class="buttons"><button value="">${words.stay}</button><button value="leave" class="critical">${words.leave}</button></p>
</form></dialog>
<script type="application/json" id="setup">${scriptJson(frameSetup)}</script>
<script src="/admin-frame.js"></script>
</body>
</html>`;
}
