// Runs the Shopify simulator alone from a shell. PORT, STOREFRONT_PORT, APP_URL, SHOPIFY_API_KEY and SHOPIFY_API_SECRET set it up.
import { runFromShell } from '../kit.ts';
import { demoShop, startShopifySimulator } from './server.ts';

const { PORT, STOREFRONT_PORT, APP_URL, SHOPIFY_API_KEY, SHOPIFY_API_SECRET } = process.env;

await runFromShell(async () => {
  const simulator = await startShopifySimulator({
    port: Number(PORT ?? 0),
    shops: [{ ...demoShop, storefrontPort: Number(STOREFRONT_PORT ?? 0) }],
    appUrl: APP_URL ?? 'http://127.0.0.1:3000',
    ...(SHOPIFY_API_KEY !== undefined && { apiKey: SHOPIFY_API_KEY }),
    ...(SHOPIFY_API_SECRET !== undefined && { apiSecret: SHOPIFY_API_SECRET }),
  });
  process.stdout.write(`admin       ${simulator.adminUrl()}\nstorefront  ${simulator.storefrontUrl()}/account\n\n`);
  return simulator;
}, [
  `curl -X PUT $URL/_sim/app -d '{"url":"http://127.0.0.1:3000"}'`,
  `curl "$URL/session-token?shop=${demoShop.domain}"`,
  `curl -X POST $URL/_sim/shopify-webhook -d '{"topic":"app/uninstalled","shop":"${demoShop.domain}"}'`,
  `curl -X PATCH $URL/_sim/switches -d '{"themeEmbed":"everywhere"}'`,
  'curl $URL/_sim/shops',
]);
