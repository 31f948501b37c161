import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pool } from '#app/db.server.ts';
import type { ActName } from '#sandbox/recharge/do.ts';
import { startStage, tally, type Stage, type StagedShop } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.rig.close());

const acts = ['create-subscription', 'update-subscription', 'cancel', 'activate', 'expire', 'swap', 'renew', 'fail-charge', 'refund', 'new-checkout', 'update-customer'] as const satisfies ActName[];
const step = fc.record({ act: fc.constantFrom(...acts), lost: fc.boolean(), reconciled: fc.nat(4).map((number) => number === 0) });
const runs = Number(process.env['LOST_WEBHOOKS_RUNS'] ?? 5);
const seed = Number(process.env['LOST_WEBHOOKS_SEED'] ?? 20261121);

test(`P12 P04 of random changes with random webhooks lost, everything provable is told once, nothing is invented, and the newest state is known (seed ${seed})`, { timeout: 600_000 }, async () => {
  const figures = { runs: 0, acts: 0, lost: 0, told: 0, recovered: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
      const shop = await stage.shop();
      const witness = watchEverything(shop);
      for (const { act, lost, reconciled } of steps) {
        if (await shop.act(act, {}, { lost }).then(() => true, nothingFits)) figures.lost += lost ? 1 : 0;
        if (reconciled) await shop.run('reconcile');
      }
      await shop.run('reconcile');
      const told = await shop.told();
      const again = await shop.run('reconcile');

      expect(again['events']).toEqual({});
      const counts = tally(told);
      const happened = witness();
      // Nothing is invented: what Recharge announced, at most as often; a changed state alone needs no announcement.
      for (const [name, count] of Object.entries(counts)) if (!/\.updated /.test(name)) expect(`${name}: ${count <= (happened[name] ?? 0)}`).toBe(`${name}: true`);
      for (const [name, count] of Object.entries(provable(shop))) expect(`${name}: ${counts[name]}`).toBe(`${name}: ${count}`);
      // The newest facts told are the present ones.
      for (const row of shop.store().subscriptions.all()) {
        const newest = told.filter(({ type, objectId }) => type.startsWith('subscription.') && objectId === String(row.id)).at(-1);
        if (newest) expect(newest.data['subscription']).toMatchObject({ status: row.status, next_charge_scheduled_at: row.next_charge_scheduled_at, quantity: row.quantity, external_variant_id: row.external_variant_id });
      }
      for (const row of shop.store().charges.all()) {
        const newest = told.filter(({ type, objectId }) => type.startsWith('charge.') && objectId === String(row.id)).at(-1);
        if (newest) expect(newest.data['charge']).toMatchObject({ status: row.status, scheduled_at: row.scheduled_at });
      }
      expect(await mirroredActive(shop)).toEqual([...shop.store().subscriptions.all()].filter((row) => row.status === 'active' && told.some(({ objectId }) => objectId === String(row.id))).map((row) => String(row.id)).sort());
      figures.runs += 1;
      figures.acts += steps.length;
      figures.told += told.length;
      figures.recovered += told.filter(({ origin }) => origin === 'reconcile').length;
    }),
    { numRuns: runs, seed, endOnFailure: true },
  );
  console.info(`Lost webhooks: ${figures.runs} runs, ${figures.acts} changes, ${figures.lost} of them lost, ${figures.told} events told, ${figures.recovered} of them by the re-read`);
});

function nothingFits(error: unknown): false {
  if (!/fits/.test(String(error))) throw error;
  return false;
}

/** Registrations of another token, which lose nothing. Returns what Recharge announced, by event and object. */
function watchEverything(shop: StagedShop): () => Record<string, number> {
  const token = `witness-${shop.domain}`;
  stage.rig.recharge.addToken(shop.domain, { token, secret: 'witness' });
  for (const row of [...shop.store().webhooks.all()]) shop.store().webhooks.put({ ...row, id: row.id + 5_000_000, token, address: `${stage.rig.webUrl}/witness/${row.topic}` });
  return () => {
    const counts: Record<string, number> = {};
    for (const { topic, object_id, body } of stage.rig.recharge.deliveries.filter((delivery) => delivery.token === token)) {
      const subscription = (JSON.parse(body) as { subscription?: { status?: string } }).subscription;
      const name = topic === 'subscription/updated' && subscription?.status === 'expired' ? 'subscription/expired' : topic;
      counts[`${name.replace('/', '.')} ${object_id}`] = (counts[`${name.replace('/', '.')} ${object_id}`] ?? 0) + 1;
    }
    return counts;
  };
}

/** What the store as it stands proves, each once. */
function provable(shop: StagedShop): Record<string, number> {
  const store = shop.store();
  const within = (instant: string | null) => instant !== null && Date.parse(instant) >= shop.connectedAt.getTime();
  const facts: string[] = [];
  for (const row of store.subscriptions.all()) if (within(row.created_at)) facts.push(`subscription.created ${row.id}`);
  for (const row of store.charges.all()) {
    if (within(row.created_at)) facts.push(`charge.created ${row.id}`);
    if (within(row.processed_at)) facts.push(`charge.paid ${row.id}`);
  }
  for (const row of store.orders.all()) if (within(row.created_at)) facts.push(`order.created ${row.id}`, `order.success ${row.id}`, ...(row.type === 'recurring' ? [`order.processed ${row.id}`] : []));
  for (const row of store.customers.all()) if (within(row.created_at)) facts.push(`customer.created ${row.id}`);
  return Object.fromEntries(facts.map((name) => [name, 1]));
}

async function mirroredActive(shop: StagedShop): Promise<string[]> {
  const { rows } = await pool().query<{ id: string }>(`select "rechargeSubscriptionId" as id from "SubscriptionState" where "shopId" = $1 and status = 'active' and exists (select 1 from "Event" e where e."shopId" = $1 and e."objectId" = "rechargeSubscriptionId") order by 1`, [shop.shopId]);
  return rows.map((row) => row.id).sort();
}
