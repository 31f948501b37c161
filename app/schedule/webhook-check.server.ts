/** Compares a shop's webhook registrations at Recharge with what is wanted and mends them: Recharge deletes those that fail for two days. */
import { repairWebhooks } from '#app/connections/webhooks.server.ts';
import { pool } from '#app/db.server.ts';
import { toFailure } from '#app/errors.ts';
import { log } from '#app/log.server.ts';

/** Shops whose registrations are to be watched. */
export async function connectedShops(): Promise<string[]> {
  const rows = await pool().query<{ shopId: string }>(
    `select c."shopId" from "Connection" c join "Shop" s on s.id = c."shopId" where c.status <> 'disconnected' and s."uninstalledAt" is null order by c."webhooksCheckedAt" nulls first`,
  );
  return rows.rows.map((row) => row.shopId);
}

/** Checks and mends one shop. A refusal of Recharge is kept with the connection, where the merchant sees it, and tried again at the next check. */
export async function checkWebhooks(shopId: string): Promise<void> {
  try {
    const repaired = await repairWebhooks(shopId);
    if (repaired.created.length > 0 || repaired.deleted.length > 0) {
      log.warn('Webhook registrations were mended', { shopId, created: repaired.created, deleted: repaired.deleted });
    }
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'bug') throw failure;
    log.warn('Webhook registrations could not be checked', { shopId, failure });
  }
}
