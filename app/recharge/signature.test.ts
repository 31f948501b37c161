import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientSecret, signatureWindowSeconds, verifySignature, type SignatureTrust } from './signature.ts';

const secret = 'example_api_client_secret_0001';
const former = 'example_api_client_secret_0000';
const body = Buffer.from('{"subscription":{"id":471060924,"status":"active"}}');
const topic = 'subscription/cancelled';
const t = 1_791_000_000;
const now = new Date(t * 1000);
const trust: SignatureTrust = { secrets: [clientSecret(secret)], v1Only: false };

const v1Hex = (key: string, stamp: number | string, bytes: Uint8Array) => createHmac('sha256', key).update(`${stamp}.`).update(bytes).digest('hex');
const legacyHex = (key: string, bytes: Uint8Array) => createHash('sha256').update(key).update(bytes).digest('hex');
const v1Header = (key = secret, stamp: number | string = t, bytes: Uint8Array = body) => ['X-Recharge-Webhook-Signature', `t=${stamp},v1=${v1Hex(key, stamp, bytes)}`];
const legacyHeader = (key = secret, bytes: Uint8Array = body) => ['X-Recharge-Hmac-Sha256', legacyHex(key, bytes)];
const verify = (rawHeaders: string[], given: Partial<{ bytes: Uint8Array; trust: SignatureTrust; now: Date }> = {}) =>
  verifySignature({ rawHeaders, topic, body: given.bytes ?? body }, given.trust ?? trust, given.now ?? now);

describe('vectors computed by others', () => {
  const b1 = Buffer.from('{"subscription":{"id":900001,"customer_id":700001,"status":"cancelled","updated_at":"2026-01-02T03:04:05"}}');
  const other: SignatureTrust = { secrets: [clientSecret('rc_client_secret_test_0001')], v1Only: false };

  it.each([
    ['new header of contract 6.4', 'X-Recharge-Webhook-Signature', `t=${t},v1=42a35b427a943a28007a829ec9ce2a99ff932716abbe2cd48c6e22ac07acce04`, body, trust, 'v1'],
    ['old header of contract 6.4', 'X-Recharge-Hmac-Sha256', '52bdb149f06978821cb056352e047e8357c5426f660ffe04bb686604eb0689c6', body, trust, 'legacy'],
    ['new header of reliability 3.2', 'X-Recharge-Webhook-Signature', 't=1760000000,v1=66ac6c0d68a4ce03d5e677060e08af3a688e2550ab2845ec627cb47d66281b2b', b1, other, 'v1'],
    ['old header of reliability 3.2', 'X-Recharge-Hmac-Sha256', '7356cadbfd461aeebcd1689f71dc3acb25bbbf9153c8cb5dbe1126cf8029a4f5', b1, other, 'legacy'],
  ] as const)('accepts the %s', (_, name, value, bytes, trusted, scheme) => {
    const stamp = Number(/t=(\d+)/.exec(value)?.[1] ?? t);
    expect(verify([name, value], { bytes, trust: trusted, now: new Date(stamp * 1000) })).toEqual({ ok: true, scheme });
  });

  it('refuses a real HMAC of the body in the old header', () => {
    expect(verify(['X-Recharge-Hmac-Sha256', 'b83dcfad800a17d2c80e2d881b5de8cb0ec503bccd31d6708b65f35a5fe60bf1'])).toEqual({ ok: false, reason: 'wrong' });
  });
});

describe('which header counts', () => {
  it.each([
    ['a wrong new header beside a right old one', ['X-Recharge-Webhook-Signature', `t=${t},v1=${'0'.repeat(64)}`, ...legacyHeader()], 'wrong'],
    ['an empty new header beside a right old one', ['X-Recharge-Webhook-Signature', '', ...legacyHeader()], 'malformed'],
    ['only an unknown version beside a right old one', ['X-Recharge-Webhook-Signature', `t=${t},v2=abcdef`, ...legacyHeader()], 'malformed'],
    ['an expired new header beside a right old one', [...v1Header(secret, t - signatureWindowSeconds - 1), ...legacyHeader()], 'outside_window'],
    ['the right new header twice (RC-T2)', [...v1Header(), ...v1Header()], 'doubled_header'],
    ['the right old header twice (RC-T2)', [...legacyHeader(), ...legacyHeader()], 'doubled_header'],
    ['two new headers joined by a proxy', ['X-Recharge-Webhook-Signature', `${v1Header()[1]}, ${v1Header()[1]}`], 'malformed'],
    ['two old headers joined by a proxy', ['X-Recharge-Hmac-Sha256', `${legacyHeader()[1]}, ${legacyHeader()[1]}`], 'malformed'],
    ['no signature at all', ['Content-Type', 'application/json'], 'no_signature'],
    ['upper-case hex in the old header', ['X-Recharge-Hmac-Sha256', legacyHex(secret, body).toUpperCase()], 'malformed'],
    ['base64 in the old header', ['X-Recharge-Hmac-Sha256', Buffer.from(legacyHex(secret, body), 'hex').toString('base64')], 'malformed'],
    ['base64 in the new header', ['X-Recharge-Webhook-Signature', `t=${t},v1=${Buffer.from(v1Hex(secret, t, body), 'hex').toString('base64')}`], 'malformed'],
    ['two stamps', ['X-Recharge-Webhook-Signature', `t=${t},t=${t},v1=${v1Hex(secret, t, body)}`], 'malformed'],
    ['a stamp that is no number', ['X-Recharge-Webhook-Signature', `t=1e9,v1=${v1Hex(secret, '1e9', body)}`], 'malformed'],
    ['no stamp', ['X-Recharge-Webhook-Signature', `v1=${v1Hex(secret, t, body)}`], 'malformed'],
    ['a topic header that names another topic', [...v1Header(), 'X-Recharge-Topic', 'subscription/created'], 'other_topic'],
    ['two topic headers of which one names another', [...v1Header(), 'X-Recharge-Topic', topic, 'x-recharge-topic', 'charge/paid'], 'other_topic'],
  ])('RC-S2 refuses %s', (_, rawHeaders, reason) => {
    expect(verify(rawHeaders)).toEqual({ ok: false, reason });
  });

  it.each([
    ['one right v1 among several', ['X-Recharge-Webhook-Signature', `t=${t},v1=${'0'.repeat(64)},v1=${v1Hex(secret, t, body)}`]],
    ['versions that came later', ['X-Recharge-Webhook-Signature', `t=${t},v1=${v1Hex(secret, t, body)},v2=Zm9v==,ed25519=abc/+`]],
    ['blanks after the commas', ['X-Recharge-Webhook-Signature', `t=${t}, v1=${v1Hex(secret, t, body)}`]],
    ['a wrong old header beside a right new one', [...v1Header(), 'X-Recharge-Hmac-Sha256', '0'.repeat(64)]],
    ['header names in any case', ['x-RECHARGE-webhook-signature', v1Header()[1] as string]],
    ['a topic header that agrees', [...v1Header(), 'X-Recharge-Topic', topic]],
  ])('RC-S2 accepts %s', (_, rawHeaders) => {
    expect(verify(rawHeaders)).toEqual({ ok: true, scheme: 'v1' });
  });

  it('RC-S2 refuses the old header alone once the connection has been seen with the new one', () => {
    const pinned = { ...trust, v1Only: true };

    expect(verify(legacyHeader(), { trust: pinned })).toEqual({ ok: false, reason: 'legacy_refused' });
    expect(verify(v1Header(), { trust: pinned })).toEqual({ ok: true, scheme: 'v1' });
  });
});

describe('secrets and window', () => {
  it('accepts any of the connection\'s secrets in both schemes and no other', () => {
    const both = { ...trust, secrets: [clientSecret(secret), clientSecret(former)] };

    expect(verify(v1Header(former), { trust: both })).toEqual({ ok: true, scheme: 'v1' });
    expect(verify(legacyHeader(former), { trust: both })).toEqual({ ok: true, scheme: 'legacy' });
    expect(verify(v1Header('another_tenants_secret'), { trust: both })).toEqual({ ok: false, reason: 'wrong' });
    expect(verify(v1Header(), { trust: { secrets: [], v1Only: false } })).toEqual({ ok: false, reason: 'wrong' });
  });

  it.each([
    [-172_801, false], [-172_800, true], [-172_799, true], [0, true], [172_799, true], [172_800, true], [172_801, false],
  ])('P17 a stamp %d s from now is accepted: %s', (offset, accepted) => {
    expect(verify(v1Header(secret, t + offset)).ok).toBe(accepted);
  });
});

describe('forgeries (P16)', () => {
  it('refuses every flipped bit of body, signature and stamp', () => {
    fc.assert(fc.property(fc.nat(body.length * 8 - 1), fc.nat(64 * 4 - 1), (bodyBit, hexBit) => {
      const bent = Buffer.from(body);
      bent[bodyBit >> 3] = (bent[bodyBit >> 3] as number) ^ (1 << (bodyBit & 7));
      const digits = [...v1Hex(secret, t, body)];
      digits[hexBit >> 2] = (Number.parseInt(digits[hexBit >> 2] as string, 16) ^ (1 << (hexBit & 3))).toString(16);

      expect(verify(v1Header(), { bytes: bent }).ok).toBe(false);
      expect(verify(legacyHeader(), { bytes: bent }).ok).toBe(false);
      expect(verify(['X-Recharge-Webhook-Signature', `t=${t},v1=${digits.join('')}`]).ok).toBe(false);
      expect(verify(['X-Recharge-Webhook-Signature', `t=${t + 1},v1=${v1Hex(secret, t, body)}`]).ok).toBe(false);
    }));
  });

  it('refuses truncated bodies and signatures, and any header text that is not the right one', () => {
    fc.assert(fc.property(fc.nat(body.length - 1), fc.nat(63), fc.string({ unit: 'binary' }), (bodyBytes, digits, text) => {
      expect(verify(v1Header(), { bytes: body.subarray(0, bodyBytes) }).ok).toBe(false);
      expect(verify(legacyHeader(), { bytes: body.subarray(0, bodyBytes) }).ok).toBe(false);
      expect(verify(['X-Recharge-Webhook-Signature', `t=${t},v1=${v1Hex(secret, t, body).slice(0, digits)}`]).ok).toBe(false);
      expect(verify(['X-Recharge-Hmac-Sha256', legacyHex(secret, body).slice(0, digits)]).ok).toBe(false);
      expect(verify(['X-Recharge-Webhook-Signature', text]).ok).toBe(false);
      expect(verify(['X-Recharge-Hmac-Sha256', text]).ok).toBe(false);
    }));
  });

  it('accepts what was signed, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ minLength: 1, maxLength: 80 }), (bytes, key) => {
      const given = { bytes, trust: { secrets: [clientSecret(key)], v1Only: false } };

      expect(verify(v1Header(key, t, bytes), given).ok).toBe(true);
      expect(verify(legacyHeader(key, bytes), given).ok).toBe(true);
    }));
  });
});
