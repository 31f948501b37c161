/** Connect Recharge: credentials, permissions, webhooks. */
import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { z } from 'zod';
import { secretLooksWrong } from '#app/admin/attention.ts';
import { permissionTable } from '#app/admin/permissions.ts';
import { refusalOf } from '#app/admin/plain-failure.ts';
import { quarantinedWebhooks } from '#app/admin/quarantined.server.ts';
import { RechargePage } from '#app/components/recharge/RechargePage.tsx';
import { listDestinations } from '#app/connections/destinations.server.ts';
import { checkRechargeToken, connectRecharge, disconnectRecharge, openRecharge, rechargeConnection, repairWebhooks } from '#app/connections/recharge.server.ts';
import { queueSummary } from '#app/delivery/queries.server.ts';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

export async function loader({ request }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  const [connection, destinations, queue] = await Promise.all([rechargeConnection(shop.shopId), listDestinations(shop.shopId), queueSummary(shop.shopId)]);
  const quarantined = queue.quarantinedWebhooks > 0 ? await quarantinedWebhooks(shop.shopId) : [];
  const connected = connection !== null && connection.status !== 'disconnected';
  return {
    connection: connected ? withoutKey(connection) : null,
    permissions: permissionTable(connected ? connection.scopes : [], destinations.map(({ type }) => type)),
    secretWrong: connected && secretLooksWrong(connection, queue),
    webhooksLastDay: queue.lastDay.webhooks,
    quarantined: { count: queue.quarantinedWebhooks, newest: quarantined },
  };
}

const input = z.discriminatedUnion('intent', [
  z.object({ intent: z.literal('connect'), apiToken: z.string().max(600), clientSecret: z.string().max(600) }),
  z.object({ intent: z.literal('check'), apiToken: z.string().max(600) }),
  z.object({ intent: z.literal('recheck') }),
  z.object({ intent: z.literal('repair') }),
  z.object({ intent: z.literal('disconnect') }),
]);

export async function action({ request }: ActionFunctionArgs) {
  const { shop, actor } = await requireMerchant(request);
  const asked = input.parse(await request.json());
  try {
    switch (asked.intent) {
      case 'connect':
        await connectRecharge(shop.shopId, { apiToken: asked.apiToken || undefined, clientSecret: asked.clientSecret || undefined }, actor);
        return { ok: true as const, intent: asked.intent };
      case 'check': {
        const checked = await checkRechargeToken(asked.apiToken);
        return { ok: true as const, intent: asked.intent, checked: checked.ok ? { ...checked, permissions: permissionTable(checked.scopes, []) } : checked };
      }
      case 'recheck':
        // Saving what is stored asks Recharge for the token's permissions again and registers what they now allow.
        await connectRecharge(shop.shopId, {}, actor);
        return { ok: true as const, intent: asked.intent };
      case 'repair': {
        await openRecharge(shop.shopId, 'interactive');
        await repairWebhooks(shop.shopId);
        return { ok: true as const, intent: asked.intent };
      }
      case 'disconnect':
        await disconnectRecharge(shop.shopId, actor);
        return { ok: true as const, intent: asked.intent };
    }
  } catch (error) {
    return { ...refusalOf(error), intent: asked.intent };
  }
}

export default function Recharge() {
  return <RechargePage {...useLoaderData<typeof loader>()} />;
}

/** The key in the webhook address lets nobody in, but it is nobody's business either. */
function withoutKey<Connection extends { connectionKey: string; webhookBaseUrl: string }>(connection: Connection): Omit<Connection, 'connectionKey' | 'webhookBaseUrl'> {
  const { connectionKey: _key, webhookBaseUrl: _address, ...shown } = connection;
  return shown;
}
