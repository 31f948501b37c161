/** What came of the presses on Manage Subscriptions in the last seven days. */
import { pool } from '#app/db.server.ts';

export type PortalOutcome = { outcome: string; count: number };

export async function portalOutcomes(shopId: string): Promise<PortalOutcome[]> {
  const rows = await pool().query<PortalOutcome>(
    `select outcome, count(*)::int as count from "PortalVisit" where "shopId" = $1 and at > now() - interval '7 days' group by outcome order by count desc, outcome`,
    [shopId],
  );
  return rows.rows;
}
