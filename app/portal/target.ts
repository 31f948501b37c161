/**
 * Where the portal redirect may lead: the shop's own domains, Recharge's hosted portal, and what the operator added.
 * What Recharge answers is taken as untrusted text: it becomes a Location only if it passes here.
 */

export type TargetRules = {
  /** Host names of the shop, `acme.myshopify.com` and its own domains. */
  shopHosts: readonly string[];
  /** PORTAL_ALLOWED_HOSTS: `host` or `host:port`. */
  operatorHosts: readonly string[];
  /** The operator pointed the app at a vendor simulator on loopback; then http and any port are fine on the operator's hosts. */
  sandbox: boolean;
};

const rechargeHost = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)?admin\.rechargeapps\.com$/;
const maxLength = 4096;

/** The address in its normal form, or null when it must not be followed. */
export function allowedTarget(text: string, rules: TargetRules): URL | null {
  // A URL parser drops tabs and line ends, reads `\` as `/` and folds other scripts into a host: refused before it can.
  if (text.length > maxLength || !/^https?:\/\/[\x21-\x7e]+$/.test(text) || text.includes('\\')) return null;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /@/.test(authorityOf(text))) return null;
  const byOperator = rules.operatorHosts.some((host) => host === url.host || host === `${url.hostname}:${portOf(url)}`);
  if (rules.sandbox && (byOperator || rules.operatorHosts.includes(url.hostname))) return url;
  if (url.protocol !== 'https:') return null;
  if (byOperator) return url;
  if (url.port !== '') return null;
  return rules.shopHosts.includes(url.hostname) || rechargeHost.test(url.hostname) ? url : null;
}

/** True if the operator's override of a vendor's address is plain http on this machine, as in sandboxes and tests. */
export function isLoopbackHttp(origin: string | undefined): boolean {
  if (!origin || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.protocol === 'http:' && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}

function authorityOf(text: string): string {
  return /^https?:\/\/([^/?#]*)/.exec(text)?.[1] ?? '';
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}
