/**
 * Remembers which Recharge customer a shopper is, so that a second visit needs two calls. Only the two ids are kept.
 * A row counts only if a portal visit within 30 days read it from Recharge with the identity checked; webhooks that change
 * the customer's Shopify id change the row, which ends the memory.
 */
import { pool } from '#app/db.server.ts';
import { log } from '#app/log.server.ts';
import { customerHash } from './visits.server.ts';

export type KnownCustomers = {
  /** The Recharge customer's id, or null when it must be looked up. */
  recall(shopId: string, shopifyCustomerId: string): Promise<string | null>;
  /** Returns at once; the row is written beside. */
  remember(shopId: string, shopifyCustomerId: string, rechargeCustomerId: string): void;
};

/** Covers the moment until the rows are written, and spares the database a look at shoppers who press again. */
const memoryMs = 10 * 60_000;
const mostEntries = 10_000;

export function createKnownCustomers(now: () => number = Date.now): KnownCustomers {
  const memory = new Map<string, { rechargeCustomerId: string; until: number }>();
  const keyOf = (shopId: string, shopifyCustomerId: string) => `${shopId}:${shopifyCustomerId}`;
  const keep = (key: string, rechargeCustomerId: string) => {
    memory.delete(key);
    memory.set(key, { rechargeCustomerId, until: now() + memoryMs });
    if (memory.size > mostEntries) memory.delete(memory.keys().next().value ?? '');
  };

  return {
    async recall(shopId, shopifyCustomerId) {
      const key = keyOf(shopId, shopifyCustomerId);
      const held = memory.get(key);
      if (held && held.until > now()) return held.rechargeCustomerId;
      memory.delete(key);
      const { rows } = await pool().query<{ rechargeCustomerId: string }>(recallQuery, [shopId, shopifyCustomerId, customerHash(shopId, shopifyCustomerId)]);
      // Two Recharge customers with one Shopify id: Recharge is asked which of them subscribes.
      const only = rows.length === 1 ? rows[0] : undefined;
      if (only) keep(key, only.rechargeCustomerId);
      return only?.rechargeCustomerId ?? null;
    },
    remember(shopId, shopifyCustomerId, rechargeCustomerId) {
      const key = keyOf(shopId, shopifyCustomerId);
      if (memory.get(key)?.rechargeCustomerId === rechargeCustomerId) return;
      keep(key, rechargeCustomerId);
      pool()
        .query(rememberQuery, [shopId, rechargeCustomerId, shopifyCustomerId])
        .catch((error: unknown) => log.warn('A portal customer could not be remembered', { shopId, error }));
    },
  };
}

const recallQuery = `
  select c."rechargeCustomerId" from "CustomerState" c
  where c."shopId" = $1 and c."shopifyCustomerId" = $2
    and exists (
      select 1 from "PortalVisit" v
      where v."shopId" = $1 and v."customerHash" = $3 and v.outcome = 'redirected' and v.at > now() - interval '30 days')
  limit 2`;

const rememberQuery = `
  insert into "CustomerState" as c ("shopId", "rechargeCustomerId", "shopifyCustomerId") values ($1, $2, $3)
  on conflict ("shopId", "rechargeCustomerId") do update set "shopifyCustomerId" = excluded."shopifyCustomerId"
  where c."shopifyCustomerId" is distinct from excluded."shopifyCustomerId"`;
