/** Is this request a webhook of Shopify's, and what does it say? The signature covers the raw bytes, and only them. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { cleanShopDomain } from '#app/connections/shop-domain.ts';
import { parseInstant } from '#app/time.ts';

export const shopifyTopics = ['app/uninstalled', 'app/scopes_update', 'customers/data_request', 'customers/redact', 'shop/redact'] as const;
export type ShopifyTopic = (typeof shopifyTopics)[number];

export type ShopifyMessage = {
  topic: ShopifyTopic;
  /** The same in every copy of one message. */
  eventId: string;
  shopDomain: string;
  /** When it happened at Shopify; null when the message does not say. */
  triggeredAt: Date | null;
  body: Record<string, unknown>;
};

export type ReadWebhook = { ok: true; message: ShopifyMessage } | { ok: false; status: 400 | 401 | 404 | 413; reason: string };

const bodyLimitBytes = 1024 * 1024;

/**
 * Reads one webhook. 401: wrong or missing signature, or a header that names another shop than the signed body, since headers
 * are not signed. 400: bytes that are no JSON object, or no shop at all.
 */
export function readShopifyWebhook(path: string, headers: Headers, bytes: Buffer, apiSecret: string): ReadWebhook {
  if (bytes.length > bodyLimitBytes) return { ok: false, status: 413, reason: 'too_large' };
  if (!signedBy(apiSecret, bytes, header(headers, 'hmac-sha256'))) return { ok: false, status: 401, reason: 'signature' };
  const topic = shopifyTopics.find((known) => known === path);
  if (!topic) return { ok: false, status: 404, reason: 'unknown_topic' };
  const named = header(headers, 'topic');
  if (named !== null && named.toLowerCase() !== topic) return { ok: false, status: 400, reason: 'topic_differs' };
  const body = jsonObject(bytes);
  if (!body) return { ok: false, status: 400, reason: 'no_json_object' };

  const shop = cleanShopDomain(header(headers, 'shop-domain') ?? '');
  const signedShop = body.myshopify_domain ?? body.shop_domain;
  if (!shop.ok) return { ok: false, status: 400, reason: 'no_shop' };
  if (signedShop === undefined && topic !== 'app/scopes_update') return { ok: false, status: 400, reason: 'no_shop_in_body' };
  if (signedShop !== undefined && (typeof signedShop !== 'string' || signedShop.toLowerCase() !== shop.value)) return { ok: false, status: 401, reason: 'shop_differs' };

  const eventId = header(headers, 'event-id') ?? header(headers, 'webhook-id') ?? createHash('sha256').update(bytes).digest('hex');
  const triggeredAt = parseInstant(header(headers, 'triggered-at'));
  return { ok: true, message: { topic, eventId: `${topic}:${eventId}`.slice(0, 200), shopDomain: shop.value, triggeredAt, body } };
}

/** Shopify sends two families of headers, `X-Shopify-…` and `shopify-…`; both carry the same words. */
function header(headers: Headers, name: string): string | null {
  return headers.get(`x-shopify-${name}`) ?? headers.get(`shopify-${name}`);
}

function signedBy(secret: string, bytes: Buffer, signature: string | null): boolean {
  const expected = createHmac('sha256', secret).update(bytes).digest();
  const given = Buffer.from(signature ?? '', 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function jsonObject(bytes: Buffer): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
