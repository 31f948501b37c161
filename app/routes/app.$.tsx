/** An address below /app that no page has: a 404 inside the frame. */
import type { LoaderFunctionArgs } from '@remix-run/node';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

export async function loader({ request }: LoaderFunctionArgs): Promise<null> {
  await requireMerchant(request);
  throw new Response(null, { status: 404 });
}

export default function Nowhere() {
  return null;
}
