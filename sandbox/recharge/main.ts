// Runs the Recharge simulator alone from a shell: npx node sandbox/recharge/main.ts --port 4100
import { parseArgs } from 'node:util';
import { runFromShell } from '../kit.ts';
import { startRechargeSimulator } from './simulator.ts';
import { DEFAULT_SECRET, DEFAULT_SHOP, DEFAULT_TOKEN } from './stores.ts';

const USAGE = `Usage: npx node sandbox/recharge/main.ts [options]
  --port N         default 4100; 0 lets the system choose
  --shop DOMAIN    default ${DEFAULT_SHOP}; repeat for more stores
  --token TOKEN    of the first store, default ${DEFAULT_TOKEN}
  --secret SECRET  its API client secret, default ${DEFAULT_SECRET}
  --customers N    in each store, default 25
  --seed SEED      default 1
  --time-scale N   1 keeps pace with the clock, 3600 makes an hour of a second, 0 waits for POST /_sim/clock; default 1
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4100' },
    shop: { type: 'string', multiple: true, default: [DEFAULT_SHOP] },
    token: { type: 'string', default: DEFAULT_TOKEN },
    secret: { type: 'string', default: DEFAULT_SECRET },
    customers: { type: 'string', default: '25' },
    seed: { type: 'string', default: '1' },
    'time-scale': { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(USAGE);
else {
  const stores = values.shop.map((shop, index) => ({ shop, customers: Number(values.customers), portalBaseUrl: 'self', ...(index === 0 && { tokens: [{ token: values.token, secret: values.secret }] }) }));
  const call = `curl -H 'X-Recharge-Access-Token: ${values.token}' -H 'X-Recharge-Version: 2021-11'`;
  await runFromShell(
    () => startRechargeSimulator({ port: Number(values.port), stores, seed: values.seed, timeScale: Number(values['time-scale']) }),
    [
      `${call} '$URL/customers?limit=2'`,
      `${call} -X POST $URL/webhooks -d '{"address":"http://127.0.0.1:9999/hook","topic":"subscription/cancelled","version":"2021-11"}'`,
      'curl $URL/_sim/stores',
      `curl -X POST $URL/_sim/do/cancel -d '{}'`,
      "curl '$URL/_sim/deliveries?bodies=0'",
      `curl -X POST $URL/_sim/clock -d '{"advanceSeconds":86400}'`,
    ],
  );
}
