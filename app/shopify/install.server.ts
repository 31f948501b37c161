/** What happens when Shopify hands us a token: the shop is known from then on, by its name, zone and storefront hosts. */
import { z } from 'zod';
import { ensureShop, saveShopFacts } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { log } from '#app/log.server.ts';

export type AskShopify = (query: string) => Promise<Response>;

const shopQuery = `#graphql
  query ShopFacts {
    shop { name ianaTimezone primaryDomain { host } myshopifyDomain domains { host } }
  }`;

const answerShape = z.object({
  data: z.object({
    shop: z.object({
      name: z.string(),
      ianaTimezone: z.string(),
      primaryDomain: z.object({ host: z.string() }).nullish(),
      domains: z.array(z.object({ host: z.string() })).nullish(),
    }),
  }),
});

/**
 * Runs after each token exchange, about hourly while somebody works in the admin, so it is cheap and repeatable.
 * A shop whose facts cannot be read is installed all the same: they are asked for again next time.
 */
export async function welcomeShop(domain: string, ask: AskShopify): Promise<void> {
  const shop = await ensureShop(domain);
  await rememberAuthentication(shop.shopId);
  try {
    const facts = answerShape.parse(await (await ask(shopQuery)).json()).data.shop;
    const hosts = [facts.primaryDomain?.host, ...(facts.domains ?? []).map((known) => known.host)];
    const domains = [...new Set(hosts.filter((host) => host !== undefined).map((host) => host.toLowerCase()))];
    await saveShopFacts(shop.shopId, { name: facts.name, timezone: facts.ianaTimezone, domains });
  } catch (error) {
    log.warn('The facts of a shop could not be read at sign-in', { shop: domain, error: error instanceof Error ? error : 'answered with an error' });
  }
}

/**
 * Shopify gave us a token just now, so the app is installed now: an uninstall that happened earlier is an older story,
 * even when its webhook comes late and the reinstall was never seen as one.
 */
async function rememberAuthentication(shopId: string): Promise<void> {
  await db.$executeRaw`update "Shop" set "adminMarks" = "adminMarks" || jsonb_build_object('authenticatedAt', now()) where id = ${BigInt(shopId)}`;
}
