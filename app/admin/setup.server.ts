/** The setup guide's steps, each verified here against what is really there, never against what was clicked. */
import type { DestinationView } from '#app/connections/destinations.server.ts';
import type { ConnectionView } from '#app/connections/recharge.server.ts';
import { pool } from '#app/db.server.ts';
import { setupStepIds, type SetupStep } from './setup-steps.ts';

/** The steps in their order. `connection` and `destinations` are the shop's. */
export async function setupSteps(shopId: string, connection: ConnectionView | null, destinations: readonly DestinationView[]): Promise<SetupStep[]> {
  const seen = await whatWasSeen(shopId);
  const done: Record<SetupStep['id'], boolean> = {
    recharge: connection?.status === 'active',
    webhooks: connection?.status === 'active' && connection.webhooks.wanted > 0 && connection.webhooks.present >= connection.webhooks.wanted,
    firstWebhook: seen.webhook,
    destination: destinations.some((destination) => destination.status !== 'stopped' && destination.check?.ok !== false),
    firstDelivery: seen.delivery,
    portalLink: seen.portal,
  };
  return setupStepIds.map((id) => ({ id, done: done[id] }));
}

async function whatWasSeen(shopId: string): Promise<{ webhook: boolean; delivery: boolean; portal: boolean }> {
  // Webhooks are pruned after a while, the events made of them stay longer: either proves that one came.
  const rows = await pool().query<{ webhook: boolean; delivery: boolean; portal: boolean }>(
    `select exists (select 1 from "InboundWebhook" where "shopId" = $1) or exists (select 1 from "Event" where "shopId" = $1 and origin = 'webhook') as webhook,
            exists (select 1 from "Delivery" where "shopId" = $1 and state = 'delivered') as delivery,
            exists (select 1 from "PortalVisit" where "shopId" = $1 and outcome = 'redirected') as portal`,
    [shopId],
  );
  return rows.rows[0] ?? { webhook: false, delivery: false, portal: false };
}
