/**
 * Decides whether bytes that claim to come from Recharge were signed with one of a connection's client secrets.
 *
 * Recharge signs in two schemes (contract of Recharge 6.4; its change log of 2026):
 * - v1, `X-Recharge-Webhook-Signature: t=<epoch>,v1=<hex>`: HMAC-SHA256, key = client secret, message = `<t>.<raw body>`.
 * - legacy, `X-Recharge-Hmac-Sha256`: plain SHA-256 of client secret and raw body, although its name says HMAC. It can be
 *   length-extended, so whoever accepts it must refuse bodies that are not strict UTF-8 and strict JSON.
 */
import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto';

/** Recharge tries for 48 h; a stamp further from now than that, either way, is refused. */
export const signatureWindowSeconds = 172_800;

export type SignatureScheme = 'v1' | 'legacy';

export type SignatureRefusal = 'no_signature' | 'doubled_header' | 'malformed' | 'wrong' | 'outside_window' | 'legacy_refused' | 'other_topic';

export type SignatureVerdict = { ok: true; scheme: SignatureScheme } | { ok: false; reason: SignatureRefusal };

export type SignedRequest = {
  /** Names and values in turn, as they came; Node's `rawHeaders`. */
  rawHeaders: readonly string[];
  /** What the path says, such as `subscription/cancelled`. */
  topic: string;
  /** The body's bytes, before any parsing. */
  body: Uint8Array;
};

export type SignatureTrust = {
  /** Client secrets that may have signed: the present one, and the former one until its time. */
  secrets: readonly KeyObject[];
  /** True once v1 was seen on this connection: then legacy alone no longer counts, so nobody can strip the better signature. */
  v1Only: boolean;
};

/** A client secret ready for use. Made once and kept: with plain bytes each HMAC would take four times as long (measured, Node 24). */
export function clientSecret(secret: string | Uint8Array): KeyObject {
  return createSecretKey(typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret);
}

/**
 * Verifies a request. v1 counts if its header is there at all: a wrong, doubled or empty one is refused, whatever the legacy
 * header says. Signatures are compared in constant time. `X-Recharge-Topic`, which Recharge does not document, must agree
 * with the path where it is sent. Never throws.
 */
export function verifySignature(request: SignedRequest, trust: SignatureTrust, now: Date): SignatureVerdict {
  const { v1, legacy, topic } = pickHeaders(request.rawHeaders);
  if (v1.length > 1 || legacy.length > 1) return refused('doubled_header');
  if (topic.some((name) => name !== request.topic)) return refused('other_topic');
  if (v1[0] !== undefined) return verifyV1(v1[0], request.body, trust.secrets, now);
  if (legacy[0] === undefined) return refused('no_signature');
  if (trust.v1Only) return refused('legacy_refused');
  return verifyLegacy(legacy[0], request.body, trust.secrets);
}

function verifyV1(header: string, body: Uint8Array, secrets: readonly KeyObject[], now: Date): SignatureVerdict {
  const parsed = parseV1(header);
  if (!parsed) return refused('malformed');
  const matches = secrets.map((secret) => {
    const expected = createHmac('sha256', secret).update(`${parsed.t}.`).update(body).digest();
    return parsed.signatures.filter((signature) => timingSafeEqual(signature, expected)).length > 0;
  });
  if (!matches.includes(true)) return refused('wrong');
  const ageSeconds = Math.floor(now.getTime() / 1000) - Number(parsed.t);
  return Math.abs(ageSeconds) <= signatureWindowSeconds ? { ok: true, scheme: 'v1' } : refused('outside_window');
}

function verifyLegacy(header: string, body: Uint8Array, secrets: readonly KeyObject[]): SignatureVerdict {
  const signature = hexDigest(header);
  if (!signature) return refused('malformed');
  const matches = secrets.map((secret) => timingSafeEqual(signature, hash('sha256', Buffer.concat([secret.export(), body]), 'buffer')));
  return matches.includes(true) ? { ok: true, scheme: 'legacy' } : refused('wrong');
}

/** One `t`, at least one `v1`; several v1 (two keys at once) and versions that we do not know yet are tolerated. */
function parseV1(header: string): { t: string; signatures: Buffer[] } | undefined {
  const stamps: string[] = [];
  const signatures: Buffer[] = [];
  for (const part of header.split(',')) {
    const [, name, value] = /^\s*([a-z][a-z0-9]*)=([^\s=]+={0,2})\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) return undefined;
    if (name === 't') stamps.push(value);
    if (name !== 'v1') continue;
    const signature = hexDigest(value);
    if (!signature) return undefined;
    signatures.push(signature);
  }
  const [t] = stamps;
  if (t === undefined || stamps.length > 1 || signatures.length === 0 || !/^\d{1,12}$/.test(t)) return undefined;
  return { t, signatures };
}

function hexDigest(text: string): Buffer | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

function pickHeaders(rawHeaders: readonly string[]) {
  const v1: string[] = [];
  const legacy: string[] = [];
  const topic: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const value = rawHeaders[index + 1] as string;
    const name = (rawHeaders[index] as string).toLowerCase();
    if (name === 'x-recharge-webhook-signature') v1.push(value);
    else if (name === 'x-recharge-hmac-sha256') legacy.push(value);
    else if (name === 'x-recharge-topic') topic.push(value);
  }
  return { v1, legacy, topic };
}

function refused(reason: SignatureRefusal): SignatureVerdict {
  return { ok: false, reason };
}
