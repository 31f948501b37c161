import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRecharge, rechargeConnection } from '#app/connections/recharge.server.ts';
import { pool } from '#app/db.server.ts';
import { listDeliveries } from '#app/delivery/queries.server.ts';
import { refreshEnv } from '#app/env.server.ts';
import { startSchedule } from '#app/schedule/schedule.server.ts';
import { lastRecovery } from '#app/schedule/webhook-check.server.ts';
import { until } from '#tests/support/rig.ts';
import { startStage, tally, typesOf, unhurried, type Stage, type StagedShop } from './stage.ts';

const changes = Number(process.env['P12_CHANGES'] ?? 60);
let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
  await stage.rig.startWorker();
});
afterAll(() => stage.rig.close());

function wanted(shop: StagedShop): number {
  return shop.store().webhooks.size;
}

describe('registrations that Recharge deleted', () => {
  test('P12 all registrations deleted and changes made meanwhile: registered again in the next check, all changes reach Bloomreach, 0 extra', { timeout: 300_000 }, async () => {
    const people = changes / 2 + 10;
    const shop = await stage.shop({ customers: people, wishes: Array.from({ length: people }, (_, number) => ({ email: `p12.${number}@example.com`, subscriptions: 1 })) }, { bloomreach: { importActiveProperty: false } });
    const registered = wanted(shop);
    const before = await shop.act('cancel');
    await until('what came before', () => eventsAtBloomreach(shop).length >= 1);
    await shop.run('webhook-check');
    shop.deleteRegistrations();
    const made: string[] = [];
    const actives = [...shop.store().subscriptions.all()].filter((row) => row.status === 'active');
    for (let number = 0; number < changes; number++) {
      if (number % 2 === 0) made.push(`canceled ${(await shop.act('cancel', { subscriptionId: actives[number / 2]?.id ?? 0 }, { lost: true })).id}`);
      else made.push(`created ${(await shop.act('create-subscription', { customerId: actives[people - 2 - (number % 8)]?.customer_id ?? 0 }, { lost: true })).id}`);
    }

    const startedAt = performance.now();
    const check = await shop.run('webhook-check');
    const checkMs = Math.round(performance.now() - startedAt);
    await until('all changes', () => subscriptionsAtBloomreach(shop).length >= changes + 1, 60_000);
    await until('everything settled', async () => (await listDeliveries(shop.shopId, { state: 'pending', limit: 1 })).items.length === 0, 60_000);
    const second = await shop.run('webhook-check');

    const arrived = subscriptionsAtBloomreach(shop);
    const expected = [`canceled ${before.id}`, ...made];
    const missing = expected.filter((name) => !arrived.includes(name));
    const extra = arrived.length - (expected.length - missing.length);
    console.info(`P12: ${registered} registrations deleted, ${wanted(shop)} again after one check of ${checkMs} ms; ${changes - missing.length}/${changes} changes reached Bloomreach, ${extra} extra; ${eventsAtBloomreach(shop).length} events there, of them ${new Set(eventsAtBloomreach(shop)).size} different`);
    expect(wanted(shop)).toBe(registered);
    expect(missing).toEqual([]);
    expect(extra).toBe(0);
    expect(new Set(eventsAtBloomreach(shop)).size).toBe(eventsAtBloomreach(shop).length);
    expect(check['missing']).toHaveLength(registered);
    expect(second).toMatchObject({ accepted: 0, missing: [], recovered: null });
  });

  test('what was missing and what was recovered stands with the connection, and later checks leave it there', async () => {
    const shop = await stage.shop();
    await shop.run('webhook-check');
    shop.deleteRegistrations();
    await shop.act('cancel', {}, { lost: true });

    await shop.run('webhook-check');
    await shop.run('webhook-check');

    const { rows } = await pool().query<{ report: { recovered: object; failed: unknown[] } }>(`select "webhooksReport" as report from "Connection" where "shopId" = $1`, [shop.shopId]);
    expect(rows[0]?.report).toMatchObject({ failed: [], recovered: { missing: expect.arrayContaining(['subscription/cancelled']), events: { 'subscription.cancelled': 1 } } });
    expect(await lastRecovery(shop.shopId)).toMatchObject({ events: { 'subscription.cancelled': 1 } });
    expect((await rechargeConnection(shop.shopId))?.webhooks).toMatchObject({ present: wanted(shop), failed: [] });
  });

  test('registrations that somebody else made again are noticed by their ids, and their gap is filled', async () => {
    const shop = await stage.shop();
    await shop.run('webhook-check');
    await shop.act('cancel', {}, { lost: true });
    const [row] = [...shop.store().webhooks.all()].filter(({ topic }) => topic === 'subscription/cancelled');
    if (!row) throw new Error('not registered');
    shop.store().webhooks.delete(row.id);
    shop.store().webhooks.put({ ...row, id: row.id + 1_000_000 });

    const check = await shop.run('webhook-check');

    expect(check).toMatchObject({ missing: ['subscription/cancelled'], created: [] });
    expect(typesOf(await shop.told(/^subscription\.cancelled/))).toHaveLength(1);
  });

  test('a check that breaks off between mending and filling is made good by the next one', async () => {
    const shop = await stage.shop();
    await shop.run('webhook-check');
    shop.deleteRegistrations();
    await shop.act('cancel', {}, { lost: true });
    const broken = stage.rig.recharge.faults.add({ match: { path: '/subscriptions$' }, times: -1, fault: { kind: 'status', status: 422, body: { errors: 'no' } } });
    await expect(shop.run('webhook-check')).rejects.toMatchObject({ system: 'Recharge' });
    expect(await shop.told(/^subscription\./)).toEqual([]);
    expect(wanted(shop)).toBeGreaterThan(30);
    stage.rig.recharge.faults.remove(broken.id);

    await shop.run('webhook-check');

    expect(typesOf(await shop.told(/^subscription\./))).toEqual(['subscription.cancelled']);
  });

  test('while the token is refused nothing is forgotten: with a new one the check reads from the last good check on', async () => {
    const shop = await stage.shop();
    await shop.run('webhook-check');
    await fetch(`${stage.rig.recharge.url}/_sim/tokens?token=${shop.token}`, { method: 'DELETE' });
    await expect(shop.run('webhook-check')).rejects.toMatchObject({ kind: 'unauthorised' });
    expect((await rechargeConnection(shop.shopId))?.status).toBe('unauthorised');
    await shop.act('cancel', {}, { lost: true });
    stage.rig.recharge.addToken(shop.domain, { token: `${shop.token}-new`, secret: 'new' });
    await unhurried(() => connectRecharge(shop.shopId, { apiToken: `${shop.token}-new`, clientSecret: 'new' }, 'test'));

    await shop.run('webhook-check');

    expect(typesOf(await shop.told(/^subscription\./))).toEqual(['subscription.cancelled']);
  });

  test('a change of tokens is no gap: nothing was missing', async () => {
    const shop = await stage.shop();
    await shop.run('webhook-check');
    stage.rig.recharge.addToken(shop.domain, { token: `${shop.token}-next`, secret: 'next' });
    await unhurried(() => connectRecharge(shop.shopId, { apiToken: `${shop.token}-next`, clientSecret: 'next' }, 'test'));

    expect(await shop.run('webhook-check')).toMatchObject({ missing: [], recovered: null });
  });

  test('a check that finds everything in place reads nothing and tells nothing', async () => {
    const shop = await stage.shop();
    await shop.run('webhook-check');
    await shop.act('cancel', {}, { lost: true });
    const asked = stage.rig.recharge.requests.length;

    expect(await shop.run('webhook-check')).toMatchObject({ accepted: 0, missing: [], recovered: null });

    expect(stage.rig.recharge.requests.slice(asked).map(({ path }) => path)).toEqual(['/webhooks', '/webhooks']);
    expect(await shop.told()).toEqual([]);
  });
});

describe('the worker', () => {
  test('checks at its start and then every WEBHOOK_CHECK_SECONDS, and fills what is missing', async () => {
    const shop = await stage.shop();
    await shop.run('webhook-check');
    shop.deleteRegistrations();
    await shop.act('cancel', {}, { lost: true });
    process.env.WEBHOOK_CHECK_SECONDS = '5';
    refreshEnv();
    await unhurried(async () => {
      const schedule = await startSchedule();
      try {
        await until('the gap at start', async () => (await shop.told(/^subscription\.cancelled/)).length === 1);
        await until('all registrations', () => wanted(shop) > 30);
        shop.deleteRegistrations();
        await shop.act('create-subscription', {}, { lost: true });
        await until('the gap at a later check', async () => (await shop.told(/^subscription\.created/)).length === 1, 30_000);
        expect(Object.values(tally(await shop.told())).every((count) => count === 1)).toBe(true);
      } finally {
        await schedule.stop();
      }
    });
  });
});

/** Type, status and id of each event that Bloomreach stored of this shop. */
function eventsAtBloomreach(shop: StagedShop): string[] {
  return stage.rig.bloomreach
    .received()
    .events.filter((event) => event.properties['shop_domain'] === shop.domain)
    .map(({ type, properties }) => `${type} ${String(properties['status'])} ${String(properties['subscription_id'] ?? properties['charge_id'])}`);
}

function subscriptionsAtBloomreach(shop: StagedShop): string[] {
  return eventsAtBloomreach(shop).filter((name) => name.startsWith('subscription ')).map((name) => name.slice('subscription '.length));
}
