/**
 * Names the customers of a whole batch of deliveries: one look at our own tables for all of them, and a question to
 * Recharge only for those that the tables cannot answer.
 */
import { pool } from '#app/db.server.ts';
import type { CustomerContext, Need } from '#app/destinations/contract.ts';
import { Failure, toFailure } from '#app/errors.ts';
import { resolveCustomer } from './customers.server.ts';

export type CustomerQuestion = { rechargeCustomerId: string | null; needs: readonly Need[] };

type KnownCustomer = { rechargeCustomerId: string; email: string | null; shopifyCustomerId: string | null };

/** One context, or the Failure that kept us from it, for each question and in their order. Never throws for one customer. */
export async function resolveCustomers(shopId: string, questions: readonly CustomerQuestion[]): Promise<(CustomerContext | Failure)[]> {
  if (questions.length === 0) return [];
  const shopDomain = await domainOf(shopId);
  const ids = [...new Set(questions.flatMap((question) => question.rechargeCustomerId ?? []))];
  const known = await pool().query<KnownCustomer>(
    `select "rechargeCustomerId", email, "shopifyCustomerId" from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = any($2)`,
    [shopId, ids],
  );
  const byId = new Map(known.rows.map((row) => [row.rechargeCustomerId, row]));
  return Promise.all(
    questions.map(async ({ rechargeCustomerId, needs }) => {
      const customer = rechargeCustomerId ? byId.get(rechargeCustomerId) : undefined;
      const missing =
        (needs.includes('email') && !customer?.email) || (needs.includes('shopifyCustomerId') && !customer?.shopifyCustomerId) || needs.includes('subscriptions');
      if (!rechargeCustomerId || !missing) {
        return { rechargeCustomerId, email: customer?.email ?? null, shopifyCustomerId: customer?.shopifyCustomerId ?? null, shopDomain, subscriptions: null };
      }
      try {
        return await resolveCustomer({ shopId, domain: shopDomain }, rechargeCustomerId, needs);
      } catch (error) {
        return toFailure(error);
      }
    }),
  );
}

async function domainOf(shopId: string): Promise<string> {
  const row = await pool().query<{ domain: string }>(`select domain from "Shop" where id = $1`, [shopId]);
  const domain = row.rows[0]?.domain;
  if (!domain) throw new Failure('bug', 'The shop of a delivery does not exist', { code: 'shop_missing' });
  return domain;
}
