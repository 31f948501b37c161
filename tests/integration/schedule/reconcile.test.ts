import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pool } from '#app/db.server.ts';
import { intake, startStage, tally, typesOf, type Stage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.rig.close());

describe('what no webhook told is told by the nightly re-read', () => {
  test('a created, a cancelled and an expired subscription, each once; a second run tells nothing', async () => {
    const shop = await stage.shop({ customers: 3 });
    const [one, other] = [...shop.store().subscriptions.all()].filter((row) => row.status === 'active');
    const created = await shop.act('create-subscription', {}, { lost: true });
    await shop.act('cancel', { subscriptionId: one?.id ?? 0 }, { lost: true });
    await shop.act('expire', { subscriptionId: other?.id ?? 0 }, { lost: true });

    const first = await shop.run('reconcile');
    const second = await shop.run('reconcile');

    const told = await shop.told(/^subscription\./);
    expect(tally(told)).toEqual({ [`subscription.created ${created.id}`]: 1, [`subscription.cancelled ${one?.id}`]: 1, [`subscription.expired ${other?.id}`]: 1 });
    expect(told.every(({ origin }) => origin === 'reconcile')).toBe(true);
    expect(first.accepted).toBeGreaterThanOrEqual(3);
    expect(second['events']).toEqual({});
    expect(second.accepted).toBe(0);
  });

  test('what a webhook told is not told again, whatever happened to the object since', async () => {
    const shop = await stage.shop();
    const [row] = [...shop.store().subscriptions.all()].filter((each) => each.status === 'active');
    const created = await shop.act('create-subscription');
    await shop.act('cancel', { subscriptionId: row?.id ?? 0 });
    await shop.act('renew');
    await shop.act('update-subscription', { subscriptionId: created.id }, { lost: true });
    const before = await shop.told();

    await shop.run('reconcile');

    const added = (await shop.told()).slice(before.length);
    expect(added.filter(({ type }) => /created|cancelled|paid|processed|success/.test(type))).toEqual([]);
    expect(added.filter(({ type, objectId }) => type === 'subscription.updated' && objectId === String(created.id))).toHaveLength(1);
  });

  test('created and cancelled within the gap: both, in order, the first one as it began', async () => {
    const shop = await stage.shop();
    const created = await shop.act('create-subscription', {}, { lost: true });
    await shop.act('cancel', { subscriptionId: created.id }, { lost: true });

    await shop.run('reconcile');

    const told = (await shop.told(/^subscription\./)).filter(({ objectId }) => objectId === String(created.id));
    expect(told.map(({ type, data }) => [type, data['subscription']?.['status']])).toEqual([['subscription.created', 'active'], ['subscription.cancelled', 'cancelled']]);
    expect(told[0]?.occurredAt.getTime()).toBeLessThan(told[1]?.occurredAt.getTime() ?? 0);
    expect(told[0]?.data['subscription']).toMatchObject({ cancelled_at: null, cancellation_reason: null });
    expect(await stateOf(shop.shopId, created.id)).toBe('cancelled');
  });

  test('active again: activated, and the state of the customer follows', async () => {
    const shop = await stage.shop();
    const [row] = [...shop.store().subscriptions.all()].filter((each) => each.status === 'active');
    await shop.act('cancel', { subscriptionId: row?.id ?? 0 });
    await shop.act('activate', { subscriptionId: row?.id ?? 0 }, { lost: true });

    await shop.run('reconcile');

    expect(typesOf(await shop.told(/^subscription\.(activated|cancelled)/))).toEqual(['subscription.cancelled', 'subscription.activated']);
    const states = await shop.told(/^customer\.subscriptions_changed/);
    expect(states.map(({ origin, objectId }) => [origin, objectId]).at(-1)).toEqual(['reconcile', String(row?.customer_id)]);
  });

  test('cancelled after it was told as updated only: the cancellation is still missing and is told', async () => {
    const shop = await stage.shop();
    const [row] = [...shop.store().subscriptions.all()].filter((each) => each.status === 'active');
    const registration = [...shop.store().webhooks.all()].find(({ topic }) => topic === 'subscription/cancelled');
    if (registration) shop.store().webhooks.delete(registration.id);
    await shop.act('cancel', { subscriptionId: row?.id ?? 0 });
    expect(typesOf(await shop.told(/^subscription\./))).toEqual(['subscription.updated']);

    await shop.run('reconcile');

    expect(typesOf(await shop.told(/^subscription\./))).toEqual(['subscription.updated', 'subscription.cancelled']);
  });

  test('a change that a look-up had already read into our mirror is told all the same', async () => {
    const shop = await stage.shop();
    const created = await shop.act('create-subscription');
    await shop.act('cancel', { subscriptionId: created.id }, { lost: true });
    await pool().query(
      `update "SubscriptionState" set status = 'cancelled', facts = facts || '{"status": "cancelled"}', "sourceUpdatedAt" = $3 where "shopId" = $1 and "rechargeSubscriptionId" = $2`,
      [shop.shopId, String(created.id), new Date(shop.store().subscriptions.get(created.id)?.updated_at ?? 0)],
    );
    await pool().query(`update "CustomerState" set "subscriptionsStateAt" = "subscriptionsStateAt" + interval '1 minute' where "shopId" = $1`, [shop.shopId]);
    const before = (await shop.told(/subscriptions_changed/)).length;

    await shop.run('reconcile');
    await shop.run('reconcile');

    expect(typesOf(await shop.told(/^subscription\./))).toEqual(['subscription.created', 'subscription.cancelled']);
    expect((await shop.told(/subscriptions_changed/)).length).toBe(before + 1);
  });

  test('P17 webhooks that come after the re-read told their facts tell them no second time, when they say the same', async () => {
    const shop = await stage.shop();
    const control = (path: string) => fetch(`${stage.rig.recharge.url}/_sim/${path}`, { method: 'POST' });
    const [one, other] = [...shop.store().subscriptions.all()].filter((row) => row.status === 'active');
    await control('pause-webhooks');
    await shop.act('cancel', { subscriptionId: one?.id ?? 0 });
    await shop.act('update-customer', { customerId: other?.customer_id ?? 0 });
    expect(await shop.told()).toEqual([]);
    await shop.run('reconcile');
    const before = tally(await shop.told(/^(subscription\.cancelled|customer\.updated)/));
    await control('resume-webhooks');
    await stage.rig.recharge.settled();
    await intake(shop.shopId, shop.connectionId);

    expect((await shop.told()).some(({ origin }) => origin === 'webhook')).toBe(true);
    expect(tally(await shop.told(/^(subscription\.cancelled|customer\.updated)/))).toEqual(before);
    expect(before).toMatchObject({ [`subscription.cancelled ${one?.id}`]: 1, [`customer.updated ${other?.customer_id}`]: 1 });
  });

  test('a renewal whose webhooks came: only the next date, which no webhook tells, exactly as Recharge writes it', async () => {
    const shop = await stage.shop();
    await shop.act('renew');
    const renewed = await shop.told(/^charge\.paid/);
    const ids = (renewed[0]?.data['charge']?.['line_items'] as unknown as { purchase_item_id: string }[]).map((item) => item.purchase_item_id);

    await shop.run('reconcile');
    const again = await shop.run('reconcile');

    const updated = await shop.told(/^subscription\.updated/);
    expect(updated.map(({ objectId }) => objectId).sort()).toEqual([...ids].sort());
    for (const { objectId, data } of updated) expect(data['subscription']?.['next_charge_scheduled_at']).toBe(shop.store().subscriptions.get(Number(objectId))?.next_charge_scheduled_at);
    expect((await shop.told(/^charge\.paid/)).length).toBe(1);
    expect(again['events']).toEqual({});
  });

  test('a renewal that leaves no mark on the subscription is found through its charge, at the time of the charge', async () => {
    const shop = await stage.shop();
    const before = new Map([...shop.store().subscriptions.all()].map((row) => [row.id, row.updated_at]));
    const charge = await shop.act('renew');
    for (const row of shop.store().subscriptions.all()) row.updated_at = before.get(row.id) ?? row.updated_at;

    await shop.run('reconcile');
    const again = await shop.run('reconcile');

    const [updated] = await shop.told(/^subscription\.updated/);
    expect(updated?.occurredAt.toISOString()).toBe(new Date(shop.store().charges.get(charge.id)?.processed_at ?? 0).toISOString());
    expect(updated?.data['subscription']?.['next_charge_scheduled_at']).toBe(shop.store().subscriptions.get(Number(updated?.objectId))?.next_charge_scheduled_at);
    expect(again['events']).toEqual({});
  });

  test('a renewal, a failure and a refund whose webhooks were lost: paid, the next charge, its order, failed, refunded, each once', async () => {
    const shop = await stage.shop();
    const paid = await shop.act('renew', {}, { lost: true });
    const failed = await shop.act('fail-charge', {}, { lost: true });
    const refunded = await shop.act('refund', { chargeId: [...shop.store().charges.all()].filter((row) => row.status === 'success' && row.id !== paid.id).sort((a, b) => ((a.processed_at ?? '') < (b.processed_at ?? '') ? 1 : -1))[0]?.id ?? 0 }, { lost: true });

    await shop.run('reconcile');
    const again = await shop.run('reconcile');

    const counts = tally(await shop.told(/^(charge|order)\./));
    const order = shop.store().orders.of('charge', paid.id)[0];
    expect(counts).toMatchObject({
      [`charge.paid ${paid.id}`]: 1, [`charge.failed ${failed.id}`]: 1, [`charge.refunded ${refunded.id}`]: 1,
      [`order.created ${order?.id}`]: 1, [`order.success ${order?.id}`]: 1, [`order.processed ${order?.id}`]: 1,
    });
    expect(Object.keys(counts).filter((name) => name.startsWith('charge.created'))).not.toEqual([]);
    expect(Object.values(counts).every((count) => count === 1)).toBe(true);
    expect(again['events']).toEqual({});
  });

  test('each further failed attempt counts once; a later touch of the charge is no failure', async () => {
    const shop = await stage.shop();
    const failed = await shop.act('fail-charge');
    await shop.act('fail-charge', { chargeId: failed.id }, { lost: true });
    await shop.run('reconcile');
    const charge = shop.store().charges.get(failed.id);
    if (charge) charge.updated_at = new Date(stage.rig.recharge.world.clock.now()).toISOString().replace(/\.\d+Z/, '+00:00');
    await shop.run('reconcile');

    expect((await shop.told(/^charge\.failed/)).map(({ origin, data }) => [origin, data['charge']?.['charge_attempts']])).toEqual([['webhook', 1], ['reconcile', 2]]);
  });

  test('a new customer and a changed one; one that only a renewal touched is told as changed no more than once', async () => {
    const shop = await stage.shop();
    await shop.act('new-checkout', { email: 'neu@example.com' }, { lost: true });
    const changed = await shop.act('update-customer', { customerId: [...shop.store().customers.ids()][0] ?? 0 }, { lost: true });
    const fresh = [...shop.store().customers.all()].find((row) => row.email === 'neu@example.com');
    await shop.run('reconcile');

    const counts = tally(await shop.told(/^customer\.(created|updated)/));
    expect(counts).toEqual({ [`customer.created ${fresh?.id}`]: 1, [`customer.updated ${changed.id}`]: 1 });

    await shop.act('renew', { customerId: changed.id });
    await shop.run('reconcile');
    expect((await shop.told(/^customer\.updated/)).filter(({ objectId }) => objectId === String(changed.id))).toHaveLength(1);
  });

  test('what happened before the shop was connected is not told; only our mirror learns of it', async () => {
    const shop = await stage.shop({ customers: 8 });

    const report = await shop.run('reconcile');

    expect(report).toMatchObject({ accepted: 0, deliveries: 0 });
    expect(report['events']).toEqual({});
  });

  test('a subscription that was deleted and never told is found by the weekly complete read, and only there', async () => {
    const shop = await stage.shop();
    const created = await shop.act('create-subscription');
    await shop.act('delete-subscription', { subscriptionId: created.id }, { lost: true });
    const { reconcile } = await import('#app/schedule/reconcile.server.ts');

    await reconcile(shop.shopId, 'by-hand:without', { complete: false });
    expect(await shop.told(/deleted/)).toEqual([]);
    const { report } = await reconcile(shop.shopId, 'by-hand:with', { complete: true });
    await reconcile(shop.shopId, 'by-hand:again', { complete: true });

    expect(tally(await shop.told(/^subscription\.deleted/))).toEqual({ [`subscription.deleted ${created.id}`]: 1 });
    expect(report?.complete).toMatchObject({ gone: 1, doubt: null });
    expect(await stateOf(shop.shopId, created.id)).toBe('deleted');
  });
});

describe('a read that does not come to its end', () => {
  test('a refused list, a cut answer, a 503 and a dead connection tell nothing false; the next run tells the rest and nothing twice', async () => {
    const shop = await stage.shop({ customers: 6 });
    const rows = [...shop.store().subscriptions.all()].filter((row) => row.status === 'active').slice(0, 5);
    for (const row of rows) await shop.act('cancel', { subscriptionId: row.id }, { lost: true });
    const broken = stage.rig.recharge.faults.add({ match: { path: '/charges$' }, times: -1, fault: { kind: 'status', status: 422, body: { errors: { updated_at_min: ['no'] } } } });

    await expect(shop.run('reconcile')).rejects.toMatchObject({ system: 'Recharge' });
    const half = await shop.told();
    expect(half.length).toBeGreaterThan(0);
    expect(half.filter(({ type }) => type.startsWith('charge.'))).toEqual([]);
    stage.rig.recharge.faults.remove(broken.id);
    const passing = [
      stage.rig.recharge.faults.add({ match: { path: '/subscriptions$' }, times: 1, fault: { kind: 'cut' } }),
      stage.rig.recharge.faults.add({ match: { path: '/customers$' }, times: 1, fault: { kind: 'status', status: 503, body: '<html>' } }),
      stage.rig.recharge.faults.add({ match: { path: '/orders$' }, times: 1, fault: { kind: 'reset' } }),
    ];
    await shop.run('reconcile');
    expect(passing.map(({ hits }) => hits)).toEqual([1, 1, 1]);
    for (const { id } of passing) stage.rig.recharge.faults.remove(id);

    const counts = tally(await shop.told(/^subscription\./));
    expect(counts).toEqual(Object.fromEntries(rows.map((row) => [`subscription.cancelled ${row.id}`, 1])));
    expect(await shop.run('reconcile')).toMatchObject({ accepted: 0 });
  });

  test('a run that throws in the middle of a page leaves nothing of that page', async () => {
    const shop = await stage.shop();
    await shop.act('cancel', {}, { lost: true });
    await pool().query(`create or replace function break_events() returns trigger as $$ begin raise exception 'planted'; end $$ language plpgsql;
      create trigger break_events before insert on "Event" for each row when (new.type = 'customer.subscriptions_changed') execute function break_events()`);

    await expect(shop.run('reconcile')).rejects.toThrow('planted');
    await pool().query(`drop trigger break_events on "Event"`);
    expect(await shop.told(/^subscription\./)).toEqual([]);
    const mirror = await pool().query(`select 1 from "SubscriptionState" where "shopId" = $1 and status = 'cancelled'`, [shop.shopId]);
    expect(mirror.rowCount).toBe(0);

    await shop.run('reconcile');
    expect(typesOf(await shop.told(/^subscription\./))).toEqual(['subscription.cancelled']);
  });
});

async function stateOf(shopId: string, subscriptionId: number): Promise<string | undefined> {
  const { rows } = await pool().query<{ status: string }>(`select status from "SubscriptionState" where "shopId" = $1 and "rechargeSubscriptionId" = $2`, [shopId, String(subscriptionId)]);
  return rows[0]?.status;
}
