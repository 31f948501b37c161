/** What no vendor and no row may do: stop the deliveries beside it. Web server and worker in this process, the chaos sink as Bloomreach. */
import { Agent } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refreshEnv } from '#app/env.server.ts';
import { pool } from '#app/db.server.ts';
import { startWorker, type Worker } from '#app/worker.server.ts';
import { createWebServer, type WebServer } from '#app/web/server.server.ts';
import { until } from '#tests/support/rig.ts';
import { openHistory, type History } from '../../../chaos/history.ts';
import type { SendingShop } from '../../../chaos/sender.ts';
import { startSink, type Sink } from '../../../chaos/sink.ts';
import { makeShop } from '../../../chaos/stage.ts';
import { post, signatureHeaders, webhookBody } from '../../../chaos/webhook.ts';

let history: History;
let sink: Sink;
let web: WebServer;
let port: number;
let worker: Worker | undefined;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  history = openHistory();
  sink = await startSink(history);
  web = createWebServer();
  port = await web.listen(0, '127.0.0.1');
  Object.assign(process.env, { BLOOMREACH_API_URL: `http://127.0.0.1:${sink.port}`, RECHARGE_API_URL: 'http://127.0.0.1:9', RETRY_DELAYS_SECONDS: '0.2,0.2,0.2', LOG_LEVEL: 'error' });
  refreshEnv();
});

afterAll(async () => {
  await worker?.stop();
  agent.destroy();
  await web.stop(1_000);
  await sink.close();
});

async function send(shop: SendingShop, event: string, customer: string): Promise<void> {
  const body = webhookBody('subscription/created', event, customer, 'Coffee');
  const answer = await post(agent, port, `/webhooks/recharge/${shop.connectionKey}/subscription/created`, body, signatureHeaders(shop.secret, body));
  expect(answer.status).toBe(200);
}

async function stateOf(event: string): Promise<{ state: string; reason: string | null } | undefined> {
  const { rows } = await pool().query<{ state: string; reason: string | null }>('select d.state, d.reason from "Delivery" d join "Event" e on e.id = d."eventId" where e."objectId" = $1', [event]);
  return rows[0];
}

const arrivals = (event: string) => history.entries.filter((entry) => entry.kind === 'arrived' && entry.event === event).length;

test('P05 a refusal in words that no database can store kills its own delivery and repeats no other', async () => {
  const shop = await makeShop('words');
  sink.behave(() => ({ do: 'take', refuse: new Map([['1001', 'not \u0000 valid \ud800']]) }));
  await send(shop, '1001', '1');
  await send(shop, '1002', '2');
  await send(shop, '1003', '1');
  worker = await startWorker();

  await until('all three are settled', async () => (await stateOf('1003'))?.state === 'delivered' && (await stateOf('1002'))?.state === 'delivered' && (await stateOf('1001'))?.state === 'dead');

  expect((await stateOf('1001'))?.reason).toContain('valid');
  expect([arrivals('1001'), arrivals('1002'), arrivals('1003')]).toEqual([0, 1, 1]);
});

test('P05 a delivery whose kept commands cannot be opened dies with a reason and holds up no other customer', async () => {
  await worker?.stop();
  worker = undefined;
  const shop = await makeShop('sealed');
  sink.behave(() => ({ do: 'answer', status: 503 }));
  await send(shop, '2001', '1');
  worker = await startWorker();
  await until('its commands are kept', async () => (await pool().query(`select 1 from "Delivery" d join "Event" e on e.id = d."eventId" where e."objectId" = '2001' and d."commandsSealed" is not null`)).rowCount === 1);
  await worker.stop();
  worker = undefined;
  await pool().query(`update "Delivery" d set "commandsSealed" = '\\x00', "dueAt" = now() from "Event" e where e.id = d."eventId" and e."objectId" = '2001'`);
  await pool().query(`update "Lane" set "readyAt" = now() where "readyAt" is not null`);
  sink.behave(() => ({ do: 'take' }));
  await send(shop, '2002', '2');
  await send(shop, '2003', '1');
  worker = await startWorker();

  await until('the others are delivered', async () => (await stateOf('2002'))?.state === 'delivered' && (await stateOf('2003'))?.state === 'delivered');

  expect(await stateOf('2001')).toMatchObject({ state: 'dead', reason: expect.stringContaining('Rechannel could not handle this') as unknown });
});
