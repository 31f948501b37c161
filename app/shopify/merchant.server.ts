/** Who is asking, for every screen of the admin: the shop and the person of a verified session token. */
import { ensureShop, findShop, type Shop } from '#app/connections/shops.server.ts';
import { authenticate } from '#app/shopify.server.ts';

export type Merchant = {
  shop: Shop;
  /** The Shopify user, for the record of changes. */
  actor: string;
};

/** Throws the response that Shopify's package wants (bounce, retry) when the token is missing or expired. */
export async function requireMerchant(request: Request): Promise<Merchant> {
  const { session, sessionToken } = await authenticate.admin(request);
  const shop = (await findShop(session.shop)) ?? (await ensureShop(session.shop));
  return { shop, actor: `shopify:${sessionToken?.sub ?? 'unknown'}` };
}
