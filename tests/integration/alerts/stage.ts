/** Shops, destinations and deliveries as the engine leaves them, written straight into the database, and a clock to turn. */
import { randomUUID } from 'node:crypto';
import { ensureShop } from '#app/connections/shops.server.ts';
import { pool } from '#app/db.server.ts';
import { lookAround, type Machine } from '#app/alerts/look.server.ts';
import { sendDueNotices } from '#app/alerts/send.server.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const healthy: Machine = { name: 'worker-1', disk: { usedPart: 0.3, freeBytes: 1e12 }, skewMs: 3 };

export async function newShop(): Promise<{ shopId: string; domain: string }> {
  const domain = `shop-${randomUUID().slice(0, 8)}.myshopify.com`;
  return { shopId: (await ensureShop(domain)).shopId, domain };
}

export async function newDestination(shopId: string, type = 'bloomreach'): Promise<string> {
  const rows = await pool().query<{ id: string }>(`insert into "Destination" ("shopId", type, settings, "updatedAt") values ($1, $2, '{}', now()) returning id`, [shopId, type]);
  return rows.rows[0]?.id ?? '';
}

/** Fails since `since`; the next probe is due soon after `now`. */
export async function fails(destinationId: string, since: Date, now: Date): Promise<void> {
  await pool().query(`update "Destination" set "failuresInRow" = 40, "firstFailureAt" = $2, "openUntil" = $3, probes = 30 where id = $1`, [destinationId, since, new Date(now.getTime() + 4 * minute)]);
}

export async function succeeds(destinationId: string, at: Date): Promise<void> {
  await pool().query(`update "Destination" set "failuresInRow" = 0, "firstFailureAt" = null, "openUntil" = null, probes = 0, "lastSuccessAt" = $2, "recoveredAt" = $2 where id = $1`, [destinationId, at]);
}

/** Adds deliveries of one customer, oldest first. */
export async function addDeliveries(shopId: string, destinationId: string, count: number, change: { state?: string; reason?: string; settledAt?: Date } = {}): Promise<string[]> {
  const lane = await pool().query<{ id: string }>(`insert into "Lane" ("shopId", "destinationId", key, "readyAt") values ($1, $2, $3, now()) returning id`, [shopId, destinationId, `customer:${randomUUID()}`]);
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const event = await pool().query<{ id: string }>(
      `insert into "Event" ("shopId", key, type, "rechargeCustomerId", "objectId", "occurredAt", origin, data, "contentDigest") values ($1, $2, 'subscription.created', '1', '1', now(), 'webhook', '{}', '\\x00') returning id`,
      [shopId, randomUUID()],
    );
    const delivery = await pool().query<{ id: string }>(
      `insert into "Delivery" ("shopId", "eventId", "destinationId", "laneId", acceptance, state, reason, "settledAt") values ($1, $2, $3, $4, 'event', $5, $6, $7) returning id`,
      [shopId, event.rows[0]?.id, destinationId, lane.rows[0]?.id, change.state ?? 'pending', change.reason ?? null, change.settledAt ?? null],
    );
    ids.push(delivery.rows[0]?.id ?? '');
  }
  return ids;
}

/** What one round of a watcher does, at a time of our choosing. */
export async function round(now: Date, machine: Machine = healthy): Promise<void> {
  await lookAround(now, machine);
  await sendDueNotices(() => now);
}
