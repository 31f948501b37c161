/** A shop's permanent domain, from whatever a person pasted. */

export const shopDomainExample = 'acme-usa.myshopify.com';

export type CleanedDomain = { ok: true; value: string } | { ok: false; message: string };

/**
 * Reads `https://acme-usa.myshopify.com/admin`, `acme-usa.myshopify.com`, ` ACME-USA ` and `acme-usa` alike and
 * returns `acme-usa.myshopify.com`. Custom domains and anything else are refused with the example.
 */
export function cleanShopDomain(typed: string): CleanedDomain {
  const host = typed.trim().toLowerCase().replace(/^https?:\/\//, '').replace(/[/?#].*$/, '');
  const name = host.endsWith('.myshopify.com') ? host.slice(0, -'.myshopify.com'.length) : host;
  if (/^[a-z0-9][a-z0-9-]{0,59}$/.test(name)) return { ok: true, value: `${name}.myshopify.com` };
  return { ok: false, message: `should be the shop's permanent address in Shopify, such as ${shopDomainExample} or acme-usa, not a custom domain` };
}
