/** The tools this shop sends to, and those it could. */
import type { LoaderFunctionArgs } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { DestinationsPage } from '#app/components/destinations/DestinationsPage.tsx';
import { listDestinations } from '#app/connections/destinations.server.ts';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

export async function loader({ request }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  return { destinations: await listDestinations(shop.shopId) };
}

export default function Destinations() {
  return <DestinationsPage {...useLoaderData<typeof loader>()} />;
}
