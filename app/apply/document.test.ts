import { describe, expect, it } from 'vitest';
import { InputRefused, type FieldFault } from '#app/errors.ts';
import { parseDocument } from './document.ts';

const good = {
  shop: 'acme-usa',
  recharge: { apiToken: { env: 'RECHARGE_TOKEN' }, clientSecret: 'the-client-secret', storefrontToken: null },
  destinations: [{ type: 'bloomreach', settings: { apiSecret: { env: 'BLOOMREACH_SECRET' }, linkBoth: false } }],
  portal: { mode: 'token', label: { en: 'Manage Subscriptions', de: 'Abos verwalten' } },
};
const environment = { RECHARGE_TOKEN: 'token-of-the-test', BLOOMREACH_SECRET: 'secret-of-the-test' };

function faultsOf(document: unknown, variables: Record<string, string> = environment): readonly FieldFault[] {
  try {
    parseDocument(typeof document === 'string' ? document : JSON.stringify(document), variables);
  } catch (error) {
    expect(error).toBeInstanceOf(InputRefused);
    return (error as InputRefused).faults;
  }
  return [];
}

describe('the setup file', () => {
  it('is read with its variables filled in and the shop cleaned', () => {
    const document = parseDocument(JSON.stringify(good), environment);

    expect(document.shop).toBe('acme-usa.myshopify.com');
    expect(document.recharge).toEqual({ apiToken: 'token-of-the-test', clientSecret: 'the-client-secret', storefrontToken: null });
    expect(document.destinations[0]?.settings).toEqual({ apiSecret: 'secret-of-the-test', linkBoth: false });
  });

  it('may name the shop alone', () => {
    expect(parseDocument('{"shop":"acme-usa"}', {})).toEqual({ shop: 'acme-usa.myshopify.com', destinations: [] });
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
    ['text that is not JSON', '{"shop":', ''],
  ])('refuses %s and names its path', (_, document, path) => {
    expect(faultsOf(document).map((fault) => fault.path)).toEqual([path]);
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
