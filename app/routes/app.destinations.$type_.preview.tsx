/** What a destination would be sent for an event of this shop, or for a sample. Nothing is sent. */
import type { LoaderFunctionArgs } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { plainFailure } from '#app/admin/plain-failure.ts';
import { PreviewPage } from '#app/components/destinations/PreviewPage.tsx';
import { findDestination } from '#app/connections/destinations.server.ts';
import { previewDestination } from '#app/delivery/preview.server.ts';
import { listEvents } from '#app/delivery/queries.server.ts';
import { findManifest } from '#app/destinations/manifests.ts';
import { toFailure } from '#app/errors.ts';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

const recentEvents = 25;
const firstSample = 'subscription.created';

export async function loader({ request, params }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  const manifest = findManifest(params.type ?? '');
  const destination = manifest && (await findDestination(shop.shopId, manifest.type));
  if (!manifest || !destination) throw new Response(null, { status: 404 });
  const { items } = await listEvents(shop.shopId, { limit: recentEvents });
  const events = items.map(({ eventId, type, objectId, occurredAt }) => ({ eventId, type, objectId, occurredAt }));
  const shown = new URL(request.url).searchParams.get('event') ?? events[0]?.eventId ?? firstSample;
  const preview = await previewDestination(shop.shopId, destination.destinationId, shown).catch((error: unknown) => {
    const failure = toFailure(error);
    if (failure.kind === 'bug') throw error;
    return { failure: plainFailure(failure) };
  });
  return {
    type: manifest.type,
    events,
    shown,
    preview: 'failure' in preview ? preview : { eventType: preview.event.type, occurredAt: preview.event.occurredAt, sample: preview.eventId === null, result: plainResult(preview.result) },
  };
}

/** Commands are JSON; as text they reach the browser exactly as they would leave. */
function plainResult(result: { commands: unknown[] } | { skip: string }): { commands: string[] } | { skip: string } {
  return 'skip' in result ? result : { commands: result.commands.map((command) => JSON.stringify(command, null, 2)) };
}

export default function Preview() {
  return <PreviewPage {...useLoaderData<typeof loader>()} />;
}
