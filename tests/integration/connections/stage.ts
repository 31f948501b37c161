/** A simulated Recharge with one store and a simulated Bloomreach, and settings under which the app talks to them. */
import { refreshEnv } from '#app/env.server.ts';
import { demoProject } from '#sandbox/bloomreach/options.ts';
import { startBloomreachSimulator, type BloomreachSimulator } from '#sandbox/bloomreach/server.ts';
import { startRechargeSimulator, type RechargeSimulator } from '#sandbox/recharge/simulator.ts';

export type Stage = { recharge: RechargeSimulator; bloomreach: BloomreachSimulator; close(): Promise<void> };

export const firstToken = { token: 'sk_first_token_of_the_store_1111', secret: 'first-client-secret-of-the-store-1111' };
export const secondToken = { token: 'sk_second_token_of_the_store_2222', secret: 'second-client-secret-of-the-store-2222' };
export const thirdToken = { token: 'sk_third_token_of_the_store_3333', secret: 'third-client-secret-of-the-store-3333' };
/** What the portal needs beyond what destinations do. */
export const readScopes = ['read_customers', 'read_subscriptions', 'read_orders'];

export const bloomreachSettings = {
  apiBaseUrl: 'https://api.exponea.com',
  projectToken: demoProject.token,
  apiKeyId: 'demo-key-id',
  apiSecret: 'demo-key-secret',
};

/** The variables that point the app at simulators; also for spawned processes. */
export function variablesFor({ recharge, bloomreach }: Pick<Stage, 'recharge' | 'bloomreach'>): Record<string, string> {
  return {
    RECHARGE_API_URL: recharge.url,
    BLOOMREACH_API_URL: bloomreach.url,
    SHOPIFY_APP_URL: 'https://app.example.com',
    ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
  };
}

/** Starts both simulators; the store has three tokens with all scopes. */
export async function openStage(): Promise<Stage> {
  const recharge = await startRechargeSimulator({
    stores: [{ shop: 'acme-usa.myshopify.com', customers: 3, withSample: true, tokens: [firstToken, secondToken, thirdToken] }],
    switches: { rateLimit: false, rateCapacity: 10_000, daily: false },
    timeScale: 0,
  });
  const bloomreach = await startBloomreachSimulator();
  Object.assign(process.env, variablesFor({ recharge, bloomreach }));
  refreshEnv();
  return {
    recharge,
    bloomreach,
    async close() {
      await recharge.close();
      await bloomreach.close();
    },
  };
}

/** Registrations that a token of the store owns, as topic and address. */
export function registrationsOf(recharge: RechargeSimulator, token: string): { topic: string; address: string }[] {
  return [...recharge.store('acme-usa.myshopify.com').webhooks.all()].filter((row) => row.token === token).map(({ topic, address }) => ({ topic, address }));
}
