// The look of the simulated coffee shop: one layout around every page.
import { escapeHtml } from '../html.ts';
import type { ShopifyShop } from '../options.ts';
import { nameOf } from '../options.ts';
import type { StorefrontTexts } from './texts.ts';
import { storefrontTexts } from './texts.ts';
import type { Visit } from './visit.ts';
import { localised } from './visit.ts';

const style = `
  :root { --ink: #2b1d14; --paper: #fbf6ee; --accent: #8a4b20; font: 16px/1.6 Georgia, 'Times New Roman', serif; color: var(--ink); background: var(--paper); }
  body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; }
  a { color: inherit; }
  .demo { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; font: 13px/1.4 system-ui, sans-serif; background: #2b1d14; color: #f6e9d8; padding: 6px clamp(16px, 4vw, 48px); }
  .demo form { display: flex; gap: 8px; align-items: center; margin: 0 0 0 auto; }
  .demo select, .demo button { font: inherit; padding: 3px 8px; }
  header.shop { display: flex; flex-wrap: wrap; gap: 8px 28px; align-items: baseline; padding: 18px clamp(16px, 4vw, 48px); border-bottom: 1px solid #e4d6c2; }
  header.shop strong { font-size: 1.35rem; letter-spacing: .02em; }
  header.shop nav { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-left: auto; }
  main { flex: 1; width: min(960px, 100%); box-sizing: border-box; margin: 0 auto; padding: 32px 16px 64px; }
  h1 { font-weight: 500; font-size: clamp(1.7rem, 5vw, 2.4rem); line-height: 1.2; }
  h2 { font-weight: 500; }
  .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(280px, 100%), 1fr)); gap: 32px; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: 10px 16px 10px 0; border-bottom: 1px solid #e4d6c2; white-space: nowrap; }
  .product { background: #f1e5d3; padding: 20px; border-radius: 8px; }
  .choices { display: grid; gap: 12px; max-width: 26rem; }
  .choices button { font: inherit; width: 100%; min-height: 48px; text-align: left; padding: 10px 16px; background: #fff; border: 1px solid #cdb89c; border-radius: 8px; cursor: pointer; }
  .choices small { display: block; color: #6b5644; }
  .panel { background: #fff; border: 1px solid #e4d6c2; border-radius: 10px; padding: 20px 24px; overflow-wrap: anywhere; }
  .ok { color: #20603a; } .bad { color: #9c2b1b; }
  footer { padding: 20px clamp(16px, 4vw, 48px); border-top: 1px solid #e4d6c2; font-size: .85rem; color: #6b5644; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;

export interface Page {
  title: string;
  /** HTML of main. */
  content: string;
  /** HTML that app embeds put before the end of the body. */
  embeds?: string;
}

export function layout(shop: ShopifyShop, visit: Visit, page: Page): string {
  const texts = storefrontTexts[visit.language];
  const to = (path: string): string => escapeHtml(localised(visit, path));
  const other = visit.language === 'de' ? 'en' : 'de';
  return `<!doctype html>
<html lang="${visit.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)} · ${escapeHtml(nameOf(shop))}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div class="demo"><span>${texts.simulated}: ${escapeHtml(shop.domain)}</span>${chooser(shop, visit, texts)}</div>
<header class="shop">
  <strong>${escapeHtml(nameOf(shop))}</strong>
  <nav aria-label="${escapeHtml(nameOf(shop))}">
    <a href="${to('/')}">${texts.home}</a>
    ${visit.shopper ? `<a href="${to('/account')}">${texts.account}</a><a href="${to('/account/logout')}">${texts.signOut}</a>` : `<a href="${to('/account/login')}">${texts.signIn}</a>`}
    <a href="${escapeHtml(localised(visit, visit.path, other))}" hreflang="${other}" lang="${other}">${other === 'de' ? 'Deutsch' : 'English'}</a>
  </nav>
</header>
<main>
${page.content}
</main>
<footer>${escapeHtml(nameOf(shop))}</footer>
${page.embeds ?? ''}
</body>
</html>`;
}

function chooser(shop: ShopifyShop, visit: Visit, texts: StorefrontTexts): string {
  const options = (shop.customers ?? []).map((customer) => {
    const selected = customer.id === visit.shopper?.id ? ' selected' : '';
    return `<option value="${customer.id}"${selected}>${escapeHtml(`${customer.firstName} ${customer.lastName}`)}</option>`;
  });
  return `<form method="post" action="${escapeHtml(localised(visit, '/account/login'))}">
  <label for="shopper">${texts.shopper}</label>
  <select id="shopper" name="customer_id"><option value="">${texts.guest}</option>${options.join('')}</select>
  <input type="hidden" name="return_url" value="${escapeHtml(localised(visit, visit.path))}">
  <button>${texts.choose}</button>
</form>`;
}
