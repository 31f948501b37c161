import { describe, expect, it } from 'vitest';
import { InputRefused, type FieldFault } from '#app/errors.ts';
import { readDocument } from './document.ts';

const good = {
  shop: 'acme-usa',
  recharge: { apiToken: { env: 'RECHARGE_TOKEN' }, clientSecret: 'the-client-secret', storefrontToken: null },
  destinations: [{ type: 'bloomreach', settings: { apiSecret: { env: 'BLOOMREACH_SECRET' }, linkBoth: false } }],
  portal: { mode: 'token', label: { en: 'Manage Subscriptions', de: 'Abos verwalten' } },
};
const environment = { RECHARGE_TOKEN: 'token-of-the-test', BLOOMREACH_SECRET: 'secret-of-the-test' };

function faultsOf(document: unknown, variables: Record<string, string> = environment): readonly FieldFault[] {
  return readDocument(JSON.stringify(document), variables).faults;
}

describe('the setup file', () => {
  it('is read with its variables filled in and the shop cleaned', () => {
    const { parts: document, faults } = readDocument(JSON.stringify(good), environment);

    expect(faults).toEqual([]);
    expect(document.shop).toBe('acme-usa.myshopify.com');
    expect(document.recharge).toEqual({ apiToken: 'token-of-the-test', clientSecret: 'the-client-secret', storefrontToken: null });
    expect(document.destinations[0]?.settings).toEqual({ apiSecret: 'secret-of-the-test', linkBoth: false });
  });

  it('may name the shop alone', () => {
    expect(readDocument('{"shop":"acme-usa"}', {})).toEqual({ parts: { shop: 'acme-usa.myshopify.com', destinations: [] }, faults: [] });
  });

  it.each<[string, unknown, string]>([
    ['an unknown field', { ...good, extra: 1 }, 'extra'],
    ['an unknown field of the connection', { ...good, recharge: { ...good.recharge, token: 'x' } }, 'recharge.token'],
    ['an unknown field of a destination', { ...good, destinations: [{ ...good.destinations[0], name: 'x' }] }, 'destinations[0].name'],
    ['a wrong shop', { ...good, shop: 'https://evil.example/acme-usa' }, 'shop'],
    ['no shop', { ...good, shop: undefined }, 'shop'],
    ['a number for a token', { ...good, recharge: { apiToken: 12 } }, 'recharge.apiToken'],
    ['a portal mode that does not exist', { ...good, portal: { mode: 'magic' } }, 'portal.mode'],
    ['a label that is no text', { ...good, portal: { label: { en: 1 } } }, 'portal.label.en'],
    ['a destination twice', { ...good, destinations: [...good.destinations, ...good.destinations] }, 'destinations[1].type'],
    ['settings that are a list', { ...good, destinations: [{ type: 'bloomreach', settings: [] }] }, 'destinations[0].settings'],
    ['a list instead of a document', [], ''],
  ])('refuses %s and names its path', (_, document, path) => {
    expect(faultsOf(document).map((fault) => fault.path)).toEqual([path]);
  });

  it('refuses text that is not JSON', () => {
    expect(() => readDocument('{"shop":', {})).toThrow(InputRefused);
  });

  it('keeps the parts that are right, so that their contents can be checked too', () => {
    const { parts } = readDocument(JSON.stringify({ ...good, shop: 'acme usa', destinations: [{ type: 1 }, ...good.destinations] }), environment);

    expect(parts).toMatchObject({ shop: null, recharge: { clientSecret: 'the-client-secret' }, portal: { mode: 'token' } });
    expect(parts.destinations).toEqual([expect.objectContaining({ index: 1, type: 'bloomreach' })]);
  });

  it('names a variable that is not set, with the path of the field that wants it', () => {
    expect(faultsOf(good, { RECHARGE_TOKEN: 'x' })).toEqual([{ path: 'destinations[0].settings.apiSecret', message: expect.stringContaining('BLOOMREACH_SECRET') }]);
  });

  it('names every fault at once and repeats no value', () => {
    const faults = faultsOf({ shop: 'acme usa', recharge: { apiToken: ['hush-hush'] }, portal: { mode: 'hush-hush' } });

    expect(faults.map((fault) => fault.path)).toEqual(['shop', 'recharge.apiToken', 'portal.mode']);
    expect(JSON.stringify(faults)).not.toContain('hush-hush');
  });
});
