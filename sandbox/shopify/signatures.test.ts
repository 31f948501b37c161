// The recipes against fixed vectors, made independently of this code.
import { describe, expect, it } from 'vitest';
import { proxyCanonical, signProxyQuery, signWebhook } from './signatures.ts';

const secret = 'shpss_test_secret_0001';
const sign = (query: string): string => signProxyQuery(new URLSearchParams(query), secret);
const proxyTail = 'path_prefix=%2Fapps%2Fportal&shop=shop-a.myshopify.com&timestamp=1760000000';

describe('Shopify signatures', () => {
  it('signs a webhook in base64 over the bytes', () => {
    expect(signWebhook('{"shop_id":954889,"shop_domain":"shop-a.myshopify.com"}', secret)).toBe('4JEbioYtzXuOxaCKXZ/ZGE71VtmxqvJUvlEqDKHncVA=');
  });

  it('signs a proxy query without anything between the parameters, whatever their order and old signature', () => {
    const expected = 'afba555be1e6c41dd9c34332cffc1a4060bbeff9d126a896b045e391bfb4efce';
    expect(proxyCanonical(new URLSearchParams(`logged_in_customer_id=6001&${proxyTail}`))).toBe('logged_in_customer_id=6001path_prefix=/apps/portalshop=shop-a.myshopify.comtimestamp=1760000000');
    expect(sign(`logged_in_customer_id=6001&${proxyTail}`)).toBe(expected);
    expect(sign(`signature=abc&timestamp=1760000000&shop=shop-a.myshopify.com&path_prefix=%2Fapps%2Fportal&logged_in_customer_id=6001`)).toBe(expected);
  });

  it('PX-S1 has the ambiguity of the real one: honest and forged queries that shift a boundary sign alike', () => {
    const shifted = 'bd9669f61cac719186c4b4ab1c21124304d8f3063b33cf9a1980dec3be6179ad';
    expect(sign(`a=x&m=logged_in_customer_id%3D123&logged_in_customer_id=&${proxyTail}`)).toBe(shifted);
    expect(sign(`a=xlogged_in_customer_id%3Dm%3D&logged_in_customer_id=123&${proxyTail}`)).toBe(shifted);

    const shiftedByKey = '791fcfc0513b5fc3e8aa571d0f94018e754583fc9fdca50b7805274140d5bc31';
    expect(sign(`a=b&m=logged_in_customer_id%3D123&logged_in_customer_id=&${proxyTail}`)).toBe(shiftedByKey);
    expect(sign(`a=&blogged_in_customer_id=m%3D&logged_in_customer_id=123&${proxyTail}`)).toBe(shiftedByKey);

    const honest = 'sz=shop%3Dshop-b.myshopify.com&logged_in_customer_id=42&path_prefix=%2Fapps%2Fportal&shop=shop-a.myshopify.com&timestamp=1760000000';
    const forged = 'logged_in_customer_id=42&path_prefix=%2Fapps%2Fportalshop%3Dshop-a.myshopify.comsz%3D&shop=shop-b.myshopify.com&timestamp=1760000000';
    expect(proxyCanonical(new URLSearchParams(forged))).toBe(proxyCanonical(new URLSearchParams(honest)));
  });

  it('joins doubles with a comma and sorts by byte, capitals first', () => {
    expect(proxyCanonical(new URLSearchParams('b=1&a=2&B=3&b=4'))).toBe('B=3a=2b=1,4');
  });
});
