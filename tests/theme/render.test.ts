// What a shopper gets: the blocks rendered by real Liquid in both languages.
import { describe, expect, it } from 'vitest';
import type { BlockRender } from '#sandbox/shopify/theme-block.ts';
import { blockNames, renderBlock } from '#sandbox/shopify/theme-block.ts';

const ana = { id: 6001, first_name: 'Ana', email: 'ana@example.com' };

/** The one anchor of the HTML, with entities undone. */
function linkOf(html: string): { href: string; rel: string; text: string } {
  const anchors = [...html.matchAll(/<a\b([^>]*)>([\s\S]*?)<\/a>/g)];
  expect(anchors).toHaveLength(1);
  const [, attributes = '', text = ''] = anchors[0] ?? [];
  const attribute = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1]?.replaceAll('&amp;', '&') ?? '';
  return { href: attribute('href'), rel: attribute('rel'), text };
}

const render = (over: Partial<BlockRender> = {}): Promise<string> => renderBlock({ block: 'manage_subscriptions', locale: 'en', customer: ana, ...over });

describe.each(blockNames())('blocks/%s', (block) => {
  it.each([
    ['en', 'Manage Subscriptions'],
    ['de', 'Abos verwalten'],
    ['de-AT', 'Abos verwalten'],
    ['fr', 'Manage Subscriptions'],
  ])('RP-11 BF-83 shows a signed-in shopper the link in %s', async (locale, label) => {
    const link = linkOf(await render({ block, locale }));

    expect(link).toEqual({ href: `/apps/rechannel/portal?page=subscriptions&locale=${locale}`, rel: 'nofollow', text: label });
  });

  it('BF-11 sends no script, no image and no request of its own', async () => {
    const html = await render({ block });

    expect(html).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|url\(|@import|\son[a-z]+=/i);
    expect(Buffer.byteLength(html)).toBeLessThan(4096);
  });

  it('RP-20 puts nothing about the shopper into the page', async () => {
    expect(await render({ block })).not.toMatch(/6001|Ana|example\.com/);
  });

  it('hides from guests by default, and shows when the merchant wants so', async () => {
    expect(await render({ block, customer: null })).not.toContain('<a');
    expect(linkOf(await render({ block, customer: null, settings: { signed_in_only: false } })).href).toContain('/apps/rechannel/portal');
  });

  it('shows in the theme editor to a merchant who is no shopper', async () => {
    expect(await render({ block, customer: null, designMode: true })).toContain('<a');
  });

  it('keeps the proxy path at the root of the domain in a language folder', async () => {
    expect(linkOf(await render({ block, locale: 'de', rootUrl: '/de' })).href).toMatch(/^\/apps\/rechannel\/portal\?/);
  });

  it.each(['subscriptions', 'delivery_schedule', 'orders', 'shipping', 'payment_methods', 'overview'])('opens the portal on %s', async (portalPage) => {
    const link = linkOf(await render({ block, settings: { portal_page: portalPage } }));

    expect(new URL(link.href, 'https://shop.example').searchParams.get('page')).toBe(portalPage);
  });

  it('escapes what the merchant typed, and takes blank as our own words', async () => {
    const html = await render({ block, settings: { label: '"><script>alert(1)</script>' } });

    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;');
    expect(linkOf(await render({ block, settings: { label: '   ' } })).text).toBe('Manage Subscriptions');
  });

  it('has a visible focus and a name that says where it leads', async () => {
    const html = await render({ block });

    expect(html).toMatch(/:focus-visible\s*{[^}]*outline: 2px/);
    expect(html).not.toMatch(/outline:\s*(none|0)/);
    expect(html).not.toMatch(/tabindex|aria-hidden/);
  });
});

describe('blocks/manage_subscriptions', () => {
  it('shows heading and text when chosen, in the shopper\'s language or the merchant\'s words', async () => {
    expect(await render()).not.toMatch(/<h2|<p>/);
    const german = await render({ locale: 'de', settings: { show_heading: true, show_text: true } });
    expect(german).toContain('<h2>Ihre Abos</h2>');
    expect(german).toMatch(/<p>Liefertermin/);
    expect(await render({ settings: { show_heading: true, heading: 'Coffee & more' } })).toContain('<h2>Coffee &amp; more</h2>');
  });

  it('is a button or a text link, aligned as chosen', async () => {
    expect(await render()).toMatch(/class="rechannel-manage__link rechannel-manage__link--button"/);
    expect(await render({ settings: { style: 'link', alignment: 'right' } })).toMatch(/rechannel-manage--right"[\s\S]*class="rechannel-manage__link"/);
  });

  it('inherits the theme\'s colours', async () => {
    const html = await render();
    expect(html).toContain('color: inherit');
    expect(html).not.toMatch(/#[0-9a-f]{3,6}\b/i);
  });
});

describe('blocks/manage_subscriptions_embed', () => {
  const embed = (pageType: string, settings: Record<string, unknown> = {}): Promise<string> => render({ block: 'manage_subscriptions_embed', pageType, settings });

  it.each([
    ['account', ['customers/account']],
    ['account_pages', ['customers/account', 'customers/order', 'customers/addresses']],
    ['everywhere', ['customers/account', 'customers/order', 'customers/addresses', 'index', 'product', 'cart']],
  ])('RP-12 set to %s it shows on %s and nowhere else', async (pages, expected) => {
    const shown: string[] = [];
    for (const pageType of ['customers/account', 'customers/order', 'customers/addresses', 'index', 'product', 'cart']) {
      if ((await embed(pageType, { pages })).includes('<a')) shown.push(pageType);
    }
    expect(shown).toEqual(expected);
  });

  it('shows on the account page alone unless the merchant says otherwise, and leaves other pages without a byte of markup', async () => {
    expect(await embed('customers/account')).toContain('<a');
    expect((await embed('index')).trim()).toBe('');
  });

  it('is a named landmark, and lies in the corner or at the end of the page', async () => {
    expect(await embed('customers/account')).toMatch(/<nav class="rechannel-manage rechannel-manage--corner rechannel-manage--corner-left" aria-label="Subscriptions">/);
    const end = await embed('customers/account', { placement: 'page_end' });
    expect(end).toContain('rechannel-manage--center');
    expect(end).not.toContain('#ffffff');
  });
});
