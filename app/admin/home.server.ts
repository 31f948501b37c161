/** Everything the home page says about a shop. */
import { listNotices } from '#app/alerts/notices.server.ts';
import { listDestinations } from '#app/connections/destinations.server.ts';
import { rechargeConnection } from '#app/connections/recharge.server.ts';
import { queueSummary } from '#app/delivery/queries.server.ts';
import { homeBanners } from './banners.ts';
import { needsAttention } from './attention.ts';
import { readMarks } from './marks.server.ts';
import { portalOutcomes } from './portal-visits.server.ts';
import { setupSteps } from './setup.server.ts';

export type Home = Awaited<ReturnType<typeof readHome>>;

export async function readHome(shopId: string) {
  const [connection, destinations, queue, marks, portal, notices] = await Promise.all([rechargeConnection(shopId), listDestinations(shopId), queueSummary(shopId), readMarks(shopId), portalOutcomes(shopId), listNotices(shopId)]);
  const steps = await setupSteps(shopId, connection, destinations);
  const complete = steps.every((step) => step.done);
  return {
    recharge: connection && { status: connection.status, storeName: connection.storeName, webhooks: { wanted: connection.webhooks.wanted, present: connection.webhooks.present, checkedAt: connection.webhooks.checkedAt } },
    destinations: destinations.map(({ type, label, status, lastSuccessAt }) => ({ type, label, status, lastSuccessAt })),
    queue,
    portalVisits: portal.reduce((sum, { count }) => sum + count, 0),
    banners: homeBanners(notices, new Date()),
    attention: needsAttention(connection, destinations, queue, new Date()),
    // A guide that was put away stays away, unless something it stands for is no longer so.
    guide: complete && marks.guideDismissed ? null : { steps, complete },
  };
}
