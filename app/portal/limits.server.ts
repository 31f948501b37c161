/**
 * How often the portal may be opened: 10 times a minute for one customer, 300 for one shop (PX-D1). Counted by customer
 * and shop, because all requests come from Shopify's addresses. Counts are shared between processes through the database;
 * when it cannot count, each process counts for itself.
 */
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { pool } from '#app/db.server.ts';
import { customerHash } from './visits.server.ts';

export type PortalLimits = {
  /** Counts one press. A refused customer does not use up the shop's share. */
  take(shopId: string, shopifyCustomerId: string): Promise<{ granted: true } | { granted: false; waitSeconds: number }>;
};

export const perCustomer = 10;
export const perShop = 300;
const windowSeconds = 60;
const table = 'RateLimit';

export function createPortalLimits(): PortalLimits {
  let limiters: Promise<Limiters> | undefined;
  return {
    async take(shopId, shopifyCustomerId) {
      const { customer, shop } = await (limiters ??= makeLimiters().catch((error: unknown) => {
        limiters = undefined;
        throw error;
      }));
      try {
        await customer.consume(`${shopId}:${customerHash(shopId, shopifyCustomerId)}`);
        await shop.consume(shopId);
        return { granted: true };
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        return { granted: false, waitSeconds: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)) };
      }
    },
  };
}

type Limiter = RateLimiterMemory | RateLimiterPostgres;
type Limiters = { customer: Limiter; shop: Limiter };

async function makeLimiters(): Promise<Limiters> {
  const { rows } = await pool().query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [`"${table}"`]);
  const shared = rows[0]?.there === true;
  return { customer: limiter('portal-customer', perCustomer, shared), shop: limiter('portal-shop', perShop, shared) };
}

function limiter(keyPrefix: string, points: number, shared: boolean): Limiter {
  const limits = { keyPrefix, points, duration: windowSeconds };
  if (!shared) return new RateLimiterMemory(limits);
  return new RateLimiterPostgres({
    ...limits,
    storeClient: pool(),
    storeType: 'pool',
    tableName: table,
    tableCreated: true,
    // Once over the limit, this process refuses without asking the database again.
    inMemoryBlockOnConsumed: points + 1,
    insuranceLimiter: new RateLimiterMemory(limits),
  });
}
