// The way into the hosted customer portal: a session, a link that is a login, and a page where the link leads.
import type { SimRequest, SimResponse } from '../kit.ts';
import type { Call, Route } from './call.ts';
import { found, ok } from './call.ts';
import { toInstant } from './dates.ts';
import { badAuthentication, notFound, RechargeError } from './errors.ts';
import type { CustomerRow, Store } from './types.ts';
import type { CustomerSession, World } from './world.ts';

const SESSION_MS = 3_600_000;
const LINK_MS = 24 * 3_600_000;
const DESTINATIONS = ['subscriptions', 'delivery_schedule', 'orders', 'shipping', 'payment_methods', 'overview'];

export const portalRoutes: Route[] = [{ method: 'POST', path: '/customers/:id/sessions', scopes: ['write_session', 'read_customers'], answer: openSession }];

function openSession(call: Call): SimResponse {
  const { world, store } = call;
  const customer = found(store.customers, call.ids[0]);
  if (world.switches.sessionNeedsStorefrontToken && world.storefrontTokens.get(call.request.headers['x-recharge-storefront-access-token'] ?? '') !== store.shop) throw badAuthentication();
  if (world.switches.sessionForNonSubscriber === 'refuse' && store.subscriptions.of('customer', customer.id).length === 0) throw notFound();
  const token = `st_${world.random.hex(40)}`;
  world.sessions.set(token, { shop: store.shop, customer_id: customer.id, expires_at_ms: world.clock.now() + SESSION_MS });
  const key = world.switches.sessionKey;
  return ok({ customer_session: { [key]: token, ...(key === 'api_token' && { customer_id: customer.id }) } });
}

/** GET /portal_access with a session token, and the portal pages themselves. Undefined for everything else. */
export function answerPortal(world: World, request: SimRequest): SimResponse | undefined {
  if (request.path === '/portal_access' && request.method === 'GET') return portalAccess(world, request);
  const page = /^\/tools\/recurring\/portal\/([0-9a-f]+)\/(\w+)$/.exec(request.path);
  if (page !== null && request.method === 'GET') return portalPage(world, request, page[1] ?? '', page[2] ?? '');
  return undefined;
}

function portalAccess(world: World, request: SimRequest): SimResponse {
  try {
    const session = live(world, world.sessions.get(request.headers['x-recharge-access-token'] ?? ''));
    const store = session === undefined ? undefined : world.stores.get(session.shop);
    const customer = session === undefined ? undefined : store?.customers.get(session.customer_id);
    if (store?.installed !== true || customer === undefined || request.query.get('shop_url') !== store.shop) throw badAuthentication();
    return ok(mintLink(world, store, customer, request.query));
  } catch (error) {
    if (!(error instanceof RechargeError)) throw error;
    return { status: error.status, body: error.body };
  }
}

function mintLink(world: World, store: Store, customer: CustomerRow, query: URLSearchParams): object {
  const asked = query.get('page_destination') ?? 'overview';
  const destination = DESTINATIONS.includes(asked) ? asked : 'overview';
  const locale = query.get('locale');
  const token = world.random.hex(32);
  const expiresAtMs = world.clock.now() + LINK_MS;
  world.portalTokens.set(token, { shop: store.shop, customer_id: customer.id, expires_at_ms: expiresAtMs });
  const base = `${store.portal_base_url}/`;
  return {
    base_url: base,
    customer_hash: customer.hash,
    expires_at: toInstant(expiresAtMs),
    portal_url: world.switches.portalUrl ?? `${base}${customer.hash}/${destination}?token=${token}${locale === null ? '' : `&locale=${encodeURIComponent(locale)}`}`,
    temp_token: token,
  };
}

export type PortalVisit = { ok: true; customer: string; details: string[] } | { ok: false; reason: string };

/** Whom a portal link signs in: by its token, or by the hash alone, as older portals did. For stand-ins of the hosted portal. */
export function checkPortalVisit(world: World, visit: { shop?: string; hash: string; token: string | null }): PortalVisit {
  for (const store of world.stores.values()) {
    if (visit.shop !== undefined && visit.shop !== store.shop) continue;
    for (const customer of store.customers.all()) {
      if (customer.hash !== visit.hash) continue;
      const session = visit.token === null ? undefined : live(world, world.portalTokens.get(visit.token));
      if (visit.token !== null && (session?.customer_id !== customer.id || session.shop !== store.shop)) return { ok: false, reason: 'the token is unknown, too old or of somebody else' };
      const details = store.subscriptions.of('customer', customer.id).map((each) => `${each.product_title}: ${each.status}, next ${each.next_charge_scheduled_at ?? 'none'}`);
      return { ok: true, customer: `${customer.first_name} ${customer.last_name}`, details };
    }
  }
  return { ok: false, reason: 'no customer has this hash' };
}

/** What the shopper would see; stands in for the hosted portal where a store's portal_base_url points here. */
function portalPage(world: World, request: SimRequest, hash: string, page: string): SimResponse {
  const visit = checkPortalVisit(world, { hash, token: request.query.get('token') });
  if (!visit.ok) return { status: 403, body: `<!doctype html><title>Sign in</title><h1>This link is not valid</h1><p>${escape(visit.reason)}</p>` };
  return { status: 200, body: `<!doctype html><title>Portal</title><h1>Hello ${escape(visit.customer)}</h1><p>Page ${page}</p><ul>${visit.details.map((line) => `<li>${escape(line)}</li>`).join('')}</ul>` };
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function live(world: World, session: CustomerSession | undefined): CustomerSession | undefined {
  return session !== undefined && session.expires_at_ms > world.clock.now() ? session : undefined;
}
