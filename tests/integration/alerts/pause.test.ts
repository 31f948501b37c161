import { afterAll, beforeAll, expect, test } from 'vitest';
import { listNotices } from '#app/alerts/notices.server.ts';
import { resumeDestination } from '#app/connections/destinations.server.ts';
import { pool } from '#app/db.server.ts';
import { listDeliveries } from '#app/delivery/queries.server.ts';
import { startRig, until, type Rig } from '#tests/support/rig.ts';
import { hour, minute, round } from './stage.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await rig.startWorker();
});
afterAll(() => rig.close());

test('P11 five days of failures pause the destination, nothing is lost, and a person who resumes it gets everything in order', async () => {
  const shop = await rig.shop({
    store: { customers: 1, withSample: false, wishes: [{ email: 'ida@example.com', first_name: 'Ida', last_name: 'Test', subscriptions: 6 }] },
    bloomreach: { importActiveProperty: false },
  });
  const destinationId = shop.bloomreach?.destinationId ?? '';
  const open = async () => (await listNotices(shop.shopId)).filter(({ resolvedAt }) => resolvedAt === null).map(({ kind }) => kind);
  const destination = async () => (await pool().query<{ status: string; statusReason: string | null; openUntil: Date | null }>(`select status, "statusReason", "openUntil" from "Destination" where id = $1`, [destinationId])).rows[0];
  const failsFor = (ms: number) => pool().query(`update "Destination" set "firstFailureAt" = now() - $2::float8 * interval '1 ms' where id = $1 and "openUntil" is not null`, [destinationId, ms]);
  const store = rig.recharge.store(shop.domain);
  const customer = [...store.customers.all()].find(({ email }) => email === 'ida@example.com');
  const active = store.subscriptions.of('customer', customer?.id ?? 0).filter(({ status }) => status === 'active').slice(0, 3);
  expect(active.length).toBeGreaterThanOrEqual(2);

  // It fails, and three days later the merchant has been told.
  const rule = rig.bloomreach.faults.add({ match: { path: '/batch$' }, times: -1, fault: { kind: 'status', status: 503, body: 'down' } });
  const waiting = async () => (await pool().query(`select 1 from "Delivery" where "shopId" = $1 and state = 'pending'`, [shop.shopId])).rowCount;
  for (const [index, row] of active.entries()) {
    await rig.recharge.do('cancel', { shop: shop.domain, subscriptionId: row.id });
    await until(`event ${index + 1} waits`, async () => (await waiting()) === index + 1);
  }
  await until('the breaker is open', async () => (await destination())?.openUntil);
  await failsFor(72 * hour + minute);
  await round(new Date());
  expect(await open()).toEqual(['failing_72_hours']);

  // Two days more: paused, told, kept.
  await failsFor(120 * hour + minute);
  await pool().query(`update "Notice" set "openedAt" = "openedAt" - interval '48 hours' where "shopId" = $1`, [shop.shopId]);
  await round(new Date());
  await round(new Date());
  expect(await destination()).toMatchObject({ status: 'paused', statusReason: expect.stringMatching(/^Paused by Rechannel: no success since .* UTC, for five days\. Everything that waits is kept/) });
  expect(await open()).toEqual(['paused']);
  expect((await listNotices(shop.shopId))[0]?.detail).toMatchObject({ waiting: active.length });
  const held = (await listDeliveries(shop.shopId, { state: 'held', limit: 10 })).items;
  expect(held).toHaveLength(active.length);
  const changes = await pool().query(`select actor, subject from "SettingChange" where "shopId" = $1 order by id desc limit 1`, [shop.shopId]);
  expect(changes.rows).toEqual([{ actor: 'engine', subject: 'bloomreach' }]);

  // It is back and a person resumes.
  rig.bloomreach.faults.remove(rule.id);
  await resumeDestination(shop.shopId, destinationId, 'test');
  const received = () => rig.bloomreach.received().events.map((event) => event.properties['subscription_id']);
  await until('everything arrived', () => received().length === active.length);
  expect(received()).toEqual(active.map(({ id }) => String(id)));
  await until('its success is on record', async () => (await pool().query(`select 1 from "Destination" where id = $1 and "lastSuccessAt" is not null`, [destinationId])).rowCount === 1);
  await round(new Date());
  expect(await open()).toEqual([]);
  expect((await listNotices(shop.shopId)).filter(({ kind }) => kind === 'recovered')).toHaveLength(1);
});
