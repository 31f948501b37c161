// Shopify's signatures, written from its documentation and checked against fixed vectors.
import { createHmac } from 'node:crypto';

/** What the app proxy signs: doubles joined with a comma, keys in byte order, `key=value` without anything between. */
export function proxyCanonical(query: URLSearchParams): string {
  const values = new Map<string, string[]>();
  for (const [key, value] of query) if (key !== 'signature') values.set(key, [...(values.get(key) ?? []), value]);
  return [...values.keys()]
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((key) => `${key}=${(values.get(key) ?? []).join(',')}`)
    .join('');
}

/** Hex, 64 characters. */
export function signProxyQuery(query: URLSearchParams, apiSecret: string): string {
  return createHmac('sha256', apiSecret).update(proxyCanonical(query)).digest('hex');
}

/** Base64, over the bytes as sent. */
export function signWebhook(body: string | Buffer, apiSecret: string): string {
  return createHmac('sha256', apiSecret).update(body).digest('base64');
}

/** Hex `hmac` of the query with which the admin opens an app: keys sorted, joined with `&`. */
export function signAdminQuery(query: URLSearchParams, apiSecret: string): string {
  const text = [...query]
    .filter(([key]) => key !== 'hmac')
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join('&');
  return createHmac('sha256', apiSecret).update(text).digest('hex');
}
