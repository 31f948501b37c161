/** Where Shopify's calls go when the operator names another place. */
import { expect, test } from 'vitest';
import { upstreamAddress } from './upstream.server.ts';

test("a shop's address goes to the operator's, with the shop as its first part", () => {
  expect(upstreamAddress('https://acme-usa.myshopify.com/admin/api/2026-10/graphql.json?x=1', 'http://127.0.0.1:4801')).toBe('http://127.0.0.1:4801/acme-usa.myshopify.com/admin/api/2026-10/graphql.json?x=1');
});

test('without the setting, and for any other host, the address stays as it is', () => {
  expect(upstreamAddress('https://acme-usa.myshopify.com/admin/oauth/access_token', undefined)).toBe('https://acme-usa.myshopify.com/admin/oauth/access_token');
  expect(upstreamAddress('https://evil.example/x.myshopify.com', 'http://127.0.0.1:4801')).toBe('https://evil.example/x.myshopify.com');
});
