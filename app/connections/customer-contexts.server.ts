/**
 * Names the customers of a whole batch of deliveries: one look at our own tables for all of them, and a question to
 * Recharge only for those that the tables cannot answer.
 */
import { pool } from '#app/db.server.ts';
import type { CustomerContext, Need } from '#app/destinations/contract.ts';
import { Failure, toFailure } from '#app/errors.ts';
import { readCustomers, resolveCustomer } from './customers.server.ts';
import { noteRechargeRefusal } from './recharge.server.ts';

export type CustomerQuestion = { rechargeCustomerId: string | null; needs: readonly Need[] };

type KnownCustomer = { rechargeCustomerId: string; email: string | null; shopifyCustomerId: string | null };

/** One context, or the Failure that kept us from it, for each question and in their order. Never throws for one customer. */
export async function resolveCustomers(shopId: string, questions: readonly CustomerQuestion[]): Promise<(CustomerContext | Failure)[]> {
  if (questions.length === 0) return [];
  const shopDomain = await domainOf(shopId);
  const byId = await knownCustomers(shopId, questions);
  const nameless = [...new Set(questions.flatMap(({ rechargeCustomerId: id, needs }) => (id && needs.includes('email') && !byId.get(id)?.email ? [id] : [])))];
  if (nameless.length > 1) {
    try {
      await readCustomers(shopId, nameless);
    } catch (error) {
      await noteRechargeRefusal(shopId, error);
      // Whoever is known needs no Recharge; the others wait for it.
      const failure = toFailure(error);
      return resolveEach(shopId, shopDomain, questions, byId, (id) => (nameless.includes(id) ? failure : null));
    }
    return resolveEach(shopId, shopDomain, questions, await knownCustomers(shopId, questions), () => null);
  }
  return resolveEach(shopId, shopDomain, questions, byId, () => null);
}

async function knownCustomers(shopId: string, questions: readonly CustomerQuestion[]): Promise<Map<string, KnownCustomer>> {
  const ids = [...new Set(questions.flatMap((question) => question.rechargeCustomerId ?? []))];
  const known = await pool().query<KnownCustomer>(
    `select "rechargeCustomerId", email, "shopifyCustomerId" from "CustomerState" where "shopId" = $1 and "rechargeCustomerId" = any($2)`,
    [shopId, ids],
  );
  return new Map(known.rows.map((row) => [row.rechargeCustomerId, row]));
}

function resolveEach(
  shopId: string,
  shopDomain: string,
  questions: readonly CustomerQuestion[],
  byId: ReadonlyMap<string, KnownCustomer>,
  keptFrom: (rechargeCustomerId: string) => Failure | null,
): Promise<(CustomerContext | Failure)[]> {
  return Promise.all(
    questions.map(async ({ rechargeCustomerId, needs }) => {
      const customer = rechargeCustomerId ? byId.get(rechargeCustomerId) : undefined;
      const missing =
        (needs.includes('email') && !customer?.email) || (needs.includes('shopifyCustomerId') && !customer?.shopifyCustomerId) || needs.includes('subscriptions');
      if (!rechargeCustomerId || !missing) {
        return { rechargeCustomerId, email: customer?.email ?? null, shopifyCustomerId: customer?.shopifyCustomerId ?? null, shopDomain, subscriptions: null };
      }
      const failure = keptFrom(rechargeCustomerId);
      if (failure) return failure;
      return inTime(resolveCustomer({ shopId, domain: shopDomain }, rechargeCustomerId, needs).catch(toFailure));
    }),
  );
}

/** Code of the Failure for a customer whose answer is on its way: the look-up goes on, and the next try finds it in our tables. */
export const stillAsking = 'recharge_still_asked';
const patienceMs = 5_000;

/** One customer for whom Recharge's budget must be waited for does not hold up the others of the batch. */
async function inTime(answer: Promise<CustomerContext | Failure>): Promise<CustomerContext | Failure> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Failure>((resolve) => {
    timer = setTimeout(() => resolve(new Failure('transient', 'Recharge is being asked about this customer.', { code: stillAsking, system: 'Recharge' })), patienceMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function domainOf(shopId: string): Promise<string> {
  const row = await pool().query<{ domain: string }>(`select domain from "Shop" where id = $1`, [shopId]);
  const domain = row.rows[0]?.domain;
  if (!domain) throw new Failure('bug', 'The shop of a delivery does not exist', { code: 'shop_missing' });
  return domain;
}
