/**
 * Admin access without a person, for jobs. Offline tokens last an hour and their refresh token is used up by refreshing,
 * so only one process refreshes a shop's token at a time; the others find the new one.
 */
import { withShopLock } from '#app/connections/shop-lock.server.ts';
import { sessionStorage, unauthenticated } from '#app/shopify.server.ts';

/** The package refreshes a token that has less than this left. */
const refreshesBeforeMs = 5 * 60_000;

type Admin = Awaited<ReturnType<typeof unauthenticated.admin>>;

/** Admin GraphQL of an installed shop. Throws SessionNotFoundError for a shop that never signed in or has uninstalled. */
export async function openShopAdmin(domain: string): Promise<Admin> {
  const session = await sessionStorage.loadSession(`offline_${domain}`);
  if (!session?.isExpired(refreshesBeforeMs)) return unauthenticated.admin(domain);
  return withShopLock(`token ${domain}`, () => unauthenticated.admin(domain));
}
