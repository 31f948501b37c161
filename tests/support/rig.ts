/**
 * Rechannel in one process against the simulators, for tests of whole paths: a web server that takes webhooks, a worker,
 * Recharge and Bloomreach over HTTP, the test file's own database.
 */
import { randomUUID } from 'node:crypto';
import { demoProject, startBloomreachSimulator, type BloomreachOptions, type BloomreachSimulator } from '#sandbox/bloomreach/server.ts';
import { startRechargeSimulator, type RechargeOptions, type RechargeSimulator, type StoreOptions } from '#sandbox/recharge/simulator.ts';
import { refreshEnv } from '#app/env.server.ts';
import { connectRecharge } from '#app/connections/recharge.server.ts';
import { saveDestination, type DestinationView } from '#app/connections/destinations.server.ts';
import { ensureShop } from '#app/connections/shops.server.ts';
import { createWebServer } from '#app/web/server.server.ts';
import { startWorker } from '#app/worker.server.ts';

export type Rig = {
  recharge: RechargeSimulator;
  bloomreach: BloomreachSimulator;
  webUrl: string;
  /** A shop of its own at the simulated Recharge, connected; with Bloomreach too unless told otherwise. */
  shop(options?: { bloomreach?: Record<string, unknown> | null; store?: Partial<StoreOptions> }): Promise<RigShop>;
  startWorker(): Promise<{ stop(): Promise<void> }>;
  close(): Promise<void>;
};

export type RigShop = { domain: string; shopId: string; token: string; secret: string; bloomreach: DestinationView | null };

export const bloomreachSettings = {
  apiBaseUrl: 'https://api.exponea.com',
  projectToken: demoProject.token,
  apiKeyId: demoProject.keys[0]?.id ?? '',
  apiSecret: demoProject.keys[0]?.secret ?? '',
};

/** Retries are quick here: tenths of a second instead of minutes. */
export async function startRig({ recharge: rechargeOptions = {}, bloomreach: bloomreachOptions = {}, retryDelays = '0.1,0.1,0.2,0.2,0.3,0.3,0.5' }: { recharge?: RechargeOptions; bloomreach?: BloomreachOptions; retryDelays?: string } = {}): Promise<Rig> {
  const recharge = await startRechargeSimulator({ timeScale: 50, ...rechargeOptions });
  const bloomreach = await startBloomreachSimulator(bloomreachOptions);
  const web = createWebServer();
  const port = await web.listen(0, '127.0.0.1');
  const webUrl = `http://127.0.0.1:${port}`;
  Object.assign(process.env, {
    SHOPIFY_APP_URL: webUrl, RECHARGE_API_URL: recharge.url, BLOOMREACH_API_URL: bloomreach.url, RETRY_DELAYS_SECONDS: retryDelays, LOG_LEVEL: 'error',
  });
  refreshEnv();
  const workers: { stop(): Promise<void> }[] = [];
  return {
    recharge,
    bloomreach,
    webUrl,
    async shop({ bloomreach: settings = {}, store = {} } = {}) {
      const name = `shop-${randomUUID().slice(0, 8)}`;
      const domain = `${name}.myshopify.com`;
      const [token, secret] = [`sk_${name}`, `secret-of-${name}`];
      recharge.addStore({ shop: domain, customers: 5, tokens: [{ token, secret }], ...store });
      const { shopId } = await ensureShop(domain);
      await connectRecharge(shopId, { apiToken: token, clientSecret: secret }, 'test');
      const saved = settings === null ? null : await saveDestination(shopId, 'bloomreach', { ...bloomreachSettings, ...settings }, 'test');
      return { domain, shopId, token, secret, bloomreach: saved?.view ?? null };
    },
    async startWorker() {
      const worker = await startWorker();
      workers.push(worker);
      return worker;
    },
    async close() {
      for (const worker of workers) await worker.stop();
      await web.stop(1_000);
      await Promise.all([recharge.close(), bloomreach.close()]);
    },
  };
}

/** Polls until `look` gives something; fails with `what` after the limit. Never sleeps longer than it must. */
export async function until<Value>(what: string, look: () => Value | undefined | null | false | Promise<Value | undefined | null | false>, limitMs = 45_000): Promise<Value> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > limit) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
