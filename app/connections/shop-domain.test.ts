import { describe, expect, it } from 'vitest';
import { cleanShopDomain } from './shop-domain.ts';

describe('the shop domain that a person types', () => {
  it.each(['https://acme-usa.myshopify.com', 'acme-usa.myshopify.com', ' ACME-USA ', 'acme-usa', 'http://Acme-USA.myshopify.com/admin?x=1#y'])('KU-20 reads %j as acme-usa.myshopify.com', (typed) => {
    expect(cleanShopDomain(typed)).toEqual({ ok: true, value: 'acme-usa.myshopify.com' });
  });

  it.each(['acme usa', '', '   ', 'https://evil.example/acme-usa', 'shop.acme.com', 'acme-usa.myshopify.com.evil.example', '-acme', 'user@acme', 'acme_usa'])('KU-22 refuses %j with the example', (typed) => {
    expect(cleanShopDomain(typed)).toMatchObject({ ok: false, message: expect.stringContaining('acme-usa') });
  });
});
