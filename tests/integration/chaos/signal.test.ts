/** A worker that is told to stop while it still starts: real process, real signal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pool } from '#app/db.server.ts';
import { refreshEnv } from '#app/env.server.ts';
import { createWebServer } from '#app/web/server.server.ts';
import { until } from '#tests/support/rig.ts';
import { openHistory } from '../../../chaos/history.ts';
import { startSink } from '../../../chaos/sink.ts';
import { makeShop } from '../../../chaos/stage.ts';
import { post, signatureHeaders, webhookBody } from '../../../chaos/webhook.ts';

const workerFile = path.resolve(import.meta.dirname, '../../../processes/worker.ts');

test('P31 SIGTERM before background work has begun lets what is being sent end, and it is not sent again', async () => {
  process.env.ENCRYPTION_KEYS = `test:${randomBytes(32).toString('base64')}`;
  refreshEnv();
  const history = openHistory();
  const sink = await startSink(history);
  const web = createWebServer();
  const port = await web.listen(0, '127.0.0.1');
  const agent = new Agent();
  const shop = await makeShop('signal');
  const body = webhookBody('subscription/created', '5001', '1', 'Coffee');
  expect((await post(agent, port, `/webhooks/recharge/${shop.connectionKey}/subscription/created`, body, signatureHeaders(shop.secret, body))).status).toBe(200);
  // The queue of background work makes its schema at the first start: this one holds it up there.
  const blocker = await pool().connect();
  await blocker.query('begin');
  await blocker.query('set local idle_in_transaction_session_timeout = 0');
  await blocker.query('create schema pgboss');
  sink.behave(() => ({ do: 'take', ms: 1_000 }));
  const worker = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', workerFile], {
    stdio: 'ignore', env: { ...process.env, BLOOMREACH_API_URL: `http://127.0.0.1:${sink.port}`, RECHARGE_API_URL: 'http://127.0.0.1:9', LOG_LEVEL: 'error' },
  });
  try {
    await until('the destination has the request', () => sink.requests.length > 0);
    const ended = once(worker, 'exit') as Promise<[number | null, string | null]>;
    worker.kill('SIGTERM');
    await until('its outcome is recorded', async () => (await pool().query(`select 1 from "Delivery" where state = 'delivered'`)).rowCount === 1, 10_000);
    await blocker.query('rollback');

    expect(await ended).toEqual([0, null]);

    expect(history.entries.filter((entry) => entry.kind === 'arrived')).toHaveLength(1);
    expect((await pool().query(`select 1 from "Lane" where "leaseToken" is not null`)).rowCount).toBe(0);
  } finally {
    worker.kill('SIGKILL');
    await blocker.query('rollback');
    blocker.release();
    agent.destroy();
    await web.stop(1_000);
    await sink.close();
  }
});
