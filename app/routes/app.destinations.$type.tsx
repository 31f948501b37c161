/** One destination: connect, change, test, pause, remove. */
import { redirect, type ActionFunctionArgs, type LoaderFunctionArgs } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { z } from 'zod';
import { refusalOf } from '#app/admin/plain-failure.ts';
import { DestinationPage } from '#app/components/destinations/DestinationPage.tsx';
import { checkDestination, ConfirmationNeeded, findDestination, pauseDestination, removeDestination, resumeDestination, saveDestination } from '#app/connections/destinations.server.ts';
import { rechargeConnection } from '#app/connections/recharge.server.ts';
import { findManifest } from '#app/destinations/manifests.ts';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

export async function loader({ request, params }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  const manifest = manifestOf(params.type);
  const [destination, connection] = await Promise.all([findDestination(shop.shopId, manifest.type), rechargeConnection(shop.shopId)]);
  const connected = connection !== null && connection.status !== 'disconnected';
  return {
    type: manifest.type,
    destination,
    rechargeConnected: connected,
    missingScopes: connected ? Object.keys(manifest.scopes).filter((scope) => !connection.scopes.includes(scope)) : [],
  };
}

const input = z.discriminatedUnion('intent', [
  z.object({ intent: z.literal('save'), settings: z.record(z.string(), z.unknown()), confirm: z.boolean().default(false) }),
  z.object({ intent: z.enum(['test', 'pause', 'resume', 'remove']) }),
]);

export async function action({ request, params }: ActionFunctionArgs) {
  const { shop, actor } = await requireMerchant(request);
  const { type } = manifestOf(params.type);
  const asked = input.parse(await request.json());
  const { intent } = asked;
  try {
    if (intent === 'save') {
      await saveDestination(shop.shopId, type, asked.settings, actor, { confirm: asked.confirm });
      return { ok: true as const, intent };
    }
    const destination = await findDestination(shop.shopId, type);
    if (!destination) throw new Response(null, { status: 404 });
    const { destinationId } = destination;
    switch (intent) {
      case 'test': {
        const check = await checkDestination(shop.shopId, destinationId);
        return check.ok ? { ok: true as const, intent } : { ok: false as const, intent, check: check.message };
      }
      case 'pause':
        await pauseDestination(shop.shopId, destinationId, actor);
        return { ok: true as const, intent };
      case 'resume':
        await resumeDestination(shop.shopId, destinationId, actor);
        return { ok: true as const, intent };
      case 'remove':
        await removeDestination(shop.shopId, destinationId, actor);
        return redirect('/app/destinations');
    }
  } catch (error) {
    if (error instanceof Response) throw error;
    if (error instanceof ConfirmationNeeded) return { ok: false as const, intent, confirm: error.faults.map(({ path }) => path.replace(/^settings\./, '')) };
    return { ...refusalOf(error), intent };
  }
}

export default function Destination() {
  const data = useLoaderData<typeof loader>();
  return <DestinationPage key={data.type} {...data} />;
}

function manifestOf(type: string | undefined) {
  const manifest = findManifest(type ?? '');
  if (!manifest) throw new Response(null, { status: 404 });
  return manifest;
}
