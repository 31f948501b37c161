/** A database that is away for a moment costs a moment, not a lease, and nothing is sent twice for it. The app reaches it through a proxy that can cut. */
import { Agent } from 'node:http';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refreshEnv } from '#app/env.server.ts';
import { startWorker, type Worker } from '#app/worker.server.ts';
import { createWebServer, type WebServer } from '#app/web/server.server.ts';
import { until } from '#tests/support/rig.ts';
import { openHistory, type History } from '../../../chaos/history.ts';
import { startProxy, type Proxy } from '../../../chaos/proxy.ts';
import type { SendingShop } from '../../../chaos/sender.ts';
import { startSink, type Sink } from '../../../chaos/sink.ts';
import { makeShop } from '../../../chaos/stage.ts';
import { post, signatureHeaders, webhookBody } from '../../../chaos/webhook.ts';

/** Well below the leases of 30 s (intake) and 40 s (lanes). */
const soonMs = 12_000;

let history: History;
let proxy: Proxy;
let direct: pg.Client;
let sink: Sink;
let web: WebServer;
let port: number;
let worker: Worker;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  const url = new URL(process.env.DATABASE_URL as string);
  direct = new pg.Client({ connectionString: url.href });
  await direct.connect();
  const databasePort = Number(url.port || 5432);
  proxy = await startProxy(() => [databasePort]);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  history = openHistory();
  sink = await startSink(history);
  Object.assign(process.env, { DATABASE_URL: url.href, BLOOMREACH_API_URL: `http://127.0.0.1:${sink.port}`, RECHARGE_API_URL: 'http://127.0.0.1:9', RETRY_DELAYS_SECONDS: '0.2,0.2,0.2', LOG_LEVEL: 'error' });
  refreshEnv();
  web = createWebServer();
  port = await web.listen(0, '127.0.0.1');
  worker = await startWorker();
});

afterAll(async () => {
  await worker.stop();
  agent.destroy();
  await web.stop(1_000);
  await direct.end();
  await Promise.all([sink.close(), proxy.close()]);
});

async function send(shop: SendingShop, event: string, customer: string): Promise<void> {
  const body = webhookBody('subscription/created', event, customer, 'Coffee');
  const answer = await post(agent, port, `/webhooks/recharge/${shop.connectionKey}/subscription/created`, body, signatureHeaders(shop.secret, body));
  expect(answer.status).toBe(200);
}

const arrivals = (event: string) => history.entries.filter((entry) => entry.kind === 'arrived' && entry.event === event).length;

async function stateOf(event: string): Promise<string | undefined> {
  const { rows } = await direct.query<{ state: string }>('select d.state from "Delivery" d join "Event" e on e.id = d."eventId" where e."objectId" = $1', [event]);
  return rows[0]?.state;
}

/** Cuts everything for a second, as a restart of the database would. */
async function cutForASecond(): Promise<void> {
  proxy.set({ kind: 'reset' });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  proxy.set({ kind: 'none' });
}

test('P01 P02 what was sent while the database went away is recorded once it is back, and not sent again', async () => {
  const shop = await makeShop('recorded');
  let cut: Promise<void> | undefined;
  sink.behave(() => {
    cut ??= cutForASecond();
    return { do: 'take', ms: 200 };
  });

  await send(shop, '3001', '1');
  await until('its outcome is recorded', async () => (await stateOf('3001')) === 'delivered', soonMs);

  await cut;
  expect(arrivals('3001')).toBe(1);
});

test('P01 webhooks that were being read while the database went away become events once it is back', async () => {
  const shop = await makeShop('read');
  sink.behave(() => ({ do: 'take' }));
  // Holds up the transaction that writes the events, so that the cut meets it with the lease taken.
  await direct.query('begin');
  await direct.query('lock table "Event" in exclusive mode');
  await send(shop, '4001', '1');
  await until('the worker waits', async () => (await direct.query(`select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database()) and relation = '"Event"'::regclass`)).rowCount === 1);
  await cutForASecond();
  await direct.query('rollback');

  await until('it is delivered', async () => (await stateOf('4001')) === 'delivered', soonMs);

  expect(arrivals('4001')).toBe(1);
});
