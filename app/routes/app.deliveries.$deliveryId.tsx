/** One delivery: what happened, each attempt, what was sent, and a way to send it again. */
import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { refusalOf } from '#app/admin/plain-failure.ts';
import { DeliveryPage } from '#app/components/deliveries/DeliveryPage.tsx';
import { previewDestination } from '#app/delivery/preview.server.ts';
import { deliveryDetail } from '#app/delivery/queries.server.ts';
import { replayDelivery } from '#app/delivery/replay.server.ts';
import { canReplay } from '#app/delivery/state.ts';
import { findManifest } from '#app/destinations/manifests.ts';
import { toFailure } from '#app/errors.ts';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

export async function loader({ request, params }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  const delivery = await deliveryDetail(shop.shopId, params.deliveryId ?? '');
  if (!delivery) throw new Response(null, { status: 404 });
  return {
    delivery,
    destinationLabel: findManifest(delivery.destination)?.label ?? delivery.destination,
    canReplay: canReplay(delivery.state),
    commands: await commandsOf(shop.shopId, delivery.destinationId, delivery.eventId),
  };
}

export async function action({ request, params }: ActionFunctionArgs) {
  const { shop, actor } = await requireMerchant(request);
  try {
    await replayDelivery(shop.shopId, params.deliveryId ?? '', actor);
    return { ok: true as const };
  } catch (error) {
    return refusalOf(error);
  }
}

export default function Delivery() {
  const data = useLoaderData<typeof loader>();
  return <DeliveryPage key={data.delivery.deliveryId} {...data} />;
}

/** A preview needs the destination, and perhaps Recharge; without them the page shows everything else. */
async function commandsOf(shopId: string, destinationId: string, eventId: string) {
  try {
    const { result } = await previewDestination(shopId, destinationId, eventId);
    return 'skip' in result ? result : { commands: result.commands.map((command) => JSON.stringify(command, null, 2)) };
  } catch (error) {
    if (toFailure(error).kind === 'bug') throw error;
    return { unavailable: true as const };
  }
}
