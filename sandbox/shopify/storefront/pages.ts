// The pages of the coffee shop; our theme block and app embed are rendered in them by real Liquid.
import { escapeHtml } from '../html.ts';
import type { ShopifySetup, ShopifyShop, ShopifyShopper } from '../options.ts';
import { renderBlock } from '../theme-block.ts';
import type { Page } from './layout.ts';
import { layout } from './layout.ts';
import { storefrontTexts } from './texts.ts';
import type { Visit } from './visit.ts';
import { localised } from './visit.ts';

export async function homePage(shop: ShopifyShop, visit: Visit, setup: ShopifySetup): Promise<string> {
  const texts = storefrontTexts[visit.language];
  const products = ['Tuesday Roast', 'Night Shift Decaf', 'Four Farms Filter'].map((name) => `<article class="product"><h2>${name}</h2><p>${texts.subscribeAndSave}</p></article>`);
  return withEmbed(shop, visit, setup, 'index', { title: texts.home, content: `<h1>${texts.welcome}</h1><p>${texts.lead}</p><div class="columns">${products.join('')}</div>` });
}

export async function accountPage(shop: ShopifyShop, visit: Visit, shopper: ShopifyShopper, setup: ShopifySetup): Promise<string> {
  const texts = storefrontTexts[visit.language];
  const block = setup.switches.themeBlock ? await renderBlock({ block: 'manage_subscriptions', ...blockContext(visit, 'customers/account'), settings: { show_heading: true, show_text: true } }) : '';
  const money = new Intl.NumberFormat(visit.language, { style: 'currency', currency: shop.currency ?? 'USD' });
  const day = new Intl.DateTimeFormat(visit.language, { dateStyle: 'medium', timeZone: 'UTC' });
  const orders = [12, 40, 71].map((daysAgo, index) => ({ name: `#${1042 - index * 17}`, on: day.format(setup.now() - daysAgo * 86_400_000), total: money.format(37 + index * 4.5) }));
  const content = `<h1>${texts.hello}, ${escapeHtml(shopper.firstName)}</h1>
<div class="columns">
  <section><h2>${texts.details}</h2><p>${escapeHtml(`${shopper.firstName} ${shopper.lastName}`)}<br>${escapeHtml(shopper.email)}</p></section>
  <section>${block}</section>
</div>
<section><h2>${texts.orderHistory}</h2><div class="scroll"><table>
<thead><tr><th>${texts.order}</th><th>${texts.date}</th><th>${texts.payment}</th><th>${texts.total}</th></tr></thead>
<tbody>${orders.map((order) => `<tr><td>${order.name}</td><td>${order.on}</td><td>${texts.paid}</td><td>${order.total}</td></tr>`).join('')}</tbody>
</table></div></section>`;
  return withEmbed(shop, visit, setup, 'customers/account', { title: texts.account, content });
}

export async function loginPage(shop: ShopifyShop, visit: Visit, returnTo: string, setup: ShopifySetup): Promise<string> {
  const texts = storefrontTexts[visit.language];
  const choices = (shop.customers ?? []).map(
    (customer) => `<form method="post" action="${escapeHtml(localised(visit, '/account/login'))}">
  <input type="hidden" name="return_url" value="${escapeHtml(returnTo)}">
  <button name="customer_id" value="${customer.id}">${texts.continueAs} ${escapeHtml(`${customer.firstName} ${customer.lastName}`)}<small>${escapeHtml(customer.email)}</small></button>
</form>`,
  );
  return withEmbed(shop, visit, setup, 'customers/login', { title: texts.loginTitle, content: `<h1>${texts.loginTitle}</h1><p>${texts.loginLead}</p><div class="choices">${choices.join('')}</div>` });
}

export function notFoundPage(shop: ShopifyShop, visit: Visit): string {
  const texts = storefrontTexts[visit.language];
  return layout(shop, visit, { title: texts.notFound, content: `<h1>${texts.notFound}</h1><p>${texts.notFoundLead}</p>` });
}

export function appErrorPage(shop: ShopifyShop, visit: Visit): string {
  const texts = storefrontTexts[visit.language];
  return layout(shop, visit, { title: texts.appError, content: `<h1>${texts.appError}</h1>` });
}

async function withEmbed(shop: ShopifyShop, visit: Visit, setup: ShopifySetup, pageType: string, page: Page): Promise<string> {
  const { themeEmbed } = setup.switches;
  const embeds = themeEmbed === 'off' ? '' : await renderBlock({ block: 'manage_subscriptions_embed', ...blockContext(visit, pageType), settings: { pages: themeEmbed } });
  return layout(shop, visit, { ...page, embeds });
}

function blockContext(visit: Visit, pageType: string): { locale: string; rootUrl: string; pageType: string; customer: { id: number; first_name: string; email: string } | null } {
  const { shopper } = visit;
  return { locale: visit.language, rootUrl: visit.rootUrl, pageType, customer: shopper && { id: shopper.id, first_name: shopper.firstName, email: shopper.email } };
}
