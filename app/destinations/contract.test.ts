import { describe, expect, test } from 'vitest';
import { InputRefused } from '../errors.ts';
import { parseSettings, secretNames } from './contract.ts';
import { manifests } from './manifests.ts';
import { bloomreachManifest } from './bloomreach/manifest.ts';

const good = { apiBaseUrl: 'https://api.exponea.com', projectToken: '1a2b3c4d-0000-11ee-8c99-0242ac120002', apiKeyId: 'key', apiSecret: 'secret' };

function faultsOf(typed: Record<string, unknown>): Record<string, string> {
  try {
    parseSettings(bloomreachManifest, typed, {}, 'destinations[0].settings');
  } catch (error) {
    if (error instanceof InputRefused) return Object.fromEntries(error.faults.map(({ path, message }) => [path, message]));
    throw error;
  }
  return {};
}

describe('settings of a destination', () => {
  test('BR-15 BR-25 defaults: e-mail, nothing extended, the property imported', () => {
    expect(parseSettings(bloomreachManifest, good)).toEqual({
      ...good, customerId: 'email', emailIdName: 'registered', rechargeIdName: 'recharge_id', linkBoth: false, importActiveProperty: true, extendedEvents: [],
    });
  });

  test('every wrong field is named with its path and what it should be, all at once', () => {
    const faults = faultsOf({ apiBaseUrl: 'http://api.exponea.com/track', projectToken: 'a b', apiKeyId: 7, apiSecret: '', customerId: 'phone', linkBoth: 'yes', extendedEvents: ['skipped', 'dance'], colour: 'red' });
    expect(Object.keys(faults).sort()).toEqual(
      ['apiBaseUrl', 'apiKeyId', 'apiSecret', 'colour', 'customerId', 'extendedEvents', 'linkBoth', 'projectToken'].map((name) => `destinations[0].settings.${name}`),
    );
    expect(faults['destinations[0].settings.extendedEvents']).toContain('"dance"');
    expect(faults['destinations[0].settings.customerId']).toContain('email, recharge_id');
  });

  test.each([
    ['api.exponea.com', 'https://api.exponea.com'],
    [' https://API.exponea.com/ ', 'https://api.exponea.com'],
  ])('the base URL %j is taken as %s', (typed, stored) => {
    expect(parseSettings(bloomreachManifest, { ...good, apiBaseUrl: typed }).apiBaseUrl).toBe(stored);
  });

  test.each(['http://api.exponea.com', 'https://api.exponea.com/track', 'https://user:pw@api.exponea.com', 'https://api.exponea.com?x=1', 'not an address', ''])('the base URL %j is refused', (typed) => {
    expect(faultsOf({ ...good, apiBaseUrl: typed })).toHaveProperty(['destinations[0].settings.apiBaseUrl']);
  });

  test('an empty secret keeps the stored one, a new one replaces it', () => {
    expect(parseSettings(bloomreachManifest, { ...good, apiSecret: '' }, { apiSecret: 'stored' }).apiSecret).toBe('stored');
    expect(parseSettings(bloomreachManifest, { ...good, apiSecret: 'new' }, { apiSecret: 'stored' }).apiSecret).toBe('new');
  });

  test('each manifest names its secrets, and no other field looks like one', () => {
    for (const manifest of Object.values(manifests)) {
      expect(secretNames(manifest).length, manifest.type).toBeGreaterThan(0);
      const open = Object.keys(manifest.fields).filter((name) => !secretNames(manifest).includes(name));
      expect(open.filter((name) => /secret|password|apiKey$/i.test(name)), manifest.type).toEqual([]);
    }
  });
});
