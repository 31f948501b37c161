// Shopify's webhook sender: signs the bytes and posts them to the app, once.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ShopifySetup, ShopifyShop } from './options.ts';
import { handleOf, nameOf } from './options.ts';
import { signWebhook } from './signatures.ts';

export const webhookInput = z.object({
  /** `app/uninstalled`, `app/scopes_update`, `customers/data_request`, `customers/redact`, `shop/redact`, or any other. */
  topic: z.string().regex(/^[a-z_]+\/[a-z_]+$/),
  shop: z.string(),
  /** Left out: a likely one for the topic. */
  payload: z.record(z.string(), z.unknown()).optional(),
  /** Extra headers, or other values for Shopify's own. */
  headers: z.record(z.string(), z.string()).optional(),
  /** Signs with another secret, to see it refused. */
  secret: z.string().optional(),
  /** Path at the app; default `/webhooks/shopify/{topic}`. */
  path: z.string().optional(),
});

export type WebhookInput = z.input<typeof webhookInput>;
export interface WebhookAnswer {
  status: number;
  body: string;
  webhookId: string;
}

/** Throws when the app's address is unknown or nobody listens there. */
export async function sendShopifyWebhook(given: WebhookInput, shop: ShopifyShop, setup: ShopifySetup): Promise<WebhookAnswer> {
  const input = webhookInput.parse(given);
  const appUrl = setup.appUrl();
  if (appUrl === undefined) throw new Error('the app address is not set: PUT /_sim/app {"url": "http://…"}');
  const body = JSON.stringify(input.payload ?? samplePayload(input.topic, shop, setup));
  const webhookId = randomUUID();
  const answer = await fetch(`${appUrl}${input.path ?? `/webhooks/shopify/${input.topic}`}`, {
    method: 'POST',
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(5000),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Shopify-Captain-Hook',
      'x-shopify-topic': input.topic,
      'x-shopify-shop-domain': shop.domain,
      'x-shopify-api-version': '2026-10',
      'x-shopify-webhook-id': webhookId,
      'x-shopify-event-id': randomUUID(),
      'x-shopify-triggered-at': new Date(setup.now()).toISOString(),
      'x-shopify-hmac-sha256': signWebhook(body, input.secret ?? setup.apiSecret),
      ...input.headers,
    },
  });
  return { status: answer.status, body: await answer.text(), webhookId };
}

function samplePayload(topic: string, shop: ShopifyShop, setup: ShopifySetup): Record<string, unknown> {
  const store = { shop_id: 954889, shop_domain: shop.domain };
  const [customer] = shop.customers ?? [];
  const person = { id: customer?.id ?? 6001, email: customer?.email ?? 'ana.muster@example.com', phone: null };
  switch (topic) {
    case 'app/uninstalled':
      return { id: 954889, name: nameOf(shop), email: `owner@${handleOf(shop)}.example`, domain: shop.domain, myshopify_domain: shop.domain };
    case 'app/scopes_update':
      return { id: 'gid://shopify/AppInstallation/1', previous: setup.scopes, current: setup.scopes, updated_at: new Date(setup.now()).toISOString() };
    case 'customers/data_request':
      return { ...store, orders_requested: [], customer: person, data_request: { id: 9999 } };
    case 'customers/redact':
      return { ...store, customer: person, orders_to_redact: [] };
    default:
      return store;
  }
}
