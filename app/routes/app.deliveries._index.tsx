/** Deliveries: what went where, filtered by the address. */
import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { z } from 'zod';
import { refusalOf } from '#app/admin/plain-failure.ts';
import { DeliveriesPage } from '#app/components/deliveries/DeliveriesPage.tsx';
import { listDestinations } from '#app/connections/destinations.server.ts';
import { listDeliveries, queueSummary, readState } from '#app/delivery/queries.server.ts';
import { replayMany } from '#app/delivery/replay.server.ts';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

const pageSize = 50;

export async function loader({ request }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  const { searchParams } = new URL(request.url);
  const filter = {
    state: readState(searchParams.get('state')),
    type: searchParams.get('destination') || undefined,
    search: searchParams.get('search')?.trim().slice(0, 200) || undefined,
  };
  const cursor = searchParams.get('cursor') || undefined;
  const [page, destinations, queue] = await Promise.all([listDeliveries(shop.shopId, { ...filter, cursor, limit: pageSize }), listDestinations(shop.shopId), queueSummary(shop.shopId)]);
  return {
    items: page.items,
    next: page.next,
    filter: { state: filter.state ?? null, destination: filter.type ?? null, search: filter.search ?? null, cursor: cursor ?? null },
    destinations: destinations.map(({ type, label }) => ({ type, label })),
    deadCount: queue.dead,
  };
}

const input = z.discriminatedUnion('intent', [
  z.object({ intent: z.literal('replay'), deliveryIds: z.array(z.string().regex(/^[1-9]\d{0,18}$/)).min(1).max(pageSize) }),
  z.object({ intent: z.literal('replayDead'), destination: z.string().max(60).nullable() }),
]);

export async function action({ request }: ActionFunctionArgs) {
  const { shop, actor } = await requireMerchant(request);
  const asked = input.parse(await request.json());
  try {
    const scope = asked.intent === 'replay' ? { deliveryIds: asked.deliveryIds } : { destinationType: asked.destination ?? undefined };
    const { accepted } = await replayMany(shop.shopId, { state: 'dead', ...scope }, actor);
    return { ok: true as const, accepted };
  } catch (error) {
    return refusalOf(error);
  }
}

export default function Deliveries() {
  return <DeliveriesPage {...useLoaderData<typeof loader>()} />;
}
