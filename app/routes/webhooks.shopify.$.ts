/** POST /webhooks/shopify/{topic}: Shopify tells us of uninstalls, changed scopes and privacy requests. */
import type { ActionFunctionArgs } from '@remix-run/node';
import { env } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';
import { customerHash } from '#app/portal/visits.server.ts';
import { readShopifyWebhook } from '#app/shopify/webhook-request.server.ts';
import { handleShopifyWebhook } from '#app/shopify/webhooks.server.ts';

export const loader = () => notPost();

export async function action({ request, params }: ActionFunctionArgs) {
  if (request.method !== 'POST') return notPost();
  const read = readShopifyWebhook(params['*'] ?? '', request.headers, Buffer.from(await request.arrayBuffer()), env().shopify.apiSecret);
  if (!read.ok) {
    log.warn('A webhook of Shopify was refused', { status: read.status, reason: read.reason });
    return new Response(null, { status: read.status });
  }
  try {
    await handleShopifyWebhook(read.message, customerHash);
    return new Response(null, { status: 200 });
  } catch (error) {
    log.error('A webhook of Shopify failed; Shopify sends it again', { shop: read.message.shopDomain, topic: read.message.topic, error });
    return new Response(null, { status: 503, headers: { 'Retry-After': '60' } });
  }
}

function notPost() {
  return new Response(null, { status: 405, headers: { Allow: 'POST' } });
}
