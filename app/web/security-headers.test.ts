import { describe, expect, it } from 'vitest';
import { addSecurityHeaders, allowFrame, type HeaderRules } from './security-headers.ts';

function headersAfter(set: Record<string, string>, rules: HeaderRules): Map<string, string> {
  const headers = new Map(Object.entries(set).map(([name, value]) => [name.toLowerCase(), value]));
  addSecurityHeaders({ getHeader: (name) => headers.get(name.toLowerCase()), setHeader: (name, value) => headers.set(name.toLowerCase(), value) }, rules);
  return headers;
}

describe('addSecurityHeaders', () => {
  it('forbids framing, sniffing and leaking referrers where a response says nothing', () => {
    const headers = headersAfter({}, { https: true, frameOrigin: undefined });

    expect(Object.fromEntries(headers)).toEqual({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'cross-origin-resource-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000',
      'content-security-policy': "frame-ancestors 'none'",
    });
  });

  it('leaves what a response says', () => {
    const said = { 'Content-Security-Policy': 'frame-ancestors https://a.myshopify.com https://admin.shopify.com', 'Referrer-Policy': 'no-referrer' };

    const headers = headersAfter(said, { https: false, frameOrigin: undefined });

    expect(headers.get('content-security-policy')).toBe(said['Content-Security-Policy']);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.has('strict-transport-security')).toBe(false);
  });

  it('lets the simulated admin frame what Shopify may frame, and nothing else', () => {
    const sandbox = { https: false, frameOrigin: 'http://127.0.0.1:4100' };

    expect(headersAfter({ 'Content-Security-Policy': 'frame-ancestors https://a.myshopify.com https://admin.shopify.com;' }, sandbox).get('content-security-policy')).toBe(
      'frame-ancestors https://a.myshopify.com https://admin.shopify.com http://127.0.0.1:4100;',
    );
    expect(headersAfter({}, sandbox).get('content-security-policy')).toBe("frame-ancestors 'none'");
  });
});

describe('allowFrame', () => {
  it.each([
    ["default-src 'self'; frame-ancestors https://a.test", "default-src 'self'; frame-ancestors https://a.test http://s"],
    ["frame-ancestors https://a.test; default-src 'self'", "frame-ancestors https://a.test http://s; default-src 'self'"],
    ["frame-ancestors 'none'", "frame-ancestors 'none'"],
    ["default-src 'self'", "default-src 'self'"],
  ])('%s', (policy, expected) => {
    expect(allowFrame(policy, 'http://s')).toBe(expected);
  });
});
