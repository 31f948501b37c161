import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pool } from '#app/db.server.ts';
import { listDeliveries } from '#app/delivery/queries.server.ts';
import { startRig, until, type Rig } from '#tests/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

test('forty customers that only Recharge can name cost a handful of calls, and each event finds its customer', async () => {
  const shop = await rig.shop({ store: { customers: 40, withSample: false }, bloomreach: { importActiveProperty: false } });
  const customers = [...rig.recharge.store(shop.domain).customers.all()];
  const { rows } = await pool().query<{ connectionKey: string }>(`select "connectionKey" from "Connection" where "shopId" = $1`, [shop.shopId]);
  for (const [index, customer] of customers.entries()) {
    const body = JSON.stringify({ subscription: { id: 900_000 + index, customer_id: customer.id, status: 'active', created_at: '2026-11-20T10:00:00+00:00', updated_at: '2026-11-20T10:00:00+00:00' } });
    const stamp = Math.floor(Date.now() / 1000);
    const answer = await fetch(`${rig.webUrl}/webhooks/recharge/${rows[0]?.connectionKey}/subscription/created`, {
      method: 'POST', body, headers: { 'x-recharge-webhook-signature': `t=${stamp},v1=${createHmac('sha256', shop.secret).update(`${stamp}.${body}`).digest('hex')}` },
    });
    expect(answer.status).toBe(200);
  }
  const before = rig.recharge.requests.length;

  await rig.startWorker();
  await until('all are delivered', async () => (await listDeliveries(shop.shopId, { state: 'delivered', limit: 100 })).items.length === 40, 60_000);

  const calls = rig.recharge.requests.slice(before).filter((request) => request.path.startsWith('/customers'));
  expect(calls.length).toBeLessThan(10);
  for (const [index, customer] of customers.entries()) {
    const event = rig.bloomreach.received().events.find((each) => each.properties['subscription_id'] === String(900_000 + index));
    expect(event?.ids).toEqual({ registered: [customer.email.toLowerCase()] });
  }
});
