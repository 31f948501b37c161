/** What needs a person, worst first. Pure: the page puts it into words. */
import type { DestinationView } from '#app/connections/destinations.server.ts';
import type { ConnectionView } from '#app/connections/recharge.server.ts';
import type { QueueSummary } from '#app/delivery/queries.server.ts';

export type Attention = {
  code:
    | 'rechargeRefused'
    | 'secretWrong'
    | 'webhooksMissing'
    | 'scopesMissing'
    | 'destinationStopped'
    | 'destinationPaused'
    | 'dead'
    | 'quarantined'
    | 'late';
  tone: 'critical' | 'warning' | 'info';
  page: string;
  values: Record<string, string | number>;
};

/** Longer than this, a waiting delivery is worth a look. */
const lateAfterMs = 15 * 60_000;

export function needsAttention(connection: ConnectionView | null, destinations: readonly DestinationView[], queue: QueueSummary, now: Date): Attention[] {
  const found: Attention[] = [];
  const add = (code: Attention['code'], tone: Attention['tone'], page: string, values: Attention['values'] = {}) => found.push({ code, tone, page, values });

  if (connection?.status === 'unauthorised') add('rechargeRefused', 'critical', '/app/recharge', { reason: connection.statusReason ?? '' });
  if (connection && secretLooksWrong(connection, queue)) add('secretWrong', 'critical', '/app/recharge', { count: connection.refusedCount });
  for (const destination of destinations) {
    const page = `/app/destinations/${destination.type}`;
    if (destination.status === 'stopped') add('destinationStopped', 'critical', page, { destination: destination.label, reason: destination.statusReason ?? '' });
    if (destination.status === 'paused') add('destinationPaused', 'info', page, { destination: destination.label });
  }
  if (connection?.status === 'active') {
    const { wanted, present } = connection.webhooks;
    if (present < wanted) add('webhooksMissing', 'warning', '/app/recharge', { present, wanted });
    if (connection.missingScopes.length > 0) add('scopesMissing', 'warning', '/app/recharge', { scopes: [...new Set(connection.missingScopes.map(({ scope }) => scope))].join(', ') });
  }
  if (queue.dead > 0) add('dead', 'warning', '/app/deliveries?state=dead', { count: queue.dead });
  if (queue.oldestWaitingAt && queue.waiting > 0 && now.getTime() - queue.oldestWaitingAt.getTime() > lateAfterMs) add('late', 'warning', '/app/deliveries?state=pending', { count: queue.waiting });
  if (queue.quarantinedWebhooks > 0) add('quarantined', 'info', '/app/recharge', { count: queue.quarantinedWebhooks });
  const order = { critical: 0, warning: 1, info: 2 };
  return found.sort((a, b) => order[a.tone] - order[b.tone]);
}

/** Recharge sends and everything is refused: the stored client secret is not the one that signs (BR-14). */
export function secretLooksWrong(connection: Pick<ConnectionView, 'status' | 'refusedCount'>, queue: Pick<QueueSummary, 'lastDay'>): boolean {
  return connection.status === 'active' && connection.refusedCount > 0 && queue.lastDay.webhooks === 0;
}
