/**
 * Is this query exactly what Shopify's app proxy signed, and whom does it name?
 *
 * The signed text is `name=value` for every parameter but `signature`, doubles joined with a comma, sorted by bytes and
 * concatenated with nothing between: `a=x` + `m=logged_in_customer_id=123` reads the same as other cuts of it. A visitor
 * chooses parameters, so the signature alone does not say who is signed in. One cut is left because:
 *
 * - No value may hold `<reserved>=`, and no harmless name ends with a reserved name or is the end of one. Hence wherever
 *   the text `shop=` stands in the signed text, it is our parameter `shop` and nothing else: the `=` is either inside a
 *   value, which is refused, or follows a name; that name then is `shop`, ends with it, or is the end of it.
 * - Each reserved name stands exactly once, so its place in the signed text is the place where Shopify wrote it.
 * - The value begins there. Its pattern and the fact that no harmless name begins with a digit fix where it ends.
 *
 * Read from the raw query, before any framework folds doubles or repairs encodings.
 * Source: Shopify, "Authenticate app proxies"; reliability finding 6.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { harmlessNames, pathPrefix, reservedNames } from './parameters.ts';

export type ProxyRefusal = 'malformed' | 'reserved_parameters' | 'too_old' | 'hidden_parameter' | 'wrong_signature' | 'unknown_parameter';

export type ProxyQuery = {
  shop: string;
  /** Null for a guest. */
  shopifyCustomerId: string | null;
  /** Harmless parameters, by name; doubles joined with a comma. */
  others: ReadonlyMap<string, string>;
};

export type ProxyCheck = { ok: true; query: ProxyQuery } | { ok: false; reason: ProxyRefusal; unknownNames?: string[] };

/** Shopify's own tolerance, either way. */
export const windowSeconds = 90;
const maxQueryLength = 8192;

const patterns: Record<Exclude<(typeof reservedNames)[number], 'path_prefix'>, RegExp> = {
  logged_in_customer_id: /^(?:[1-9][0-9]{0,19})?$/,
  shop: /^[a-z0-9][a-z0-9-]{0,62}\.myshopify\.com$/,
  signature: /^[0-9a-f]{64}$/,
  timestamp: /^[1-9][0-9]{9}$/,
};

/**
 * Checks the raw query string (without `?`). `secret` is the app's API secret, `now` the present instant.
 * `unknown_parameter` is said only of a query that Shopify did sign, so strangers cannot fill its counter.
 */
export function checkProxyQuery(rawQuery: string, secret: string, now: Date): ProxyCheck {
  const pairs = parsePairs(rawQuery);
  if (!pairs) return refuse('malformed');
  const values = new Map<string, string>();
  for (const [name, value] of pairs) {
    const before = values.get(name);
    if (before !== undefined && isReserved(name)) return refuse('reserved_parameters');
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  const reserved = readReserved(values);
  if (!reserved) return refuse('reserved_parameters');
  if (Math.abs(Math.floor(now.getTime() / 1000) - Number(reserved.timestamp)) > windowSeconds) return refuse('too_old');
  if ([...values.values()].some(hidesReserved)) return refuse('hidden_parameter');
  if (!sameHex(signatureOf(values, secret), reserved.signature)) return refuse('wrong_signature');
  const others = new Map([...values].filter(([name]) => !isReserved(name)));
  const unknownNames = [...others.keys()].filter((name) => !harmlessNames.includes(name));
  if (unknownNames.length > 0) return { ok: false, reason: 'unknown_parameter', unknownNames };
  return { ok: true, query: { shop: reserved.shop, shopifyCustomerId: reserved.logged_in_customer_id || null, others } };
}

/** Hex HMAC-SHA256 of the joined parameters, `signature` left out. Writes nothing. */
export function signatureOf(values: ReadonlyMap<string, string>, secret: string): string {
  const texts = [...values].filter(([name]) => name !== 'signature').map(([name, value]) => Buffer.from(`${name}=${value}`, 'utf8'));
  return createHmac('sha256', secret).update(Buffer.concat(texts.sort(Buffer.compare))).digest('hex');
}

function refuse(reason: ProxyRefusal): ProxyCheck {
  return { ok: false, reason };
}

function isReserved(name: string): boolean {
  return (reservedNames as readonly string[]).includes(name);
}

function hidesReserved(value: string): boolean {
  return reservedNames.some((name) => value.includes(`${name}=`));
}

function readReserved(values: ReadonlyMap<string, string>): Record<keyof typeof patterns, string> | null {
  if (values.get('path_prefix') !== pathPrefix) return null;
  const read: Record<keyof typeof patterns, string> = { logged_in_customer_id: '', shop: '', signature: '', timestamp: '' };
  for (const name of Object.keys(patterns) as (keyof typeof patterns)[]) {
    const value = values.get(name);
    if (value === undefined || !patterns[name].test(value)) return null;
    read[name] = value;
  }
  return read;
}

/** Names and values, decoded strictly: null for a broken escape, bytes that are no UTF-8, or characters no browser sends bare. */
function parsePairs(rawQuery: string): [string, string][] | null {
  if (rawQuery.length > maxQueryLength || !/^[\x21-\x7e]*$/.test(rawQuery) || rawQuery.includes('#')) return null;
  const pairs: [string, string][] = [];
  for (const part of rawQuery.split('&')) {
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? '' : decode(part.slice(equals + 1));
    if (name === null || value === null || name === '' || (equals === -1 && isReserved(name))) return null;
    pairs.push([name, value]);
  }
  return pairs;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

function sameHex(ours: string, given: string): boolean {
  return timingSafeEqual(Buffer.from(ours, 'hex'), Buffer.from(given, 'hex'));
}
