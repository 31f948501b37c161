/** The record of presses of Manage Subscriptions: a row and a count for each answer, without anything personal. */
import { createHash } from 'node:crypto';
import { pool } from '#app/db.server.ts';
import { log } from '#app/log.server.ts';
import { counter } from '#app/metrics.server.ts';

export type Visit = { shopId: string; shopifyCustomerId: string | null; entryPoint: 'proxy' | 'account_extension'; outcome: string };

/** Names the shopper within the shop without telling who it is; 16 hex digits. */
export function customerHash(shopId: string, shopifyCustomerId: string): string {
  return createHash('sha256').update(`${shopId}:${shopifyCustomerId}`).digest('hex').slice(0, 16);
}

/** Writes the row of a visit. To be called after the answer; a failure is logged and never thrown. */
export async function recordVisit({ shopId, shopifyCustomerId, entryPoint, outcome }: Visit): Promise<void> {
  try {
    await pool().query(`insert into "PortalVisit" ("shopId", "customerHash", "entryPoint", outcome) values ($1, $2, $3, $4)`, [
      shopId,
      shopifyCustomerId === null ? null : customerHash(shopId, shopifyCustomerId),
      entryPoint,
      outcome,
    ]);
  } catch (error) {
    log.warn('A portal visit could not be recorded', { shopId, outcome, error });
  }
}

export function countAnswer(outcome: string): void {
  counter('rechannel_portal_answers_total', 'Answers of the portal route by outcome', ['outcome']).inc({ outcome });
}

const mostNames = 50;
const seenNames = new Set<string>();

/** Counts parameter names that Shopify signed and our list lacks, so that an operator sees which one honest traffic brings. */
export function countUnknownNames(names: readonly string[]): void {
  for (const name of names.slice(0, 10)) {
    const known = seenNames.has(name) || (seenNames.size < mostNames && /^[A-Za-z_][A-Za-z0-9_.[\]-]{0,39}$/.test(name));
    if (known) seenNames.add(name);
    counter('rechannel_portal_unknown_parameters_total', 'Signed requests to the portal route with a parameter that is not on the list', ['name']).inc({ name: known ? name : 'other' });
  }
}
