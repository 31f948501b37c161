/**
 * GET /proxy/portal: Shopify's app proxy brings a shopper, who leaves for Recharge's hosted portal. One press, one fresh
 * link. Called by the web server on bare node:http. Nothing of the query reaches a page, a Location or a log line.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { noteRechargeRefusal, openRecharge } from '#app/connections/recharge.server.ts';
import { findShop } from '#app/connections/shops.server.ts';
import { env } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';
import { answerEmpty, answerPage, answerRedirect } from './answer.ts';
import { createKnownCustomers } from './known-customers.server.ts';
import { pageLanguageOf, type PageLanguage } from './language.ts';
import { createPortalLimits, type PortalLimits } from './limits.server.ts';
import { mintPortalLink, type LinkDependencies, type LinkResult, type PortalShop } from './link.server.ts';
import { loginPath, returnedSuffix } from './login.ts';
import { portalLocaleOf, portalPageOf } from './parameters.ts';
import { checkProxyQuery, type ProxyQuery } from './signature.ts';
import { isLoopbackHttp } from './target.ts';
import { countAnswer, countUnknownNames, recordVisit } from './visits.server.ts';

export type PortalDependencies = LinkDependencies & {
  findShop(domain: string): Promise<PortalShop | null>;
  limits: PortalLimits;
  /** The app's API secret, with which Shopify signs. */
  secret(): string;
  /** A failure must not keep the shopper waiting; 5 s is what we promise (RP-25). */
  limitMs?: number;
};

export type PortalHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const proxyPath = '/proxy/portal';

/** True for the paths that the handler answers. */
export function ownsPortalPath(path: string): boolean {
  return path === proxyPath || path === `${proxyPath}/` || path === `${proxyPath}${returnedSuffix}` || path === `${proxyPath}${returnedSuffix}/`;
}

export function createPortalHandler(dependencies: PortalDependencies): PortalHandler {
  return async (request, response) => {
    const startedAt = performance.now();
    const { path, query: rawQuery } = splitUrl(request.url ?? '/');
    const browserLanguage = request.headers['accept-language'];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      countAnswer('method_refused');
      return answerEmpty(response, 405, { Allow: 'GET, HEAD' });
    }
    const checked = checkProxyQuery(rawQuery, dependencies.secret(), dependencies.now());
    if (!checked.ok) {
      countAnswer(checked.reason);
      countUnknownNames(checked.unknownNames ?? []);
      return answerPage(response, 401, 'refused', pageLanguageOf(undefined, browserLanguage));
    }
    const { query } = checked;
    const visit: VisitRequest = { query, returned: path.includes(returnedSuffix), mintsNothing: request.method === 'HEAD' || isPrefetch(request) };
    const decided = await decideInTime(visit, dependencies, dependencies.limitMs ?? 4_700);
    send(response, decided.decision, query, pageLanguageOf(query.others.get('locale'), browserLanguage));

    const outcome = outcomeOf(decided.decision);
    countAnswer(outcome);
    log.info('Portal route answered', { shop: query.shop, outcome, durationMs: Math.round(performance.now() - startedAt) });
    if (decided.shopId) await recordVisit({ shopId: decided.shopId, shopifyCustomerId: query.shopifyCustomerId, entryPoint: 'proxy', outcome });
  };
}

/** Wired to the real shops, connections and settings; the web server calls it for the paths above. */
export const handlePortal: PortalHandler = (request, response) => (real ??= createPortalHandler(portalDependencies()))(request, response);

let real: PortalHandler | undefined;

/** Shops, connections, settings and tables as they really are. */
export function portalDependencies(): PortalDependencies {
  return {
    findShop,
    openRecharge: (shopId) => openRecharge(shopId, 'interactive'),
    noteRefusal: (shopId, failure) => noteRechargeRefusal(shopId, failure).catch((error: unknown) => log.warn("A refusal of the shop's token could not be noted", { shopId, error })),
    known: createKnownCustomers(),
    limits: createPortalLimits(),
    rules: (shop) => ({
      shopHosts: [shop.domain, ...shop.domains.map((domain) => domain.toLowerCase())],
      operatorHosts: env().portalAllowedHosts,
      sandbox: isLoopbackHttp(env().rechargeApiUrl) || isLoopbackHttp(env().shopifyApiUrl),
    }),
    secret: () => env().shopify.apiSecret,
    now: () => new Date(),
  };
}

type VisitRequest = { query: ProxyQuery; returned: boolean; mintsNothing: boolean };

type Decision =
  | { kind: 'not_installed' }
  | { kind: 'nothing_minted' }
  | { kind: 'login' }
  | { kind: 'not_signed_in' }
  | { kind: 'too_many'; waitSeconds: number }
  | { kind: 'link'; result: LinkResult };

type Decided = { shopId: string | null; decision: Decision };

async function decide({ query, returned, mintsNothing }: VisitRequest, dependencies: PortalDependencies, onShop: (shopId: string) => void): Promise<Decision> {
  const shop = await dependencies.findShop(query.shop);
  if (!shop) return { kind: 'not_installed' };
  onShop(shop.shopId);
  if (mintsNothing) return { kind: 'nothing_minted' };
  const { shopifyCustomerId } = query;
  if (shopifyCustomerId === null) return { kind: returned ? 'not_signed_in' : 'login' };
  const taken = await dependencies.limits.take(shop.shopId, shopifyCustomerId);
  if (!taken.granted) return { kind: 'too_many', waitSeconds: taken.waitSeconds };
  const page = portalPageOf(query.others.get('page'));
  const locale = portalLocaleOf(query.others.get('locale'));
  return { kind: 'link', result: await mintPortalLink({ shop, shopifyCustomerId, page, locale }, dependencies) };
}

/** Decides, or after `limitMs` says that the subscriptions cannot be opened now; so does a fault of our own. */
async function decideInTime(visit: VisitRequest, dependencies: PortalDependencies, limitMs: number): Promise<Decided> {
  let shopId: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Decision>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'link', result: { ok: false, neutral: false, reason: 'recharge_late' } }), limitMs);
  });
  const work = decide(visit, dependencies, (found) => (shopId = found)).catch((error: unknown): Decision => {
    log.error('The portal route failed', { shop: visit.query.shop, error });
    return { kind: 'link', result: { ok: false, neutral: false, reason: 'internal' } };
  });
  const decision = await Promise.race([work, late]);
  clearTimeout(timer);
  return { shopId, decision };
}

function send(response: ServerResponse, decision: Decision, query: ProxyQuery, language: PageLanguage): void {
  switch (decision.kind) {
    case 'not_installed':
      return answerEmpty(response, 404);
    case 'nothing_minted':
      return answerEmpty(response, 204);
    case 'login':
      return answerRedirect(response, loginPath(portalPageOf(query.others.get('page'))));
    case 'not_signed_in':
      return answerPage(response, 200, 'not_signed_in', language);
    case 'too_many':
      return answerPage(response, 429, 'too_many', language, { 'Retry-After': String(decision.waitSeconds) });
    case 'link':
      if (decision.result.ok) return answerRedirect(response, decision.result.url);
      return decision.result.neutral ? answerPage(response, 200, 'not_found', language) : answerPage(response, 502, 'unavailable', language);
  }
}

function outcomeOf(decision: Decision): string {
  if (decision.kind !== 'link') return decision.kind;
  return decision.result.ok ? 'redirected' : decision.result.reason;
}

/** A browser that fetches ahead of a press must not use up a link (PX-I2). */
function isPrefetch(request: IncomingMessage): boolean {
  return ['purpose', 'sec-purpose', 'x-purpose', 'x-moz'].some((name) => /prefetch|prerender|preview/i.test(String(request.headers[name] ?? '')));
}

/** The query is kept as it came: a parser would fold doubles and mend encodings. */
function splitUrl(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}
