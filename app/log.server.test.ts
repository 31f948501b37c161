import { describe, expect, test } from 'vitest';
import { Failure } from './errors.ts';
import { redact, redactText } from './log.server.ts';

const canaries = {
  jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl',
  recharge: 'sk_live_canary0001',
  session: 'st_canary0002',
  shopify: 'shpat_canary0003',
  email: 'canary.person+x@example.co.uk',
  hash: '0f1e2d3c4b5a69788796a5b4c3d2e1',
  query: 'https://shop.example.com/tools/recurring/portal/0f1e2d3c4b5a69788796a5b4c3d2e1/overview?token=00112233445566778899aabbccddeeff',
};

describe('log lines', () => {
  test('P30 no secret and no person survives, in texts, names, errors and nested values', () => {
    const line = JSON.stringify(redact({
      note: `call with ${canaries.jwt} and ${canaries.recharge} for ${canaries.email}`,
      Authorization: 'Basic a2V5OnNlY3JldA==',
      header: 'Authorization was Bearer abcdefgh12345678',
      apiToken: canaries.shopify,
      deep: { list: [{ email: canaries.email }, canaries.query], customer_hash: canaries.hash, first_name: 'Canary' },
      error: new Failure('transient', `no answer from ${canaries.query}`, { code: 'x', cause: new Error(canaries.session), vendorAnswer: canaries.email }),
    }));

    for (const [name, canary] of Object.entries(canaries)) expect(line, name).not.toContain(canary);
    expect(line).not.toMatch(/Canary|a2V5OnNlY3JldA|abcdefgh12345678|00112233/);
  });

  test('P30 a field with line breaks and terminal codes stays one harmless line', () => {
    const text = redactText('first\r\nsecond\u001b[31mred\u0000');
    expect(text).not.toMatch(/[\r\u001b\u0000]/);
  });

  test('what a reader needs stays', () => {
    expect(redact({ shopId: '7', deliveryId: '12', status: 503, durationMs: 12.5, bodyBytes: 20, next: 'pending', at: new Date(0) })).toEqual({
      shopId: '7', deliveryId: '12', status: 503, durationMs: 12.5, bodyBytes: 20, next: 'pending', at: '1970-01-01T00:00:00.000Z',
    });
  });

  test('size and depth are bounded, circles included', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(JSON.stringify(redact(circle)).length).toBeLessThan(500);
    expect(JSON.stringify(redact('x'.repeat(100_000))).length).toBeLessThan(3_000);
  });
});
