/**
 * Where a guest is sent to sign in, once: the shop's own login, which returns to `.../portal/returned`.
 * A guest who arrives there is not sent on again, so no loop can start. Every part is a constant.
 */
import type { PortalPage } from './parameters.ts';
import { portalPath } from './parameters.ts';

/** The part after the portal's path that marks a shopper who comes from the login. */
export const returnedSuffix = '/returned';

/** Relative to the shop's domain. Only a page of the fixed list survives the way over the login. */
export function loginPath(page: PortalPage | null): string {
  const returnPath = `${portalPath}${returnedSuffix}${page ? `?page=${page}` : ''}`;
  return `/account/login?return_url=${encodeURIComponent(returnPath)}`;
}
