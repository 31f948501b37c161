import { beforeAll, describe, expect, test } from 'vitest';
import { exposeGauges } from '#app/alerts/gauges.server.ts';
import { readGauges } from '#app/alerts/readings.server.ts';
import { readClock } from '#app/alerts/clock.server.ts';
import { closeDatabase, pool } from '#app/db.server.ts';
import { metrics } from '#app/metrics.server.ts';
import { addDeliveries, fails, hour, newDestination, newShop } from './stage.ts';

/** `name{label="x"}` to value, of our own metrics. */
async function scrape(): Promise<Record<string, number>> {
  const lines = (await metrics().metrics()).split('\n').filter((line) => line.startsWith('rechannel_') && !/rechannel_(nodejs|process)_/.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

beforeAll(async () => {
  const [one, two] = [await newShop(), await newShop()];
  const bloomreach = await newDestination(one.shopId, 'bloomreach');
  const paused = await newDestination(two.shopId, 'bloomreach');
  const webhook = await newDestination(two.shopId, 'webhook');
  await addDeliveries(one.shopId, bloomreach, 4);
  await addDeliveries(two.shopId, paused, 3);
  await addDeliveries(two.shopId, webhook, 2, { state: 'dead', settledAt: new Date() });
  await addDeliveries(two.shopId, webhook, 5, { state: 'delivered', settledAt: new Date() });
  await pool().query(`update "Delivery" set "createdAt" = now() - interval '20 minutes' where "destinationId" = $1`, [bloomreach]);
  await pool().query(`update "Destination" set status = 'paused' where id = $1`, [paused]);
  await fails(webhook, new Date(Date.now() - hour), new Date());
  await pool().query(`insert into "Budget" (key, tokens, "updatedAt", "blockedUntil") values ('vendor:bloomreach', 7, now(), null), ('destination:1', 3, now(), now() + interval '1 hour'), ('destination:2', 5, now(), null), ('recharge:abcdef', 9, now(), null)`);
  await pool().query(`insert into "InboundWebhook" ("shopId", "connectionId", digest, topic, scheme, "bodySealed", "bodyBytes", "receivedAt") values ($1, 1, '\\x01', 'charge/paid', 'v1', '\\x00', 1, now() - interval '3 minutes')`, [one.shopId]);
  exposeGauges();
  exposeGauges();
});

describe('what /metrics says of the whole', () => {
  test('queues, breakers, budgets, webhooks, disk and clock, by destination type and never by shop or person', async () => {
    const figures = await scrape();

    expect(figures).toMatchObject({
      'rechannel_deliveries_waiting{destination="bloomreach"}': 4,
      'rechannel_deliveries_waiting{destination="webhook"}': 0,
      'rechannel_deliveries_held{destination="bloomreach"}': 3,
      'rechannel_deliveries_dead{destination="webhook"}': 2,
      'rechannel_deliveries_dead{destination="bloomreach"}': 0,
      rechannel_shops_late: 1,
      rechannel_inbound_waiting: 1,
      'rechannel_destinations{destination="bloomreach",status="paused"}': 1,
      'rechannel_breakers_open{destination="webhook"}': 1,
      'rechannel_breakers_open{destination="bloomreach"}': 0,
      'rechannel_budget_tokens{budget="vendor:bloomreach"}': 7,
      'rechannel_budget_tokens{budget="destination"}': 3,
      'rechannel_budgets_blocked{budget="destination"}': 1,
      'rechannel_budgets_blocked{budget="recharge"}': 0,
      rechannel_notices_unsent: 0,
    });
    expect(figures['rechannel_oldest_waiting_seconds{destination="bloomreach"}']).toBeGreaterThanOrEqual(1200);
    expect(figures['rechannel_inbound_oldest_seconds']).toBeGreaterThanOrEqual(180);
    expect(figures['rechannel_disk_used_ratio']).toBeGreaterThan(0);
    expect(Math.abs(figures['rechannel_clock_skew_seconds'] ?? NaN)).toBeLessThan(1);
    expect(Object.keys(figures).join('\n')).not.toMatch(/myshopify|abcdef|destination:\d/);
  });

  test('counts the jobs of the queue once a worker has made its tables', async () => {
    await pool().query(`create schema pgboss`);
    await pool().query(`create table pgboss.queue (name text, queued_count int, active_count int, failed_count int, deferred_count int)`);
    await pool().query(`insert into pgboss.queue values ('prune', 2, 1, 0, 5), ('__pgboss__send-it', 9, 9, 9, 9)`);

    const readings = await readGauges(() => performance.now() + hour);

    expect(readings.jobs).toEqual([
      { job: 'prune', state: 'queued', count: 2 }, { job: 'prune', state: 'active', count: 1 }, { job: 'prune', state: 'failed', count: 0 }, { job: 'prune', state: 'deferred', count: 5 },
    ]);
  });

  test('is read once for all who ask within ten seconds', async () => {
    const later = performance.now() + 2 * hour;
    const [first, second] = [readGauges(() => later), readGauges(() => later + 9_000)];

    expect(second).toBe(first);
    await first;
    const third = readGauges(() => later + 1_000_000);
    expect(third).not.toBe(first);
    await third;
  });
});

describe('when the database is away', () => {
  test('what could not be read is absent, the rest is answered', async () => {
    const address = process.env.DATABASE_URL;
    await closeDatabase();
    process.env.DATABASE_URL = 'postgresql://nobody@127.0.0.1:1/none';
    const figures = await scrape();
    await closeDatabase();
    process.env.DATABASE_URL = address;

    expect(figures).not.toHaveProperty('rechannel_clock_skew_seconds');
    expect(figures['rechannel_disk_used_ratio']).toBeGreaterThan(0);
    expect(await scrape()).toHaveProperty('rechannel_clock_skew_seconds');
  });
});

describe('the clock of this machine beside the database (QU-X1)', () => {
  test.each([7_000, -7_000])('%i ms off is seen as that, and the way to the database is no skew', async (offMs) => {
    expect(Math.abs((await readClock()).skewMs)).toBeLessThan(500);

    const { skewMs } = await readClock(() => Date.now() + offMs);

    expect(Math.abs(skewMs - offMs)).toBeLessThan(500);
  });
});
