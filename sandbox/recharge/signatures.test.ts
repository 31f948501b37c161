// Both ways of signing, held to vectors that were computed elsewhere.
import { describe, expect, it } from 'vitest';
import { newSignature, oldSignature } from './signatures.ts';
import { fixture, hasFixtures } from './testing/bench.ts';

interface Vector {
  body_utf8: string;
  client_secret: string;
  'x-recharge-hmac-sha256': string;
  'x-recharge-webhook-timestamp': string;
  'x-recharge-webhook-signature': string;
  must_not_match_real_hmac_of_body: string;
}

describe('webhook signatures', () => {
  it('gives the values of the contract', () => {
    const secret = 'example_api_client_secret_0001';
    const body = '{"subscription":{"id":471060924,"status":"active"}}';

    expect(oldSignature(secret, body)).toBe('52bdb149f06978821cb056352e047e8357c5426f660ffe04bb686604eb0689c6');
    expect(newSignature(secret, body, 1791000000)).toBe('t=1791000000,v1=42a35b427a943a28007a829ec9ce2a99ff932716abbe2cd48c6e22ac07acce04');
  });

  it('gives the values of the black-box checker', () => {
    const secret = 'rc_client_secret_test_0001';
    const body = '{"subscription":{"id":900001,"customer_id":700001,"status":"cancelled","updated_at":"2026-01-02T03:04:05"}}';

    expect(newSignature(secret, body, 1760000000)).toBe('t=1760000000,v1=66ac6c0d68a4ce03d5e677060e08af3a688e2550ab2845ec627cb47d66281b2b');
    expect(oldSignature(secret, body)).toBe('7356cadbfd461aeebcd1689f71dc3acb25bbbf9153c8cb5dbe1126cf8029a4f5');
  });

  describe.runIf(hasFixtures)('shared vectors (not run where ../shared is absent)', () => {
    const vectors = hasFixtures ? fixture<{ vectors: Vector[] }>('signatures/vectors.json').vectors : [];

    it.each(vectors)('signs $body_utf8', (vector) => {
      const old = oldSignature(vector.client_secret, vector.body_utf8);

      expect(old).toBe(vector['x-recharge-hmac-sha256']);
      expect(old).not.toBe(vector.must_not_match_real_hmac_of_body);
      expect(newSignature(vector.client_secret, vector.body_utf8, Number(vector['x-recharge-webhook-timestamp']))).toBe(vector['x-recharge-webhook-signature']);
    });
  });
});
