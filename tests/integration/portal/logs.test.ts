// What a process that serves the portal route writes to its log, at the level that writes most (RP-09, P30).
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RechargeSimulator } from '#sandbox/recharge/simulator.ts';
import { apiToken, connectShop, eventually, freshShopper, makeLimitTable, pointAt, press, sample, shopDomain, startRecharge } from './stage.ts';

let recharge: RechargeSimulator;

beforeAll(async () => {
  recharge = await startRecharge();
  pointAt(recharge);
  await makeLimitTable();
  await connectShop(shopDomain);
});

afterAll(() => recharge.close());

it('RP-09 no token, hash, session, customer, query or Location reaches the log', async () => {
  const child = fork(path.join(import.meta.dirname, 'served.ts'), { env: { ...process.env, LOG_LEVEL: 'debug', NODE_ENV: 'development' }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let written = '';
  child.stdout?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const [url] = (await once(child, 'message')) as [string];
  const served = { url, close: async () => {} };
  const canary = 'kanarienvogel';

  const opened = await press(served, { customer: sample.shopifyId, extra: [['utm_source', canary], ['page', 'orders']] });
  const statuses = [opened.status, (await press(served, { extra: [['utm_source', canary]] })).status, (await press(served, { customer: '6999999999999' })).status];
  statuses.push((await press(served, { customer: '1', extra: [[canary, canary]] })).status);
  for (const fault of [{ kind: 'status', status: 500, body: { error: canary } }, { kind: 'reset' }] as const) {
    recharge.faults.add({ match: {}, times: -1, fault });
    statuses.push((await press(served, { customer: freshShopper() })).status);
    recharge.faults.clear();
  }
  recharge.switches.portalUrl = `https://evil.example/${canary}?token=1`;
  statuses.push((await press(served, { customer: sample.shopifyId })).status);
  await connectShop(shopDomain, 'sk_revoked_canary');
  statuses.push((await press(served, { customer: freshShopper() })).status);
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
  await eventually(() => Promise.resolve(written), (text) => text.split('Portal route answered').length > 7);

  expect(statuses).toEqual([302, 302, 200, 401, 502, 502, 502, 200]);
  const location = new URL(String(opened.headers.location));
  const hash = location.pathname.split('/')[4] ?? '';
  const token = location.searchParams.get('token') ?? '';
  expect([hash.length, token.length]).toEqual([30, 32]);
  expect(written).toContain('Portal route answered');
  for (const secret of [hash, token, apiToken, 'sk_revoked_canary', canary, sample.shopifyId, '6999999999999', 'signature', 'timestamp=', 'jacob@example.com', location.search]) {
    expect(written.includes(secret), secret === token ? 'token' : secret).toBe(false);
  }
  expect(written).not.toMatch(/\bst_[0-9a-f]{8}/);
});
