/** Webhooks of Recharge that were signed rightly and could not be read: kept, and shown so that somebody can ask why. */
import { pool } from '#app/db.server.ts';

export type QuarantinedWebhook = { webhookId: string; topic: string; receivedAt: Date; reason: string | null };

const shown = 10;

/** The newest few. */
export async function quarantinedWebhooks(shopId: string): Promise<QuarantinedWebhook[]> {
  const rows = await pool().query<QuarantinedWebhook>(
    `select id as "webhookId", topic, "receivedAt", reason from "InboundWebhook" where "shopId" = $1 and state = 'quarantined' order by id desc limit ${shown}`,
    [shopId],
  );
  return rows.rows;
}
