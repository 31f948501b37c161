/** Manage Subscriptions: where the link is placed, how it is made, what came of it. */
import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { z } from 'zod';
import { refusalOf } from '#app/admin/plain-failure.ts';
import { portalOutcomes } from '#app/admin/portal-visits.server.ts';
import { PortalPage } from '#app/components/portal/PortalPage.tsx';
import { rechargeConnection } from '#app/connections/recharge.server.ts';
import { savePortal } from '#app/connections/shops.server.ts';
import { env } from '#app/env.server.ts';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

export async function loader({ request }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  const [connection, outcomes] = await Promise.all([rechargeConnection(shop.shopId), portalOutcomes(shop.shopId)]);
  const editor = `https://${shop.domain}/admin/themes/current/editor`;
  const { apiKey } = env().shopify;
  return {
    mode: shop.portalMode,
    linkUrl: `https://${shop.domain}/apps/rechannel/portal`,
    // Shopify opens the theme editor with our block or embed chosen; the merchant places and saves it there.
    blockEditorUrl: `${editor}?template=customers/account&addAppBlockId=${apiKey}/manage_subscriptions&target=newAppsSection`,
    embedEditorUrl: `${editor}?context=apps&activateAppId=${apiKey}/manage_subscriptions_embed`,
    connected: connection?.status === 'active',
    missingScopes: connection?.missingScopes.filter(({ feature }) => feature === 'portal').map(({ scope }) => scope) ?? [],
    outcomes,
  };
}

const input = z.object({ mode: z.enum(['token', 'hash']) });

export async function action({ request }: ActionFunctionArgs) {
  const { shop, actor } = await requireMerchant(request);
  const asked = input.parse(await request.json());
  try {
    await savePortal(shop.shopId, asked, actor);
    return { ok: true as const };
  } catch (error) {
    return refusalOf(error);
  }
}

export default function Portal() {
  return <PortalPage {...useLoaderData<typeof loader>()} />;
}
