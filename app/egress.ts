/**
 * Where requests may go. An address is judged twice: its text here, before anything happens, and the IP address it
 * resolves to at the moment of connecting (http.server.ts), so that a name that changes its mind gains nothing.
 */
import ipaddr from 'ipaddr.js';

export type EgressPolicy =
  /** A vendor's own hosts: https, port 443, public addresses only. A pattern must match the whole host. */
  | { kind: 'vendor'; hosts: readonly RegExp[] }
  /** An address that a merchant typed: https, public addresses only, and whatever origin the operator listed. */
  | { kind: 'public'; allowOrigins: readonly string[] }
  /** Exactly this origin, which the operator set; http and loopback are fine. */
  | { kind: 'operator'; origin: string };

/** `guarded`: the resolved address must be public. */
export type Verdict = { ok: true; url: URL; guarded: boolean } | { ok: false; reason: string };

/** Says whether a policy lets a request go to this address. Reasons never quote more of it than the host. */
export function judgeUrl(address: string, policy: EgressPolicy): Verdict {
  // Readers disagree on what these mean inside an address.
  const url = /[\\\s\p{Cc}]/u.test(address) ? null : URL.parse(address);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return refused('The address should be a URL such as https://hooks.example.com/recharge.');
  if (url.username || url.password) return refused('The address should not contain a user name or password.');
  switch (policy.kind) {
    case 'operator':
      return url.origin === policy.origin ? { ok: true, url, guarded: false } : refused(`The host ${url.host} is not the one that the operator set.`);
    case 'public':
      if (policy.allowOrigins.includes(url.origin)) return { ok: true, url, guarded: false };
      if (url.port !== '' && Number(url.port) < 1024) return refused(`Port ${url.port} is not a port for webhooks. Use 443 or one from 1024 up.`);
      return judgeHost(url);
    case 'vendor':
      if (url.port !== '' || !policy.hosts.some((pattern) => wholeMatch(pattern, url.hostname))) return refused(`The host ${url.host} is not one of this vendor's.`);
      return judgeHost(url);
  }
}

function judgeHost(url: URL): Verdict {
  if (url.protocol !== 'https:') return refused('The address should start with https://.');
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(literal) && !isPublicAddress(literal)) return refused(privateReason(url.hostname));
  return { ok: true, url, guarded: true };
}

/** What we say when a host leads inside. */
export function privateReason(host: string): string {
  return `The host ${host} leads to a private or reserved network address, which is not called. Use a public https address.`;
}

function refused(reason: string): Verdict {
  return { ok: false, reason };
}

function wholeMatch(pattern: RegExp, host: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(host);
}

/**
 * True for an IP address on the public internet. What wraps an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo)
 * counts as not public, whatever it wraps: no vendor's host needs it.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv6) return address.zoneId === undefined && address.match(globalUnicast) && !notRouted6.some((range) => address.match(range));
  return !notPublic4.some((range) => address.match(range));
}

/** The only IPv6 space that is handed out: everything else is reserved, old or local. Source: IANA, IPv6 Global Unicast Address Space. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
const notRouted6 = [
  // IETF protocol assignments (Teredo, benchmarking, ORCHID) and both documentation ranges (RFC 3849, RFC 9637); 6to4.
  ipaddr.IPv6.parseCIDR('2001::/23'),
  ipaddr.IPv6.parseCIDR('2001:db8::/32'),
  ipaddr.IPv6.parseCIDR('3fff::/20'),
  ipaddr.IPv6.parseCIDR('2002::/16'),
];
// Azure's host agent answers on a public-looking address.
const notPublic4 = [ipaddr.IPv4.parseCIDR('168.63.129.16/32')];
