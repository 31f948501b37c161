import { spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pool } from '#app/db.server.ts';
import { startSchedule } from '#app/schedule/schedule.server.ts';
import { until } from '#tests/support/rig.ts';
import { startStage, tally, unhurried, type Stage } from './stage.ts';

let stage: Stage;
const root = path.resolve(import.meta.dirname, '../../..');

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.rig.close());

test('P13 the nightly re-read of a worker that was killed is taken over by another one and done once', { timeout: 180_000 }, async () => {
  const shop = await stage.shop();
  await shop.run('webhook-check');
  await pool().query(`update "Connection" set "createdAt" = now() - interval '3 days' where "shopId" = $1`, [shop.shopId]);
  await shop.act('cancel', {}, { lost: true });
  const hang = stage.rig.recharge.faults.add({ match: { path: '/charges$' }, times: -1, fault: { kind: 'hang' } });
  const script = `const { startSchedule } = await import('#app/schedule/schedule.server.ts'); await startSchedule();`;
  const worker = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env: { ...process.env }, stdio: 'ignore' });
  await unhurried(() => until('the worker is in the middle of its read', () => stage.rig.recharge.requests.some(({ path: asked, status }) => asked === '/charges' && status === null), 60_000));
  worker.kill('SIGKILL');
  const killedAt = performance.now();
  stage.rig.recharge.faults.remove(hang.id);

  const other = await startSchedule();
  const done = () => pool().query<{ slot: string }>(`select slot from "ScheduledRun" where "shopId" = $1 and job = 'reconcile' and state = 'done' and report ? 'accepted'`, [shop.shopId]);
  try {
    await unhurried(() => until('another worker has done it', async () => (await done()).rowCount === 1, 120_000));
  } finally {
    await other.stop();
  }

  console.info(`Takeover: the run of a killed worker was done by another ${Math.round((performance.now() - killedAt) / 1000)} s after the kill`);
  expect((await done()).rows).toHaveLength(1);
  expect(Object.entries(tally(await shop.told(/^subscription\.cancelled/))).map(([, count]) => count)).toEqual([1]);
});
