/**
 * Where Shopify's own calls go. The package fixes `https://{shop}/…`; when the operator sets SHOPIFY_API_URL (sandboxes,
 * tests) the same request goes to `$SHOPIFY_API_URL/{shop}/…` instead, and nothing else changes.
 */
import { setAbstractFetchFunc } from '@shopify/shopify-api/runtime';
import { env } from '#app/env.server.ts';

const requestLimitMs = 15_000;

/** Sets the one fetch of Shopify's package: token exchange, refresh and Admin GraphQL all go through it. */
export function routeShopifyCalls(): void {
  setAbstractFetchFunc((input, init) => fetch(rewritten(input), { redirect: 'error', ...init, signal: init?.signal ?? AbortSignal.timeout(requestLimitMs) }));
}

/** The address that is called for a request of the package. */
export function upstreamAddress(address: string, base: string | undefined = env().shopifyApiUrl): string {
  const url = new URL(address);
  if (!base || !url.hostname.endsWith('.myshopify.com')) return address;
  return `${base}/${url.hostname}${url.pathname}${url.search}`;
}

function rewritten(input: string | URL | Request): string | Request {
  if (input instanceof Request) return new Request(upstreamAddress(input.url), input);
  return upstreamAddress(String(input));
}

/** Shopify's script, or the sandbox's stand-in: the variable that Shopify's own package reads for its bounce page. */
export function appBridgeAddress(): string {
  return process.env.APP_BRIDGE_URL || 'https://cdn.shopify.com/shopifycloud/app-bridge.js';
}
