import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRechargeJson } from './json.ts';

describe('parseRechargeJson', () => {
  it('keeps the digits of integers that a number cannot hold, and leaves all else to JSON', () => {
    expect(parseRechargeJson('{"a":9007199254740993,"b":9007199254740991,"c":-9007199254740993,"d":12345678901234567890,"e":0.1234567890123456789,"f":1e300,"g":"9007199254740993"}')).toEqual({
      a: '9007199254740993', b: 9007199254740991, c: '-9007199254740993', d: '12345678901234567890', e: 0.1234567890123456789, f: 1e300, g: '9007199254740993',
    });
    expect(parseRechargeJson('[9007199254740993, null, true, [12345678901234567]]')).toEqual(['9007199254740993', null, true, ['12345678901234567']]);
  });

  it('reads what JSON.parse reads wherever no long integer is in it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain: unknown = JSON.parse(text);
        if (!/\d{16}/.test(text)) expect(parseRechargeJson(text)).toEqual(plain);
        else expect(JSON.stringify(parseRechargeJson(text)).length).toBeGreaterThan(0);
      }),
    );
  });

  it.each(['', '{', '{"a":', '{"id":90071992547409931', '<html>', 'undefined', "{'a':1}"])('throws SyntaxError for %j', (text) => {
    expect(() => parseRechargeJson(text)).toThrow(SyntaxError);
  });

  it('throws SyntaxError for nesting that cannot be walked', () => {
    expect(() => parseRechargeJson(`${'['.repeat(200_000)}9007199254740993${']'.repeat(200_000)}`)).toThrow(SyntaxError);
  });
});
