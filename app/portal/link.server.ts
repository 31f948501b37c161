/**
 * From a signed-in shopper to an address of Recharge's hosted portal: look-up by Shopify id, session, portal access.
 * Three calls for a shopper seen for the first time, two afterwards. Session, token and hash live in this call alone:
 * they are credentials of the shopper, never stored and never logged.
 */
import type { Shop } from '#app/connections/shops.server.ts';
import type { OpenedRecharge } from '#app/connections/recharge.server.ts';
import { Failure, toFailure } from '#app/errors.ts';
import type { RechargeClient, RechargeCustomer } from '#app/recharge/client.server.ts';
import { parseInstant } from '#app/time.ts';
import type { KnownCustomers } from './known-customers.server.ts';
import type { PortalLocale, PortalPage } from './parameters.ts';
import type { TargetRules } from './target.ts';
import { allowedTarget } from './target.ts';

export type PortalShop = Pick<Shop, 'shopId' | 'domain' | 'domains' | 'portalMode'>;

/** What the chain needs of a Recharge client; `withDeadline` ends whatever is asked of its answer. */
export type PortalRecharge = Pick<RechargeClient, 'findCustomersByShopifyId' | 'getCustomer' | 'createCustomerSession' | 'portalAccess' | 'store'> & {
  withDeadline(ms: number): PortalRecharge;
};
export type OpenedForPortal = { client: PortalRecharge; connection: Pick<OpenedRecharge['connection'], 'storefrontToken' | 'customerPortalBaseUrl'> };

export type LinkDependencies = {
  openRecharge(shopId: string): Promise<OpenedForPortal>;
  /** Told when Recharge refuses the shop's token, so that the admin can say so. */
  noteRefusal(shopId: string, failure: Failure): Promise<void>;
  known: KnownCustomers;
  rules(shop: PortalShop): TargetRules;
  now(): Date;
};

export type LinkRequest = { shop: PortalShop; shopifyCustomerId: string; page: PortalPage | null; locale: PortalLocale | null };

/** Why a shopper gets the neutral page, which is the same for all of them. */
export type NoLink = 'unknown_customer' | 'no_subscription' | 'recharge_disconnected' | 'recharge_refused';
/** Why a shopper is asked to come back. */
export type Unavailable = 'recharge_down' | 'recharge_busy' | 'recharge_late' | 'customer_mismatch' | 'target_refused' | 'token_missing' | 'link_expired' | 'hash_missing' | 'internal';

export type LinkResult = { ok: true; url: string; expiresAt: Date | null } | { ok: false; neutral: true; reason: NoLink } | { ok: false; neutral: false; reason: Unavailable };

/** One call may take so long, so that a Recharge that hangs costs the shopper less than 3 s (PX-D1) ... */
export const callLimitMs = 2_500;
/** ... and all calls together so long, so that the answer is there within 5 s (RP-25). */
export const chainLimitMs = 4_400;

/**
 * Mints a link to the portal. Never throws for what Recharge does; remembers the Recharge customer's id after a success.
 * A remembered customer that Recharge no longer knows is looked up again, the only case of a fourth call.
 */
export async function mintPortalLink(request: LinkRequest, dependencies: LinkDependencies): Promise<LinkResult> {
  const endsAt = performance.now() + chainLimitMs;
  try {
    const opened = await dependencies.openRecharge(request.shop.shopId).catch((thrown: unknown) => {
      throw toFailure(thrown).code === 'recharge_not_connected' ? new Stop({ ok: false, neutral: true, reason: 'recharge_disconnected' }) : thrown;
    });
    const step: Step = (call) => {
      const limitMs = Math.min(callLimitMs, endsAt - performance.now());
      return limitMs <= 0 ? Promise.reject(late()) : within(limitMs, call(opened.client.withDeadline(limitMs)));
    };
    return await (request.shop.portalMode === 'hash' ? hashLink : tokenLink)(request, dependencies, opened, step);
  } catch (thrown) {
    if (thrown instanceof Stop) return thrown.result;
    return resultOf(await noted(request.shop.shopId, toFailure(thrown), dependencies));
  }
}

type Step = <Result>(call: (client: PortalRecharge) => Promise<Result>) => Promise<Result>;

/** Ends the chain with an answer from any depth. */
class Stop extends Error {
  readonly result: LinkResult;
  constructor(result: LinkResult) {
    super('stop');
    this.result = result;
  }
}

const neutral = (reason: NoLink) => new Stop({ ok: false, neutral: true, reason });
const unavailable = (reason: Unavailable) => new Stop({ ok: false, neutral: false, reason });

async function tokenLink(request: LinkRequest, dependencies: LinkDependencies, opened: OpenedForPortal, step: Step): Promise<LinkResult> {
  const { shop, shopifyCustomerId, page, locale } = request;
  const openSession = (id: string) => step((client) => client.createCustomerSession(id, opened.connection.storefrontToken ?? undefined));

  let rechargeCustomerId = await dependencies.known.recall(shop.shopId, shopifyCustomerId);
  let session = rechargeCustomerId === null ? null : await openSession(rechargeCustomerId).catch(ifGone(() => null));
  if (rechargeCustomerId === null || session === null) {
    rechargeCustomerId = (await lookUp(request, step)).id;
    // Recharge gives no session to a customer who never subscribed (contract 4.6).
    session = await openSession(rechargeCustomerId).catch(
      ifGone((): never => {
        throw neutral('no_subscription');
      }),
    );
  }
  const { apiToken } = session;
  const access = await step((client) => client.portalAccess({ sessionToken: apiToken, shopDomain: shop.domain, ...(page && { page }), ...(locale && { locale }) })).catch((thrown: unknown) => {
    // Here a refusal is of the session that Recharge gave a moment ago, not of the merchant's token.
    throw toFailure(thrown).kind === 'unauthorised' ? unavailable('recharge_down') : thrown;
  });
  const url = allowedTarget(access.portalUrl, dependencies.rules(shop));
  if (!url) throw unavailable('target_refused');
  if (!url.searchParams.get('token') && !url.searchParams.get('temp_token')) throw unavailable('token_missing');
  const expiresAt = parseInstant(access.expiresAt);
  if (expiresAt && expiresAt <= dependencies.now()) throw unavailable('link_expired');
  dependencies.known.remember(shop.shopId, shopifyCustomerId, rechargeCustomerId);
  return { ok: true, url: url.href, expiresAt };
}

/** The older recipe, for portals that take no token; only where the merchant chose it (RP-14). */
async function hashLink(request: LinkRequest, dependencies: LinkDependencies, opened: OpenedForPortal, step: Step): Promise<LinkResult> {
  const { shop, shopifyCustomerId, page } = request;
  const rechargeCustomerId = await dependencies.known.recall(shop.shopId, shopifyCustomerId);
  const remembered = rechargeCustomerId === null ? null : await step((client) => client.getCustomer(rechargeCustomerId)).catch(ifGone(() => null));
  if (remembered) checkIdentity([remembered], shopifyCustomerId);
  const customer = remembered ?? (await lookUp(request, step));
  if (!customer.hash || !/^[A-Za-z0-9_-]{8,128}$/.test(customer.hash)) throw unavailable('hash_missing');
  const base = opened.connection.customerPortalBaseUrl ?? (await step((client) => client.store())).customerPortalBaseUrl ?? '';
  const url = allowedTarget(`${base.replace(/\/?$/, '/')}${customer.hash}/${page ?? 'overview'}`, dependencies.rules(shop));
  if (!url) throw unavailable('target_refused');
  dependencies.known.remember(shop.shopId, shopifyCustomerId, customer.id);
  return { ok: true, url: url.href, expiresAt: null };
}

/** The Recharge customer of the signed Shopify id; of several the one with active subscriptions, then the newest. */
async function lookUp({ shopifyCustomerId }: LinkRequest, step: Step): Promise<RechargeCustomer> {
  const found = await step((client) => client.findCustomersByShopifyId(shopifyCustomerId));
  checkIdentity(found, shopifyCustomerId);
  const [best] = [...found].sort(
    (a, b) => (b.subscriptions_active_count ?? 0) - (a.subscriptions_active_count ?? 0) || (parseInstant(b.updated_at)?.getTime() ?? 0) - (parseInstant(a.updated_at)?.getTime() ?? 0),
  );
  if (!best) throw neutral('unknown_customer');
  if (best.subscriptions_total_count === 0 && !best.subscriptions_active_count) throw neutral('no_subscription');
  return best;
}

/** A record that does not carry the signed id must not open anybody's portal (PX-S4). */
function checkIdentity(customers: readonly RechargeCustomer[], shopifyCustomerId: string): void {
  if (customers.some((customer) => customer.external_customer_id !== shopifyCustomerId)) throw unavailable('customer_mismatch');
}

/** Handles "no such customer" (404, 422); everything else is thrown on. */
function ifGone<Result>(handle: () => Result) {
  return (thrown: unknown): Result => {
    const failure = toFailure(thrown);
    if (failure.kind === 'rejected' && (failure.status === 404 || failure.status === 422)) return handle();
    throw thrown;
  };
}

function resultOf(failure: Failure): LinkResult {
  switch (failure.kind) {
    case 'unauthorised':
      return { ok: false, neutral: true, reason: 'recharge_refused' };
    case 'throttled':
      return { ok: false, neutral: false, reason: 'recharge_busy' };
    case 'bug':
      return { ok: false, neutral: false, reason: 'internal' };
    default:
      return { ok: false, neutral: false, reason: failure.code === lateCode ? 'recharge_late' : 'recharge_down' };
  }
}

async function noted(shopId: string, failure: Failure, dependencies: LinkDependencies): Promise<Failure> {
  if (failure.kind === 'unauthorised') await dependencies.noteRefusal(shopId, failure);
  else if (failure.kind === 'bug') throw failure;
  return failure;
}

const lateCode = 'portal_late';
const late = () => new Failure('transient', 'Recharge did not answer in time for a shopper who waits.', { code: lateCode, system: 'Recharge' });

async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
