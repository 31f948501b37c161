/** `status`: how every shop, or one, is doing. */
import { listDestinations } from '#app/connections/destinations.server.ts';
import { rechargeConnection } from '#app/connections/recharge.server.ts';
import { listShops, type Shop } from '#app/connections/shops.server.ts';
import { queueSummary } from '#app/delivery/queries.server.ts';
import { env } from '#app/env.server.ts';
import { shopOption, text, type CliCommand } from '../command.ts';
import { readShop } from '../options.ts';
import { lines, table, time } from '../output.ts';

export const statusCommand: CliCommand = {
  usage: 'status',
  summary: 'connections, webhook registrations, destinations and queue of every shop, or of one',
  options: (command) => void command.option(...shopOption),
  async run(_, { shop }) {
    const named = text(shop);
    if (named) {
      const status = await statusOf(await readShop(named));
      return { json: status, text: inWords(status) };
    }
    const items = await Promise.all((await listShops()).map(statusOf));
    return { json: { items, next: null }, text: overview(items) };
  },
};

type Status = Awaited<ReturnType<typeof statusOf>>;

async function statusOf(shop: Shop) {
  const [recharge, destinations, queue] = await Promise.all([rechargeConnection(shop.shopId), listDestinations(shop.shopId), queueSummary(shop.shopId)]);
  const connected = recharge !== null && recharge.status !== 'disconnected';
  return {
    shop: shop.domain,
    recharge: recharge && {
      status: recharge.status,
      reason: recharge.statusReason,
      store: recharge.storeName,
      token: recharge.tokenName,
      connectionKey: recharge.connectionKey,
      webhookBaseUrl: recharge.webhookBaseUrl,
      missingScopes: [...new Set(recharge.missingScopes.map(({ scope }) => scope))],
      webhooks: recharge.webhooks,
      refusedWebhooks: { count: recharge.refusedCount, lastAt: recharge.refusedAt },
    },
    destinations: destinations.map(({ destinationId, type, status, statusReason, check, checkedAt, lastSuccessAt }) => ({
      id: destinationId, type, status, reason: statusReason, check, checkedAt, lastSuccessAt,
    })),
    queue: { depth: queue.waiting + queue.held, ...queue },
    oldestUndeliveredAt: queue.oldestWaitingAt,
    nextRuns: connected ? [{ job: 'webhook-check', at: new Date((recharge.webhooks.checkedAt?.getTime() ?? Date.now()) + env().webhookCheckMs) }] : [],
  };
}

function overview(items: readonly Status[]): string {
  return table(
    ['shop', 'Recharge', 'webhooks', 'destinations', 'waiting', 'held', 'dead', 'oldest undelivered'],
    items.map(({ shop, recharge, destinations, queue }) => [
      shop,
      recharge?.status ?? 'not connected',
      recharge ? `${recharge.webhooks.present} of ${recharge.webhooks.wanted}` : null,
      destinations.map(({ type, status }) => `${type} ${status}`).join('\n') || null,
      queue.waiting,
      queue.held,
      queue.dead,
      time(queue.oldestWaitingAt),
    ]),
    'No shop is connected yet. Connect one with: apply FILE',
  );
}

function inWords({ shop, recharge, destinations, queue, nextRuns }: Status): string {
  const pairs: [string, string | number | null][] = [
    ['shop', shop],
    ['Recharge', recharge ? `${recharge.status}${recharge.reason ? `: ${recharge.reason}` : ''}` : 'not connected'],
    ['store', recharge?.store ?? null],
    ['webhooks', recharge ? `${recharge.webhooks.present} of ${recharge.webhooks.wanted} registered, checked ${time(recharge.webhooks.checkedAt)}` : null],
    ...(recharge?.webhooks.failed ?? []).map(({ topic, message }): [string, string] => ['', `${topic}: ${message}`]),
    ['missing scopes', recharge?.missingScopes.join(', ') || null],
    ['refused webhooks', recharge ? `${recharge.refusedWebhooks.count}, last ${time(recharge.refusedWebhooks.lastAt)}` : null],
    ...destinations.map(({ id, type, status, reason, lastSuccessAt }): [string, string] => [type, `${status}${reason ? `: ${reason}` : ''} (destination ${id}, last success ${time(lastSuccessAt)})`]),
    ['queue', `${queue.waiting} waiting, ${queue.held} held, ${queue.dead} dead, ${queue.unprocessedWebhooks} webhooks unread, ${queue.quarantinedWebhooks} set aside`],
    ['oldest undelivered', time(queue.oldestWaitingAt)],
    ...nextRuns.map(({ job, at }): [string, string] => [`next ${job}`, time(at)]),
  ];
  return lines(pairs);
}
