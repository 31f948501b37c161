import { spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pool } from '#app/db.server.ts';
import { backfill } from '#app/schedule/backfill.server.ts';
import { runJob } from '#app/schedule/jobs.server.ts';
import { parity } from '#app/schedule/parity.server.ts';
import { dueOf, dueReconciles, reconcile } from '#app/schedule/reconcile.server.ts';
import { slotStart } from '#app/schedule/slots.ts';
import { addDays, calendarDayIn } from '#app/time.ts';
import { until } from '#tests/support/rig.ts';
import { startStage, tally, typesOf, unhurried, type Stage } from './stage.ts';

let stage: Stage;
const root = path.resolve(import.meta.dirname, '../../..');

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.rig.close());

describe('a slot', () => {
  test('P13 the same slot asked for five times at once is done once', async () => {
    const shop = await stage.shop();
    await shop.act('cancel', {}, { lost: true });

    const answers = await unhurried(() => Promise.all(Array.from({ length: 5 }, () => runJob('reconcile', shop.shopId, '2026-11-20'))));

    expect(answers.map(({ ran }) => ran).filter(Boolean)).toHaveLength(1);
    expect(answers.filter(({ ran }) => !ran).every(({ accepted }) => accepted === 0)).toBe(true);
    expect(typesOf(await shop.told(/^subscription\.cancelled/))).toHaveLength(1);
    const runs = await pool().query(`select 1 from "ScheduledRun" where "shopId" = $1 and job = 'reconcile' and state = 'done'`, [shop.shopId]);
    expect(runs.rowCount).toBe(1);
  });

  test('a run that failed is done again; without a slot a run by hand is always done', async () => {
    const shop = await stage.shop();
    await shop.act('cancel', {}, { lost: true });
    const broken = stage.rig.recharge.faults.add({ match: { path: '/customers$' }, times: -1, fault: { kind: 'status', status: 422, body: { errors: 'no' } } });
    await expect(shop.run('reconcile', '2026-11-20')).rejects.toMatchObject({ system: 'Recharge' });
    stage.rig.recharge.faults.remove(broken.id);

    expect(await shop.run('reconcile', '2026-11-20')).toMatchObject({ ran: true });
    await shop.act('create-subscription', {}, { lost: true });
    expect(await shop.run('reconcile', '2026-11-20')).toMatchObject({ ran: false, accepted: 0 });
    expect((await shop.run('reconcile')).accepted).toBeGreaterThan(0);
  });

  test('P13 after three days without a worker one run reads all of it, and every day is on record once', async () => {
    const shop = await stage.shop();
    const today = calendarDayIn('utc', new Date());
    const now = new Date(slotStart(shop.shopId, today).getTime() + 60_000);
    await pool().query(`update "Connection" set "createdAt" = $2 where "shopId" = $1`, [shop.shopId, new Date(now.getTime() - 10 * 86_400_000)]);
    for (const ago of [7, 6, 5, 4, 3]) {
      await pool().query(`insert into "ScheduledRun" ("shopId", job, slot, state, "startedAt") values ($1, 'reconcile', $2, 'done', $3)`, [shop.shopId, addDays(today, -ago), slotStart(shop.shopId, addDays(today, -ago))]);
    }
    const due = (await dueOf(shop.shopId, now)).filter((slot) => slot > addDays(today, -3));
    expect(due).toEqual([today, addDays(today, -1), addDays(today, -2)]);

    const { report } = await unhurried(() => reconcile(shop.shopId, today));

    expect(new Date(report?.since ?? 0).getTime()).toBeLessThanOrEqual(slotStart(shop.shopId, addDays(today, -3)).getTime());
    const { rows } = await pool().query<{ slot: string }>(
      `select slot from "ScheduledRun" where "shopId" = $1 and job = 'reconcile' and state = 'done' and slot >= $2 order by slot`,
      [shop.shopId, addDays(today, -2)],
    );
    expect(rows.map(({ slot }) => slot)).toEqual([addDays(today, -2), addDays(today, -1), today]);
    expect((await dueReconciles(now, shop.shopId)).flatMap(({ slots }) => slots).filter((slot) => slot > addDays(today, -7))).toEqual([]);
  });

  test('a run whose process is killed in the middle is done again and nothing is half told or told twice', async () => {
    const shop = await stage.shop({ customers: 8, wishes: Array.from({ length: 8 }, (_, number) => ({ email: `killed.${number}@example.com`, subscriptions: 1 })) });
    for (const row of [...shop.store().subscriptions.all()].filter((each) => each.status === 'active')) await shop.act('cancel', { subscriptionId: row.id }, { lost: true });
    const hang = stage.rig.recharge.faults.add({ match: { path: '/charges$' }, times: -1, fault: { kind: 'hang' } });
    const script = `const { runJob } = await import('#app/schedule/jobs.server.ts'); await runJob('reconcile', '${shop.shopId}', '2026-11-19');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env: { ...process.env }, stdio: 'ignore' });
    await unhurried(() => until('the child is at its charges', () => stage.rig.recharge.requests.some(({ path: asked, status }) => asked === '/charges' && status === null), 40_000));
    child.kill('SIGKILL');
    await until('the child is gone', () => child.signalCode !== null);
    stage.rig.recharge.faults.remove(hang.id);
    const half = await pool().query<{ state: string }>(`select state from "ScheduledRun" where "shopId" = $1 and slot = '2026-11-19'`, [shop.shopId]);
    expect(half.rows).toEqual([{ state: 'running' }]);
    expect(typesOf(await shop.told(/^subscription\.cancelled/))).toHaveLength(8);

    expect(await shop.run('reconcile', '2026-11-19')).toMatchObject({ ran: true });

    const counts = tally(await shop.told());
    expect(Object.keys(counts).filter((name) => name.startsWith('subscription.cancelled'))).toHaveLength(8);
    expect(Object.values(counts).every((count) => count === 1)).toBe(true);
  });

  test('an unknown job and a slot that is no day are refused with what there is', async () => {
    await expect(runJob('nonsense', '1')).rejects.toThrow('reconcile');
    await expect(runJob('reconcile', '1', '2026-02-30')).rejects.toThrow('day');
  });
});

describe('backfill', () => {
  test('the dry run counts what would be told and tells nothing; the run tells as much; repeated it tells nothing', async () => {
    const shop = await stage.shop();
    await shop.act('create-subscription', {}, { lost: true });
    await shop.act('cancel', {}, { lost: true });
    await shop.act('renew', {}, { lost: true });
    const since = shop.connectedAt;

    const dry = await unhurried(() => backfill(shop.shopId, { since, dryRun: true }));
    expect(await shop.told(/./)).toEqual([]);
    const real = await unhurried(() => backfill(shop.shopId, { since }));
    const again = await unhurried(() => backfill(shop.shopId, { since }));

    expect(dry.accepted).toBeGreaterThan(3);
    expect({ ...real.events, 'customer.subscriptions_changed': undefined }).toEqual({ ...dry.events, 'customer.subscriptions_changed': undefined });
    expect((await shop.told(/./)).every(({ origin }) => origin === 'backfill')).toBe(true);
    expect(again).toMatchObject({ accepted: 0, dryRun: false });
  });

  test('P14 dates are told as Recharge has them, across the change to winter time, whatever the zone of this process', async () => {
    const shop = await stage.shop();
    const dates = ['2027-03-14', '2027-11-07', '2028-02-29'];
    const rows = [...shop.store().subscriptions.all()].filter((row) => row.status === 'active').slice(0, 3);
    for (const [index, row] of rows.entries()) await shop.act('pause', { subscriptionId: row.id, date: dates[index] ?? '' }, { lost: true });
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Pacific/Apia';
    await unhurried(() => backfill(shop.shopId, { since: shop.connectedAt })).finally(() => (zone === undefined ? delete process.env['TZ'] : (process.env['TZ'] = zone)));

    const told = await shop.told(/^subscription\.updated/);
    expect(Object.fromEntries(told.map(({ objectId, data }) => [objectId, data['subscription']?.['next_charge_scheduled_at']]))).toEqual(Object.fromEntries(rows.map((row, index) => [String(row.id), dates[index]])));
    const charges = await shop.told(/^charge\.created/);
    for (const { objectId, data } of charges) expect(data['charge']?.['scheduled_at']).toBe(shop.store().charges.get(Number(objectId))?.scheduled_at);
  });
});

describe('parity', () => {
  test('counts Recharge, ourselves and each destination, names the differences, changes nothing; a re-read settles them', async () => {
    const shop = await stage.shop({}, {});
    const worker = await stage.rig.startWorker();
    const active = () => [...shop.store().subscriptions.all()].filter((row) => row.status === 'active');
    const cancelled = await shop.act('create-subscription');
    await shop.act('cancel', { subscriptionId: cancelled.id }, { lost: true });

    const before = await unhurried(() => parity(shop.shopId));
    expect(before.recharge).toMatchObject({ customers: 3, activeSubscriptions: active().length });
    expect(before.differences.activeOnlyHere).toEqual({ count: 1, ids: [String(cancelled.id)] });
    expect(before.differences.activeOnlyAtRecharge.count).toBe(active().length);
    expect(await shop.told(/^subscription\.cancelled/)).toEqual([]);

    await unhurried(() => reconcile(shop.shopId, 'by-hand:parity', { complete: true }));
    await until('every customer is told', async () => (await unhurried(() => parity(shop.shopId))).accepted === 0);
    const after = await unhurried(() => parity(shop.shopId));
    expect(after).toMatchObject({ accepted: 0, rechannel: { activeSubscriptions: active().length }, destinations: [{ destination: 'bloomreach', customersWithActiveSubscription: after.recharge.customersWithActiveSubscription, notTold: { count: 0, ids: [] } }] });
    await worker.stop();
  });

  test('half a list is no comparison', async () => {
    const shop = await stage.shop();
    const broken = stage.rig.recharge.faults.add({ match: { path: '/customers$' }, times: -1, fault: { kind: 'status', status: 403, body: { error: 'no' } } });
    await expect(unhurried(() => parity(shop.shopId))).rejects.toMatchObject({ system: 'Recharge' });
    stage.rig.recharge.faults.remove(broken.id);
  });
});
