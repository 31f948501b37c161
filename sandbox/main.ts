// All simulators at once from a shell: npm run sandbox. Each also runs alone, see docs/sandbox.md.
import { startBloomreachSimulator } from './bloomreach/server.ts';
import { startRechargeSimulator } from './recharge/simulator.ts';
import { DEFAULT_SECRET, DEFAULT_TOKEN } from './recharge/stores.ts';
import { demoShop, startShopifySimulator } from './shopify/server.ts';

const shopify = await startShopifySimulator({ port: 4101 });
const recharge = await startRechargeSimulator({
  port: 4100,
  stores: [{ shop: demoShop.domain, portalBaseUrl: `${shopify.storefrontUrl(demoShop.domain)}/tools/recurring/portal`, tokens: [{ token: DEFAULT_TOKEN, secret: DEFAULT_SECRET }] }],
});
const bloomreach = await startBloomreachSimulator({ port: 4102 });

process.stdout.write(`RECHARGE_API_URL=${recharge.url}      token ${DEFAULT_TOKEN}, secret ${DEFAULT_SECRET}
SHOPIFY_API_URL=${shopify.url}       admin ${shopify.adminUrl()}, storefront ${shopify.storefrontUrl()}
BLOOMREACH_API_URL=${bloomreach.url}
APP_BRIDGE_URL=${shopify.url}/app-bridge.js
Tell the Shopify simulator where the app listens: curl -X PUT ${shopify.url}/_sim/app -d '{"url":"http://127.0.0.1:3000"}'
`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void Promise.all([shopify.close(), recharge.close(), bloomreach.close()]).then(() => process.exit(0)));
}
