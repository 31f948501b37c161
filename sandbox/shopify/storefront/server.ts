// A shop's own domain: its pages, signing in, the app proxy and the place where the Recharge portal is hosted.
import type { SimRequest, SimResponse, Simulator } from '../../kit.ts';
import { startSimulator } from '../../kit.ts';
import type { ShopifyOptions, ShopifySetup, ShopifyShop } from '../options.ts';
import { handleOf } from '../options.ts';
import { passOn } from './app-proxy.ts';
import { layout } from './layout.ts';
import { accountPage, appErrorPage, homePage, loginPage, notFoundPage } from './pages.ts';
import { portalPage } from './portal-page.ts';
import type { Visit } from './visit.ts';
import { cookieName, localised, readVisit, safeReturnPath } from './visit.ts';

export async function startStorefront(shop: ShopifyShop, setup: ShopifySetup, options: Pick<ShopifyOptions, 'host' | 'checkPortalVisit'>): Promise<Simulator> {
  async function handle(request: SimRequest): Promise<SimResponse> {
    const visit = readVisit(request, shop);
    const below = belowProxy(visit.path, setup.proxyPath);
    if (below !== undefined) return proxied(request, below, visit);
    const [, hash, page] = /^\/tools\/recurring\/(?:portal|login)(?:\/([^/]+))?(?:\/([^/]+))?\/?$/.exec(visit.path) ?? [];
    if (/^\/tools\/recurring\/(portal|login)(\/|$)/.test(visit.path)) return portal(request, visit, hash ?? null, page ?? 'overview');
    const route = `${request.method === 'HEAD' ? 'GET' : request.method} ${visit.path.replace(/(.)\/$/, '$1')}`;
    switch (route) {
      case 'GET /':
        return html(await homePage(shop, visit, setup));
      case 'GET /account':
        if (visit.shopper) return html(await accountPage(shop, visit, visit.shopper, setup));
        return redirect(`${localised(visit, '/account/login')}?return_url=${encodeURIComponent(localised(visit, '/account'))}`);
      case 'GET /account/login': {
        const returnTo = safeReturnPath(request.query, localised(visit, '/account'));
        return visit.shopper ? redirect(returnTo) : html(await loginPage(shop, visit, returnTo, setup));
      }
      case 'POST /account/login':
        return signIn(new URLSearchParams(request.rawBody.toString('utf8')), visit);
      case 'GET /account/logout':
        return { ...redirect(localised(visit, '/')), headers: { location: localised(visit, '/'), 'set-cookie': signOutCookie() } };
      default:
        return { status: 404, body: notFoundPage(shop, visit) };
    }
  }

  function signIn(form: URLSearchParams, visit: Visit): SimResponse {
    const customer = shop.customers?.find((each) => String(each.id) === form.get('customer_id'));
    const location = safeReturnPath(form, localised(visit, '/account'));
    const cookie = customer ? `${cookieName(shop)}=${customer.id}; Path=/; HttpOnly; SameSite=Lax` : signOutCookie();
    return { status: 303, headers: { location, 'set-cookie': cookie } };
  }

  const signOutCookie = (): string => `${cookieName(shop)}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`;

  async function proxied(request: SimRequest, below: string, visit: Visit): Promise<SimResponse> {
    const answer = await passOn(request, below, shop, visit.shopper, setup);
    if (!answer) return { status: 502, body: appErrorPage(shop, visit) };
    // Shopify puts Liquid answers into the theme; everything else goes out as it is.
    if (!answer.headers?.['content-type']?.startsWith('application/liquid')) return answer;
    return { ...answer, headers: { ...answer.headers, 'content-type': 'text/html; charset=utf-8' }, body: layout(shop, visit, { title: '', content: String(answer.body) }) };
  }

  async function portal(request: SimRequest, visit: Visit, hash: string | null, page: string): Promise<SimResponse> {
    const token = request.query.get('token');
    const check = hash !== null && token !== null ? await options.checkPortalVisit?.({ shop: shop.domain, hash, page, token }) : undefined;
    // Recharge's portal has a language parameter of its own.
    const language = request.query.get('locale')?.startsWith('de') ? 'de' : visit.language;
    return { ...html(portalPage(shop, { ...visit, language }, { hash, page, token, check })), headers: { 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' } };
  }

  return startSimulator({
    name: `storefront ${handleOf(shop)}`,
    ...(shop.storefrontPort !== undefined && { port: shop.storefrontPort }),
    ...(options.host !== undefined && { host: options.host }),
    handle,
  });
}

/** What follows the proxy's path, `/portal` for example; undefined outside it. */
function belowProxy(path: string, proxyPath: string): string | undefined {
  if (path !== proxyPath && !path.startsWith(`${proxyPath}/`)) return undefined;
  return path.slice(proxyPath.length);
}

function html(body: string): SimResponse {
  return { status: 200, body };
}

function redirect(location: string): SimResponse {
  return { status: 302, headers: { location } };
}
