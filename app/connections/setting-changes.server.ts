/** Who changed which setting, when: secrets stand there as fingerprints. */
import type { Prisma } from '@prisma/client';
import { fingerprint } from '#app/secrets.server.ts';

export type Change = {
  shopId: string;
  /** `cli`, or the Shopify user's id. */
  actor: string;
  /** What was changed: `recharge`, `bloomreach`, `portal`. */
  subject: string;
  before: Prisma.InputJsonObject | null;
  after: Prisma.InputJsonObject | null;
};

/** Adds the entry in the caller's transaction, so that a change and its entry are there together or not at all. */
export async function recordChange(tx: Prisma.TransactionClient, { shopId, actor, subject, before, after }: Change): Promise<void> {
  await tx.settingChange.create({ data: { shopId: BigInt(shopId), actor, subject, ...(before ? { before } : {}), ...(after ? { after } : {}) } });
}

/** `sha256:1a2b3c4d` for a secret, null for none. */
export function printOf(secret: string | null | undefined): string | null {
  return secret ? `sha256:${fingerprint(secret)}` : null;
}

/** The last four characters of a secret, for screens; null for none and for one too short to hide the rest. */
export function lastFour(secret: string | null | undefined): string | null {
  return secret && secret.length >= 12 ? secret.slice(-4) : null;
}
