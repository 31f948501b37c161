/** The shopper's way in a browser: My Account, Manage Subscriptions, the hosted portal; and what she sees when it cannot be. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type DemoApp } from '../../demo/app.ts';
import { writeSetupFile } from '../../demo/setup-file.ts';
import { shop, startSimulators, type Simulators } from '../../demo/simulators.ts';

const pictures = path.resolve(import.meta.dirname, '../../test-results/portal');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

let simulators: Simulators;
let app: DemoApp;
let browser: Browser;
let dataDir: string;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  dataDir = mkdtempSync(path.join(tmpdir(), 'rechannel-portal-'));
  simulators = await startSimulators({ shopify: 0, storefront: 0, recharge: 0, bloomreach: 0 }, 0);
  app = await startApp(simulators, 0, dataDir);
  await app.cli('apply', writeSetupFile(dataDir));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await app?.stop();
  await simulators?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

type Visitor = { page: Page; picture(name: string): Promise<void>; close(): Promise<void> };

async function visitor({ width = 1280, locale = 'en-US', javaScriptEnabled = true } = {}): Promise<Visitor> {
  const context = await browser.newContext({ userAgent: chrome, viewport: { width, height: 800 }, locale, javaScriptEnabled });
  const page = await context.newPage();
  return {
    page,
    picture: async (name) => void (await page.screenshot({ path: path.join(pictures, `${name}-${locale.slice(0, 2)}-${width}.png`), fullPage: true })),
    close: () => context.close(),
  };
}

const storefront = () => simulators.shopify.storefrontUrl(shop);

async function signIn(page: Page, shopperId: number, returnUrl: string): Promise<void> {
  await page.goto(`${storefront()}${returnUrl}`);
  await page.locator(`button[name=customer_id][value="${shopperId}"]`).click();
}

/** The hosted portal greets the shopper by name: the token was good and hers. */
const arrived = (page: Page, name: string) => page.locator('.ok strong').filter({ hasText: name }).waitFor();

async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const result = (await page.evaluate('axe.run()')) as { violations: { id: string; impact: string }[] };
  return result.violations.filter((each) => each.impact === 'serious' || each.impact === 'critical').map((each) => each.id);
}

const sidewaysBy = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe('from My Account into the portal', () => {
  test.each([
    ['desktop, English', { width: 1280, locale: 'en-US' }, '/account', 'Manage Subscriptions'],
    ['phone, German', { width: 390, locale: 'de-DE' }, '/de/account', 'Abos verwalten'],
  ])('RP-11 RP-13 RP-24 a guest signs in and lands in the hosted portal, signed in (%s)', async (_, options, account, label) => {
    const { page, picture, close } = await visitor(options);
    await signIn(page, 6001, account);
    const link = page.getByRole('link', { name: label }).first();
    await link.waitFor();
    await picture('account');
    expect(await findings(page)).toEqual([]);

    await link.focus();
    await page.keyboard.press('Enter');
    await arrived(page, 'Ana Muster');

    await picture('portal');
    expect(page.url()).toContain('/tools/recurring/portal/');
    expect(new URL(page.url()).searchParams.get('token')).toMatch(/^[0-9a-f]{32}$/);
    await close();
  });

  test('BF-11 it works with JavaScript switched off, and the account page gets no script of ours', async () => {
    const { page, close } = await visitor({ javaScriptEnabled: false });
    await signIn(page, 6001, '/account');
    expect(await page.locator('script[src*="rechannel"], script[src*="manage"]').count()).toBe(0);

    await page.getByRole('link', { name: 'Manage Subscriptions' }).first().click();

    await arrived(page, 'Ana Muster');
    await close();
  });

  test('RP-24 a guest who opens the link directly signs in once and goes on to the portal', async () => {
    const { page, close } = await visitor();
    await signIn(page, 6002, '/apps/rechannel/portal?page=orders');

    await arrived(page, 'Ben Probe');
    expect(page.url()).toContain('/orders?token=');
    await close();
  });
});

describe('when it cannot be', () => {
  test.each([
    ['en-US', 1280],
    ['de-DE', 390],
  ])('RP-21 a shopper without subscriptions gets help that reveals nothing (%s, %i px)', async (locale, width) => {
    const { page, picture, close } = await visitor({ locale, width });
    await signIn(page, 6003, locale === 'de-DE' ? '/de/account' : '/account');
    await page.goto(`${storefront()}/apps/rechannel/portal${locale === 'de-DE' ? '?locale=de' : ''}`);

    await page.getByRole('heading', { level: 1 }).waitFor();
    await picture('no-subscription');
    expect(page.url()).toContain('/apps/rechannel/portal');
    expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2));
    expect(await page.content()).not.toMatch(/cleo|6003/i);
    expect(await findings(page)).toEqual([]);
    expect(await sidewaysBy(page)).toBe(0);
    await close();
  });

  test.each([
    ['en-US', 1280],
    ['de-DE', 320],
  ])('RP-25 with Recharge away a friendly page offers another try (%s, %i px)', async (locale, width) => {
    const rule = simulators.recharge.faults.add({ match: { path: '^/(customers|portal_access)' }, times: -1, fault: { kind: 'status', status: 503, body: '<html>down</html>' } });
    const { page, picture, close } = await visitor({ locale, width });
    await signIn(page, 6001, locale === 'de-DE' ? '/de/account' : '/account');

    const answer = await page.goto(`${storefront()}/apps/rechannel/portal${locale === 'de-DE' ? '?locale=de' : ''}`);

    expect(answer?.status()).toBe(502);
    await picture('recharge-away');
    expect(await findings(page)).toEqual([]);
    expect(await sidewaysBy(page)).toBe(0);
    simulators.recharge.faults.remove(rule.id);
    await page.getByRole('link').first().click();
    await arrived(page, 'Ana Muster');
    await close();
  });
});
