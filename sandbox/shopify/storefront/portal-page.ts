// Where the portal redirect lands: a stand-in for the Recharge-hosted customer portal.
import { escapeHtml } from '../html.ts';
import type { PortalCheck, ShopifyShop } from '../options.ts';
import { layout } from './layout.ts';
import type { Visit } from './visit.ts';

export interface PortalArrival {
  hash: string | null;
  page: string;
  token: string | null;
  /** Undefined when nobody was asked. */
  check: PortalCheck | undefined;
}

const texts = {
  en: {
    title: 'Recharge customer portal (simulated)',
    signedIn: 'Signed in',
    page: 'Page',
    hash: 'Customer hash',
    fresh: 'The token is fresh.',
    unchecked: 'The link carries a token; nobody was asked whether it is fresh.',
    refused: 'The token was refused',
    login: 'Recharge would ask this visitor to sign in, because the link carries no token.',
  },
  de: {
    title: 'Recharge-Kundenportal (simuliert)',
    signedIn: 'Angemeldet',
    page: 'Seite',
    hash: 'Hash des Kunden',
    fresh: 'Das Token ist frisch.',
    unchecked: 'Der Link trägt ein Token; niemand wurde gefragt, ob es frisch ist.',
    refused: 'Das Token wurde abgelehnt',
    login: 'Recharge würde hier um die Anmeldung bitten, denn der Link trägt kein Token.',
  },
};

export function portalPage(shop: ShopifyShop, visit: Visit, { hash, page, token, check }: PortalArrival): string {
  const words = texts[visit.language];
  let verdict: string;
  if (token === null) verdict = `<p class="bad">${words.login}</p>`;
  else if (check === undefined) verdict = `<p>${words.unchecked}</p>`;
  else if (check.ok) verdict = `<p class="ok"><strong>${words.signedIn}: ${escapeHtml(check.customer)}</strong><br>${words.fresh}</p>${(check.details ?? []).map((line) => `<p>${escapeHtml(line)}</p>`).join('')}`;
  else verdict = `<p class="bad">${words.refused}: ${escapeHtml(check.reason)}</p>`;
  const content = `<h1>${words.title}</h1>
<div class="panel">${verdict}
<p>${words.page}: <strong>${escapeHtml(page)}</strong>${hash === null ? '' : `<br>${words.hash}: <code>${escapeHtml(hash)}</code>`}</p>
</div>`;
  return layout(shop, visit, { title: words.title, content });
}
