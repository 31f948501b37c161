import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject } from './json-object.ts';

const nested = (levels: number, open = '{"a":', close = '}') => Buffer.from(`${open.repeat(levels - 1)}{}${close.repeat(levels - 1)}`);

describe('isJsonObject', () => {
  it.each([
    ['an object', '{"subscription":{"id":1}}'],
    ['an empty object', '{}'],
    ['an object with blanks around', ' \n{"a":1}\t'],
    ['brackets inside a text', `{"a":"${'[{'.repeat(500)}"}`],
    ['an escaped quote before brackets', `{"a":"\\"${'['.repeat(100)}\\\\"}`],
    ['wide siblings', `{"a":[${'{},'.repeat(500)}{}]}`],
    ['text beyond ASCII', '{"name":"Zoë 🚚"}'],
  ])('accepts %s', (_, text) => {
    expect(isJsonObject(Buffer.from(text))).toBe(true);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['an array', Buffer.from('[{}]')],
    ['null', Buffer.from('null')],
    ['a number', Buffer.from('7')],
    ['a text', Buffer.from('"{}"')],
    ['an unfinished object', Buffer.from('{"a":1')],
    ['two objects', Buffer.from('{}{}')],
    ['a trailing comma', Buffer.from('{"a":1,}')],
    ['single quotes', Buffer.from("{'a':1}")],
    ['NaN', Buffer.from('{"a":NaN}')],
    ['a raw line break in a text', Buffer.from('{"a":"\n"}')],
    ['a byte order mark', Buffer.from('\uFEFF{}')],
    ['Latin-1', Buffer.from('{"a":"\xe9"}', 'latin1')],
    ['an overlong encoding', Buffer.from([0x7b, 0xc0, 0xa2, 0x7d])],
    ['half a surrogate pair in UTF-8', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['form data', Buffer.from('a=1&b=2')],
    ['SHA-256 padding after an object, as a length extension needs', Buffer.concat([Buffer.from('{}'), Buffer.from([0x80, 0, 0, 0, 0x10]), Buffer.from('{}')])],
  ])('refuses %s', (_, body) => {
    expect(isJsonObject(body)).toBe(false);
  });

  it('accepts 64 levels and refuses 65, in objects and arrays', () => {
    expect(isJsonObject(nested(64))).toBe(true);
    expect(isJsonObject(nested(65))).toBe(false);
    expect(isJsonObject(Buffer.from(`{"a":${'['.repeat(63)}${']'.repeat(63)}}`))).toBe(true);
    expect(isJsonObject(Buffer.from(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`))).toBe(false);
    expect(isJsonObject(nested(100_000))).toBe(false);
  });

  it('agrees with a strict parser on any text', () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string(), fc.json().map((text) => `{"a":${text}}`)), (text) => {
      expect(isJsonObject(Buffer.from(text), Infinity)).toBe(strictly(text));
    }));
  });
});

function strictly(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
