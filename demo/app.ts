/** Runs Rechannel itself for the demo, as an operator would: the production processes and the CLI, with the demo's settings. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { openEmbeddedDatabase } from '#app/database/embedded.server.ts';
import { bloomreachProject, rechargeSecret, rechargeToken, shop, type Simulators } from './simulators.ts';

export type DemoApp = {
  url: string;
  /** Runs a command of the CLI and returns what it printed as JSON. Throws with its error text. */
  cli(...words: string[]): Promise<unknown>;
  logFile: string;
  stop(): Promise<void>;
};

const root = path.resolve(import.meta.dirname, '..');

/** An empty database of its own, then web and worker; resolves when the app says it is ready. */
export async function startApp(simulators: Simulators, port: number, dataDir: string): Promise<DemoApp> {
  mkdirSync(dataDir, { recursive: true });
  const database = await openEmbeddedDatabase({ dataDir });
  const databaseUrl = await emptyDatabase(database.url);
  const url = `http://127.0.0.1:${port || (await freePort())}`;
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    PORT: new URL(url).port,
    HOST: '127.0.0.1',
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    SHOPIFY_APP_URL: url,
    SHOPIFY_API_URL: simulators.shopify.url,
    RECHARGE_API_URL: simulators.recharge.url,
    BLOOMREACH_API_URL: simulators.bloomreach.url,
    APP_BRIDGE_URL: `${simulators.shopify.url}/app-bridge.js`,
    PORTAL_ALLOWED_HOSTS: new URL(simulators.shopify.storefrontUrl(shop)).host,
    RECHARGE_TOKEN: rechargeToken,
    RECHARGE_SECRET: rechargeSecret,
    BLOOMREACH_SECRET: bloomreachProject.keys[0]?.secret,
  };
  const logFile = path.join(dataDir, 'app.log');
  const log = createWriteStream(logFile);
  const child = spawn(process.execPath, [...process.execArgv, path.join(root, 'processes/start.ts')], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  await untilReady(`${url}/readyz`, child, logFile);
  simulators.shopify.setAppUrl(url);
  return {
    url,
    logFile,
    cli: (...words) => runCli(environment, words),
    async stop() {
      await ended(child);
      await database.stop();
    },
  };
}

/** A port of loopback that nothing listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** The demo begins anew each time; a database of a former run is dropped. */
async function emptyDatabase(url: string): Promise<string> {
  const name = 'rechannel_demo';
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

async function untilReady(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const limit = performance.now() + 60_000;
  while (performance.now() < limit) {
    if (child.exitCode !== null) throw new Error(`The app ended with exit code ${child.exitCode}; its log is ${logFile}`);
    const ready = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then((answer) => answer.ok, () => false);
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The app did not become ready within a minute; its log is ${logFile}`);
}

function runCli(environment: NodeJS.ProcessEnv, words: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, path.join(root, 'processes/cli.ts'), ...words, '--json'], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let problems = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (problems += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`rechannel ${words.join(' ')} ended with exit code ${code}: ${problems || out}`));
    });
  });
}

/** Stops the whole process group; after half a minute without mercy. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const limit = setTimeout(() => killGroup(child, 'SIGKILL'), 30_000);
    child.once('exit', () => {
      clearTimeout(limit);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}
