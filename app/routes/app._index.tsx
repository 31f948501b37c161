/** Home: is it working, what needs a person, what is still to set up. */
import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { markGuideDismissed } from '#app/admin/marks.server.ts';
import { readHome } from '#app/admin/home.server.ts';
import { HomePage } from '#app/components/home/HomePage.tsx';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

export async function loader({ request }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  return readHome(shop.shopId);
}

export async function action({ request }: ActionFunctionArgs) {
  const { shop } = await requireMerchant(request);
  await markGuideDismissed(shop.shopId);
  return { ok: true };
}

export default function Home() {
  return <HomePage home={useLoaderData<typeof loader>()} />;
}
