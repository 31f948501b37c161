import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pool } from '#app/db.server.ts';
import { topics } from '#app/recharge/topics.ts';
import { startRig, until, type Rig, type RigShop } from '#tests/support/rig.ts';

const captured = path.resolve(import.meta.dirname, '../../../../shared/fixtures/recharge/2021-11/rest');

/** Bodies that I wrote to the contract, for machines without the captured ones: full, bare deletion, unknown enum, text of the wrong shape. */
const ownBodies: [string, unknown][] = [
  ['subscription/created', { subscription: { id: 1, customer_id: 2, status: 'active', updated_at: '2026-11-20T10:00:00+00:00', product_title: 'Käse & Brot' } }],
  ['charge/deleted', { charge: { id: 90000009 } }],
  ['subscription/updated', { subscription: { id: 3, customer_id: 2, status: 'hibernating', updated_at: '2026-11-20T10:00:01+00:00' } }],
  ['order/processed', { order: 'nothing of the kind' }],
];

/** Each captured object as the body of every topic of its resource. */
function capturedBodies(): [string, unknown][] {
  return readdirSync(captured, { recursive: true, encoding: 'utf8' })
    .filter((file) => /_20[01][^/]*\.json$/.test(file))
    .flatMap((file) => {
      const body = JSON.parse(readFileSync(path.join(captured, file), 'utf8')) as Record<string, unknown>;
      return topics.filter((topic) => topic.eventType !== null && topic.resource in body).map((topic): [string, unknown] => [topic.name, body]);
    });
}

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await rig.startWorker();
});
afterAll(() => rig.close());

async function send(shop: RigShop, topic: string, body: unknown): Promise<number> {
  const bytes = JSON.stringify(body);
  const stamp = Math.floor(Date.now() / 1000);
  const { rows } = await pool().query<{ connectionKey: string }>(`select "connectionKey" from "Connection" where "shopId" = $1`, [shop.shopId]);
  const answer = await fetch(`${rig.webUrl}/webhooks/recharge/${rows[0]?.connectionKey}/${topic}`, {
    method: 'POST', body: bytes, headers: { 'x-recharge-webhook-signature': `t=${stamp},v1=${createHmac('sha256', shop.secret).update(`${stamp}.${bytes}`).digest('hex')}` },
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function sendAll(bodies: readonly [string, unknown][]) {
  const shop = await rig.shop({ bloomreach: { customerId: 'recharge_id', importActiveProperty: false } });
  const statuses = new Set<number>();
  for (const [topic, body] of bodies) statuses.add(await send(shop, topic, body));
  await until('every webhook is read', async () => (await pool().query(`select 1 from "InboundWebhook" where "shopId" = $1 and state = 'received'`, [shop.shopId])).rowCount === 0);
  const webhooks = await pool().query<{ state: string; reason: string | null; count: number }>(`select state, reason, count(*)::int from "InboundWebhook" where "shopId" = $1 group by 1, 2`, [shop.shopId]);
  const events = await pool().query<{ count: number }>(`select count(*)::int from "Event" where "shopId" = $1 and type <> 'customer.subscriptions_changed'`, [shop.shopId]);
  return { statuses: [...statuses], webhooks: webhooks.rows, events: events.rows[0]?.count ?? 0 };
}

describe('real bodies go through intake and normalisation', () => {
  test('my own samples: each becomes an event or is set aside with a reason a merchant can read', async () => {
    const result = await sendAll(ownBodies);

    expect(result.statuses).toEqual([200]);
    expect(result.events).toBe(3);
    expect(result.webhooks.filter((row) => row.state === 'quarantined')).toEqual([{ state: 'quarantined', count: 1, reason: expect.stringContaining('has no "order" in it') }]);
  });

  describe.runIf(existsSync(captured))('captured bodies of 2021-11 (runs where ../shared/fixtures lies beside the project)', () => {
    test('every one is acknowledged, none is set aside, and each distinct fact becomes one event', async () => {
      const bodies = capturedBodies();
      const distinct = new Set(bodies.map(([topic, body]) => `${topic} ${JSON.stringify(body)}`)).size;

      const result = await sendAll(bodies);

      process.stdout.write(`captured bodies: ${bodies.length} sent, ${distinct} distinct, ${result.events} events, webhooks ${JSON.stringify(result.webhooks)}\n`);
      expect(result.statuses).toEqual([200]);
      expect(result.webhooks.filter((row) => row.state === 'quarantined')).toEqual([]);
      expect(result.webhooks.reduce((sum, row) => sum + row.count, 0)).toBe(distinct);
      expect(result.events).toBeGreaterThan(100);
    });
  });

  test('the same body a hundred times, twenty at once, is one webhook and one event', async () => {
    const shop = await rig.shop({ bloomreach: null });
    const body = { subscription: { id: 77, customer_id: 7, status: 'active', updated_at: '2026-11-20T10:00:00+00:00' } };

    const statuses = await Promise.all(Array.from({ length: 100 }, () => send(shop, 'subscription/created', body)));

    expect(new Set(statuses)).toEqual(new Set([200]));
    const kept = await until('it is read', async () => (await pool().query<{ duplicates: number }>(`select duplicates from "InboundWebhook" where "shopId" = $1 and state = 'processed'`, [shop.shopId])).rows);
    expect(kept).toHaveLength(1);
    expect((await pool().query(`select 1 from "Event" where "shopId" = $1 and type = 'subscription.created'`, [shop.shopId])).rowCount).toBe(1);
  });
});
