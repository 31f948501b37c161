import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { open, openBytes, seal, type Place } from './secrets.server.ts';

const keys = [{ id: 'k1', key: Buffer.alloc(32, 1) }];
const place: Place = { shopId: '1', table: 'Connection', column: 'apiToken' };

describe('sealed secrets', () => {
  test('any bytes come back as they were, and never stand in the sealed form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 300 }), (bytes) => {
        const sealed = seal(bytes, place, keys);
        expect(openBytes(sealed, place, keys).equals(Buffer.from(bytes))).toBe(true);
        expect(sealed.includes(Buffer.from(bytes))).toBe(false);
      }),
    );
  });

  test('the same secret is never sealed the same way twice', () => {
    expect(seal('secret', place, keys).equals(seal('secret', place, keys))).toBe(false);
  });

  test.each([
    ['another shop', { ...place, shopId: '2' }],
    ['another table', { ...place, table: 'Destination' }],
    ['another column', { ...place, column: 'clientSecret' }],
  ])('P22 moved to %s it does not open', (_, elsewhere) => {
    expect(() => open(seal('secret', place, keys), elsewhere, keys)).toThrowError(expect.objectContaining({ code: 'secret_does_not_open' }));
  });

  test('one flipped bit anywhere and it does not open', () => {
    const sealed = seal('secret', place, keys);
    for (let index = 0; index < sealed.length; index++) {
      const broken = Buffer.from(sealed);
      broken[index] = (broken[index] ?? 0) ^ 1;
      expect(() => open(broken, place, keys), `byte ${index}`).toThrow();
    }
  });

  test('after a rotation old values open with the old key still listed, and say which key is missing without it', () => {
    const sealed = seal('secret', place, keys);
    const rotated = [{ id: 'k2', key: Buffer.alloc(32, 2) }, ...keys];
    expect(open(sealed, place, rotated)).toBe('secret');
    expect(open(seal('secret', place, rotated), place, rotated.slice(0, 1))).toBe('secret');
    expect(() => open(sealed, place, rotated.slice(0, 1))).toThrowError(expect.objectContaining({ code: 'encryption_key_missing', message: expect.stringContaining('"k1"') }));
  });
});
