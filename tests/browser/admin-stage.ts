/** The whole product for a browser: simulated Shopify, Recharge and Bloomreach, Rechannel's own web and worker processes, one page. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type FrameLocator, type Page } from 'playwright-core';
import { createTestDatabase } from '#tests/support/database.ts';
import { freePort } from '../../demo/app.ts';
import { startSimulators, type Simulators } from '../../demo/simulators.ts';

export type AdminStage = Simulators & {
  appUrl: string;
  databaseUrl: string;
  /** A fresh page of a fresh visitor; `width` in px. */
  open(options?: { width?: number }): Promise<AdminPage>;
  /** What the processes wrote so far. */
  log(): string;
  stop(): Promise<void>;
};

export type AdminPage = {
  page: Page;
  /** The app inside the admin. */
  frame: FrameLocator;
  /** Messages of the browser's console that are errors, and uncaught ones. */
  faults: string[];
  goto(appPath: string, locale?: 'en' | 'de'): Promise<void>;
  /** The whole page as a picture under test-results/. */
  picture(name: string): Promise<void>;
  /** How far the app's page can be moved sideways, px; 0 is right. */
  sidewaysBy(): Promise<number>;
  close(): Promise<void>;
};

const root = path.resolve(import.meta.dirname, '..', '..');
const pictures = path.join(root, 'test-results', 'admin');
/** Shopify's package answers 410 to browsers that call themselves headless. */
const ordinaryChrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export async function startAdminStage(): Promise<AdminStage> {
  const database = await createTestDatabase();
  const simulators = await startSimulators({ shopify: 0, storefront: 0, recharge: 0, bloomreach: 0 }, 12);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'rechannel-browser-'));
  const port = await freePort();
  const appUrl = `http://127.0.0.1:${port}`;
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: 'development',
    PORT: String(port),
    HOST: '127.0.0.1',
    DATA_DIR: dataDir,
    DATABASE_URL: database.url,
    SHOPIFY_APP_URL: appUrl,
    SHOPIFY_API_URL: simulators.shopify.url,
    APP_BRIDGE_URL: `${simulators.shopify.url}/app-bridge.js`,
    RECHARGE_API_URL: simulators.recharge.url,
    BLOOMREACH_API_URL: simulators.bloomreach.url,
    RETRY_DELAYS_SECONDS: '0.5,0.5',
    LOG_LEVEL: 'warn',
  };
  let log = '';
  const processes = ['web', 'worker'].map((role) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, 'processes', `${role}.ts`)], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    return child;
  });
  await untilReady(`${appUrl}/readyz`, processes, () => log);
  simulators.shopify.setAppUrl(appUrl);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  mkdirSync(pictures, { recursive: true });
  return {
    ...simulators,
    appUrl,
    databaseUrl: database.url,
    log: () => log,
    open: ({ width = 1280 } = {}) => openPage(browser, simulators, width),
    async stop() {
      await browser.close();
      await Promise.all(processes.map(ended));
      await simulators.close();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function openPage(browser: Browser, { shopify }: Simulators, width: number): Promise<AdminPage> {
  const context = await browser.newContext({ userAgent: ordinaryChrome, viewport: { width, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  const frame = page.frameLocator('#app');
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  return {
    page,
    frame,
    faults,
    async goto(appPath, locale = 'en') {
      await page.goto(shopify.adminUrl(undefined, { locale, path: appPath }));
      await frame.locator('.Polaris-Page').first().waitFor();
      await hydrated(page);
    },
    async picture(name) {
      // The frame has its own scrolling; a tall window shows all of it.
      const height = await frame.locator('html').evaluate((html) => html.scrollHeight);
      await page.setViewportSize({ width, height: Math.min(Math.max(height + 180, 900), 5000) });
      await page.screenshot({ path: path.join(pictures, `${name}-${width}.png`) });
      await page.setViewportSize({ width, height: 900 });
    },
    sidewaysBy: () => frame.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth),
    close: () => context.close(),
  };
}

/** Clicks before React has taken over would be lost. */
async function hydrated(page: Page): Promise<void> {
  const inner = page.frames().find((each) => each.name() === 'app-iframe');
  await inner?.waitForFunction(() => Object.keys(document.querySelector('.Polaris-Page') ?? {}).some((key) => key.startsWith('__reactFiber')));
}

async function untilReady(url: string, processes: ChildProcess[], log: () => string): Promise<void> {
  for (const limit = performance.now() + 60_000; ; ) {
    const ready = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return;
    if (processes.some((child) => child.exitCode !== null) || performance.now() > limit) throw new Error(`Rechannel did not start:\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const hurry = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(hurry);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
