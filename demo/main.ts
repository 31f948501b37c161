/**
 * `npm run demo`: the whole product on loopback, connected and alive, until Ctrl-C.
 * `npm run demo -- --once`: the story once in the terminal, then exit code 0, or 1 with what failed.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startApp, type DemoApp } from './app.ts';
import { startFront } from './front.ts';
import { writeSetupFile } from './setup-file.ts';
import { shop, startSimulators, type Simulators } from './simulators.ts';
import { tellStory } from './story.ts';

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false }, customers: { type: 'string' }, port: { type: 'string', default: '4400' } } });
const root = path.resolve(import.meta.dirname, '..');
const dataDir = path.join(root, '.data', values.once ? 'demo-once' : 'demo');
mkdirSync(dataDir, { recursive: true });

const cleanUp: (() => Promise<unknown>)[] = [];
const say = (line: string) => process.stdout.write(`${line}\n`);

try {
  if (values.once) await once();
  else await stay();
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  await end(1);
}

async function once(): Promise<void> {
  const started = performance.now();
  const { simulators, app } = await open({ shopify: 0, storefront: 0, recharge: 0, bloomreach: 0 }, 0);
  await connect(app);
  await tellStory(simulators, app, say);
  say(`\nAll of it happened. ${Math.round((performance.now() - started) / 1000)} s.`);
  await end(0);
}

async function stay(): Promise<void> {
  process.on('SIGINT', () => void end(0));
  process.on('SIGTERM', () => void end(0));
  const port = Number(values.port);
  const { simulators, app } = await open({ shopify: port + 1, storefront: port + 2, recharge: port + 3, bloomreach: port + 4 }, port + 5);
  await connect(app);
  const front = await startFront(
    simulators,
    {
      admin: simulators.shopify.adminUrl(shop),
      adminGerman: simulators.shopify.adminUrl(shop, { locale: 'de' }),
      storefront: `${simulators.shopify.storefrontUrl(shop)}/account`,
      bloomreach: simulators.bloomreach.url,
      metrics: `${app.url}/metrics`,
      logFile: path.relative(process.cwd(), app.logFile),
    },
    port,
  );
  cleanUp.push(() => front.close());
  void simulators.recharge.traffic({ shop, perSecond: 0.2, seconds: 86_400, kind: 'mixed' });
  say(`
Open  ${front.url}

  Shopify admin      ${simulators.shopify.adminUrl(shop)}
  Storefront         ${simulators.shopify.storefrontUrl(shop)}/account
  Bloomreach heard   ${simulators.bloomreach.url}
  Log                ${path.relative(process.cwd(), app.logFile)}

Ctrl-C ends everything.`);
}

async function open(ports: Parameters<typeof startSimulators>[0], appPort: number): Promise<{ simulators: Simulators; app: DemoApp }> {
  say('Starting the simulated Shopify, Recharge and Bloomreach');
  const simulators = await startSimulators(ports, Number(values.customers ?? 60));
  cleanUp.push(() => simulators.close());
  say('Starting Rechannel: database, web, worker');
  const app = await startApp(simulators, appPort, dataDir);
  cleanUp.unshift(() => app.stop());
  return { simulators, app };
}

async function connect(app: DemoApp): Promise<void> {
  say('Connecting Recharge and Bloomreach with the setup file');
  await app.cli('apply', writeSetupFile(dataDir));
}

async function end(code: number): Promise<void> {
  for (const step of cleanUp.splice(0)) await step().catch(() => undefined);
  process.exit(code);
}
