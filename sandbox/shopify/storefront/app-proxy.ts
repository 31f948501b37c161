// Shopify's app proxy: signs the visitor's query, passes the request on to the app, and its answer back to the visitor.
import type { SimRequest, SimResponse } from '../../kit.ts';
import type { ShopifySetup, ShopifyShop, ShopifyShopper } from '../options.ts';
import { signProxyQuery } from '../signatures.ts';

/** The query with which the app is asked, signature included. */
export function signedQuery(asked: URLSearchParams, shop: ShopifyShop, shopper: ShopifyShopper | null, setup: ShopifySetup): URLSearchParams {
  const own = {
    shop: shop.domain,
    logged_in_customer_id: shopper ? String(shopper.id) : '',
    path_prefix: setup.proxyPath,
    timestamp: String(Math.floor(setup.now() / 1000)),
  };
  const query = new URLSearchParams();
  for (const [key, value] of asked) {
    const reserved = Object.hasOwn(own, key) && !setup.switches.proxyKeepsReservedNames;
    if (key !== 'signature' && !reserved) query.append(key, value);
  }
  for (const [key, value] of Object.entries(own)) query.append(key, value);
  query.append('signature', signProxyQuery(query, setup.apiSecret));
  return query;
}

const notPassedOn = new Set(['host', 'cookie', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'keep-alive', 'upgrade', 'expect']);
const notPassedBack = new Set(['set-cookie', 'connection', 'content-length', 'content-encoding', 'transfer-encoding', 'keep-alive']);

/** Undefined when the app cannot be reached. Redirects go to the visitor's browser as they are. */
export async function passOn(request: SimRequest, below: string, shop: ShopifyShop, shopper: ShopifyShopper | null, setup: ShopifySetup): Promise<SimResponse | undefined> {
  const appUrl = setup.appUrl();
  if (appUrl === undefined) return undefined;
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !notPassedOn.has(name)));
  try {
    const answer = await fetch(`${appUrl}/proxy${below}?${signedQuery(request.query, shop, shopper, setup)}`, {
      method: request.method,
      headers: { ...headers, 'x-forwarded-host': shop.domain },
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
      ...(request.rawBody.length > 0 && { body: new Uint8Array(request.rawBody) }),
    });
    const back: Record<string, string> = {};
    answer.headers.forEach((value, name) => {
      if (!notPassedBack.has(name)) back[name] = value;
    });
    return { status: answer.status, headers: back, body: Buffer.from(await answer.arrayBuffer()) };
  } catch {
    return undefined;
  }
}
