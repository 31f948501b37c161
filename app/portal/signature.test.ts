// The proxy signature: Shopify's recipe, the vectors of the reliability design, and searches for a second reading of a signed text.
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { harmlessNames, pathPrefix, portalLocaleOf, portalPageOf, reservedNames } from './parameters.ts';
import { checkProxyQuery, signatureOf } from './signature.ts';

const secret = 'shpss_test_secret_0001';
const now = new Date(1_760_000_000_000);
const timestamp = '1760000000';

type Pairs = [string, string][];

/** Shopify's signing as its documentation's Ruby sample does it, on its own parser; shares no code with the app. */
function shopifySignature(pairs: Pairs, key = secret): string {
  const byName: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of pairs) if (name !== 'signature') (byName[name] ??= []).push(value);
  const texts = Object.entries(byName).map(([name, values]) => `${name}=${values.join(',')}`);
  texts.sort((a, b) => {
    const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
    for (let at = 0; at < Math.min(left.length, right.length); at++) if (left[at] !== right[at]) return left[at]! - right[at]!;
    return left.length - right.length;
  });
  return createHmac('sha256', key).update(texts.join('')).digest('hex');
}

function honest(extra: Pairs = [], changed: Record<string, string> = {}): Pairs {
  const own = { logged_in_customer_id: '6001', path_prefix: pathPrefix, shop: 'shop-a.myshopify.com', timestamp, ...changed };
  return [...extra, ...Object.entries(own)];
}

function queryOf(pairs: Pairs): string {
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

function signed(pairs: Pairs): string {
  return queryOf([...pairs, ['signature', shopifySignature(pairs)]]);
}

function check(query: string, at = now) {
  return checkProxyQuery(query, secret, at);
}

describe('the recipe', () => {
  it('gives the fixed vectors of the design, boundary shifts included', () => {
    const rest: Pairs = [['path_prefix', '/apps/portal'], ['shop', 'shop-a.myshopify.com'], ['timestamp', timestamp]];
    const vector = (pairs: Pairs) => signatureOf(new Map([...pairs, ...rest]), secret);
    expect(vector([['logged_in_customer_id', '6001']])).toBe('afba555be1e6c41dd9c34332cffc1a4060bbeff9d126a896b045e391bfb4efce');
    const shifted = 'bd9669f61cac719186c4b4ab1c21124304d8f3063b33cf9a1980dec3be6179ad';
    expect(vector([['a', 'x'], ['m', 'logged_in_customer_id=123'], ['logged_in_customer_id', '']])).toBe(shifted);
    expect(vector([['a', 'xlogged_in_customer_id=m='], ['logged_in_customer_id', '123']])).toBe(shifted);
    const shifted2 = '791fcfc0513b5fc3e8aa571d0f94018e754583fc9fdca50b7805274140d5bc31';
    expect(vector([['a', 'b'], ['m', 'logged_in_customer_id=123'], ['logged_in_customer_id', '']])).toBe(shifted2);
    expect(vector([['a', ''], ['blogged_in_customer_id', 'm='], ['logged_in_customer_id', '123']])).toBe(shifted2);
  });

  it('accepts what an independent implementation of Shopify signs, in 5,000 honest queries', () => {
    const value = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 8 }), fc.constantFrom('a,b', 'x y', '100%', '', 'Ä&=', 'tab\t'));
    const extra = fc.array(fc.tuple(fc.constantFrom(...harmlessNames), value), { maxLength: 6 });
    fc.assert(
      fc.property(extra, fc.constantFrom('', '1', '6001', '18446744073709551615'), fc.boolean(), (pairs, customer, plus) => {
        fc.pre(pairs.every(([, text]) => text.isWellFormed() && !reservedNames.some((name) => text.includes(`${name}=`))));
        const query = signed(honest(pairs, { logged_in_customer_id: customer }));
        const checked = check(plus ? query.replaceAll('%20', '+') : query);
        expect(checked).toMatchObject({ ok: true, query: { shop: 'shop-a.myshopify.com', shopifyCustomerId: customer || null } });
      }),
      { numRuns: 5000 },
    );
  });

  it('sorts mixed-case names by bytes and joins doubles with a comma (PX-S2)', () => {
    const checked = check(signed(honest([['utm_source', 'a'], ['ScCid', 'Z'], ['_pos', '1'], ['utm_source', 'b']])));
    expect(checked).toMatchObject({ ok: true });
    expect(checked.ok && checked.query.others.get('utm_source')).toBe('a,b');
  });

  it('takes 90 seconds either way and not one more (P17)', () => {
    const query = signed(honest());
    const after = (seconds: number) => check(query, new Date(now.getTime() + seconds * 1000));
    expect([after(90).ok, after(-90).ok, after(80).ok]).toEqual([true, true, true]);
    expect([after(91), after(-91)]).toEqual([{ ok: false, reason: 'too_old' }, { ok: false, reason: 'too_old' }]);
  });
});

describe('what is refused (RP-19, PX-S1)', () => {
  const refusedReserved: [string, Pairs][] = [
    ['a doubled customer', [...honest(), ['logged_in_customer_id', '42']]],
    ['a doubled shop', [...honest(), ['shop', 'shop-b.myshopify.com']]],
    ['a doubled path', [...honest(), ['path_prefix', pathPrefix]]],
    ['a doubled timestamp', [...honest(), ['timestamp', timestamp]]],
    ['no customer at all', honest().filter(([name]) => name !== 'logged_in_customer_id')],
    ['a customer with letters behind', honest([], { logged_in_customer_id: '123logged' })],
    ['a customer that begins with zero', honest([], { logged_in_customer_id: '0123' })],
    ['a customer of 21 digits', honest([], { logged_in_customer_id: '1'.repeat(21) })],
    ['a customer with a line end', honest([], { logged_in_customer_id: '123\n' })],
    ['another path', honest([], { path_prefix: '/apps/portal' })],
    ['a path with more behind', honest([], { path_prefix: `${pathPrefix}/` })],
    ['a shop that is no permanent domain', honest([], { shop: 'shop-a.example.com' })],
    ['a shop with capitals', honest([], { shop: 'Shop-a.myshopify.com' })],
    ['a shop in a longer name', honest([], { shop: 'shop-a.myshopify.com.evil.com' })],
    ['a timestamp in milliseconds', honest([], { timestamp: '1760000000000' })],
    ['a timestamp with a fraction', honest([], { timestamp: '1760000000.0' })],
  ];

  it.each(refusedReserved)('%s', (_, pairs) => {
    expect(check(signed(pairs))).toEqual({ ok: false, reason: 'reserved_parameters' });
  });

  it('a signature of another secret, cut short, in capitals, doubled or absent', () => {
    const good = shopifySignature(honest());
    const withSignature = (...signatures: string[]) => check(queryOf([...honest(), ...signatures.map((text): [string, string] => ['signature', text])]));
    expect(withSignature(shopifySignature(honest(), 'another')).ok).toBe(false);
    expect(withSignature(good.slice(0, 63)).ok).toBe(false);
    expect(withSignature(good.toUpperCase()).ok).toBe(false);
    expect(withSignature(good, good).ok).toBe(false);
    expect(withSignature().ok).toBe(false);
    expect(withSignature(good).ok).toBe(true);
  });

  it.each([
    ['a broken escape', 'utm_source=%zz'],
    ['half an escape', 'utm_source=%4'],
    ['bytes that are no UTF-8', 'utm_source=%ff'],
    ['an overlong encoding', 'utm_source=%c0%af'],
    ['half a character', 'utm_source=%ed%a0%80'],
    ['a bare character beyond ASCII', 'utm_source=\u00e4'],
    ['a bare blank', 'utm_source=a b'],
    ['a fragment', 'utm_source=a#b'],
    ['an empty part', ''],
    ['a name without letters', '=x'],
  ])('%s', (_, part) => {
    expect(check(`${part}&${signed(honest())}`)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('a value that hides a reserved name, even when signed', () => {
    expect(check(signed(honest([['utm_source', 'x shop=y']])))).toEqual({ ok: false, reason: 'hidden_parameter' });
  });

  it('an unknown name, which is told only when Shopify signed it', () => {
    expect(check(signed(honest([['customer_id', '7']])))).toEqual({ ok: false, reason: 'unknown_parameter', unknownNames: ['customer_id'] });
    expect(check(queryOf([...honest([['customer_id', '7']]), ['signature', '0'.repeat(64)]]))).toEqual({ ok: false, reason: 'wrong_signature' });
  });

  it('20,000 fuzzed queries never throw and never pass unless Shopify signed just that (P20)', () => {
    const base = signed(honest([['utm_source', 'mail']]));
    const byte = fc.constantFrom('%', '&', '=', '+', ',', ';', '%00', '%0d%0a', '%26', '%3D', 'shop', 'signature=', '1', 'z', '\u0000', '\u00ff', '#', '/', '%E2%82%AC');
    const changed = fc.array(fc.record({ at: fc.nat(base.length), remove: fc.nat(3), insert: byte }), { minLength: 1, maxLength: 4 }).map((edits) =>
      edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), base),
    );
    let passed = 0;
    fc.assert(
      fc.property(fc.oneof(changed, fc.string({ maxLength: 200 })), (query) => {
        const checked = check(query);
        if (!checked.ok) return;
        passed += 1;
        const parsed = [...new URLSearchParams(query)] as Pairs;
        expect(new URLSearchParams(query).get('signature')).toBe(shopifySignature(parsed));
        expect(checked.query).toMatchObject({ shop: 'shop-a.myshopify.com', shopifyCustomerId: '6001' });
      }),
      { numRuns: 20_000 },
    );
    expect(passed).toBeLessThan(200);
  });
});

/** What would let a name of the list take part in another cut; empty when nothing. The reasoning stands in signature.ts. */
function listFaults(names: readonly string[]): string[] {
  const all = [...names, ...reservedNames];
  return names.flatMap((name) => [
    ...(/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? [] : [`${name}: begins with a digit, or holds more than letters, digits and _`]),
    ...reservedNames.filter((reserved) => reserved.endsWith(name)).map((reserved) => `${name}: is the end of ${reserved}`),
    ...reservedNames.filter((reserved) => name.endsWith(reserved)).map((reserved) => `${name}: ends with ${reserved}`),
    // Sorting by name and by `name=value` must agree, whichever Shopify does: no name goes on with a character below `=`.
    ...all.filter((longer) => longer !== name && longer.startsWith(name) && longer.charCodeAt(name.length) < '='.charCodeAt(0)).map((longer) => `${name}: sorts unclearly beside ${longer}`),
  ]);
}

/** Every way to read a signed text as parameters of these names, each reserved one exactly once and of its form. */
function cuts(text: string, names: readonly string[]): Map<string, string>[] {
  const all = [...names, ...reservedNames.filter((name) => name !== 'signature')];
  // Where a parameter can begin: each `=` with a name before it.
  const starts = new Map<number, string[]>();
  for (let equals = text.indexOf('='); equals !== -1; equals = text.indexOf('=', equals + 1)) {
    for (const name of all) if (text.endsWith(name, equals)) starts.set(equals - name.length, [...(starts.get(equals - name.length) ?? []), name]);
  }
  const places = [...starts.keys()].sort((a, b) => a - b);
  const found: Map<string, string>[] = [];
  const walk = (from: number, read: Map<string, string>) => {
    for (const name of starts.get(from) ?? []) {
      if (read.has(name)) continue;
      const valueFrom = from + name.length + 1;
      for (const to of [...places.filter((place) => place >= valueFrom), text.length]) {
        const value = text.slice(valueFrom, to);
        if (forms[name]?.test(value) === false) continue;
        const next = new Map(read).set(name, value);
        if (to < text.length) walk(to, next);
        else if (Object.keys(forms).every((reserved) => next.has(reserved))) found.push(next);
      }
    }
  };
  walk(0, new Map());
  return found;
}

const forms: Record<string, RegExp> = {
  logged_in_customer_id: /^([1-9][0-9]{0,19})?$/,
  path_prefix: /^\/apps\/rechannel$/,
  shop: /^[a-z0-9][a-z0-9-]*\.myshopify\.com$/,
  timestamp: /^[0-9]{10}$/,
};

function canonical(pairs: Pairs): string {
  const byName = new Map<string, string>();
  for (const [name, value] of pairs) byName.set(name, byName.has(name) ? `${byName.get(name)},${value}` : value);
  return [...byName].map(([name, value]) => `${name}=${value}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join('');
}

/** Queries an attacker would try: names and values made of pieces of reserved and harmless names. */
function attackers(names: readonly string[]): fc.Arbitrary<Pairs> {
  const piece = fc.oneof(
    fc.constantFrom(...reservedNames),
    fc.tuple(fc.constantFrom(...reservedNames), fc.nat(20)).map(([name, at]) => name.slice(at % name.length)),
    fc.constantFrom(...names),
    fc.constantFrom('', 'x', '=', '1', 'm', 'a', 'z'),
  );
  const claim = fc.constantFrom('logged_in_customer_id=123', 'logged_in_customer_id=', 'shop=shop-b.myshopify.com', 'timestamp=1760000001', `path_prefix=${pathPrefix}`);
  const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names) }, fc.tuple(piece, piece).map((parts) => parts.join('')));
  const value = fc.oneof({ weight: 2, arbitrary: claim }, { weight: 2, arbitrary: piece }, fc.tuple(piece, claim).map((parts) => parts.join('')), fc.tuple(claim, piece).map((parts) => parts.join('')), fc.tuple(piece, piece).map((parts) => parts.join('')));
  return fc
    .array(fc.tuple(name, value), { minLength: 1, maxLength: 4 })
    .map((pairs) => pairs.filter(([text]) => text !== '' && !(reservedNames as readonly string[]).includes(text)) as Pairs);
}

function search(runs: number, names: readonly string[], visit: (cut: Map<string, string>, trueCustomer: string) => void): void {
  fc.assert(
    fc.property(attackers(names), fc.constantFrom('', '42'), (extra, customer) => {
      const text = canonical(honest(extra, { logged_in_customer_id: customer }));
      for (const cut of cuts(text, names)) {
        if (canonical([...cut]) !== text) continue;
        if (cut.get('logged_in_customer_id') !== customer || cut.get('shop') !== 'shop-a.myshopify.com') visit(cut, customer);
      }
    }),
    { numRuns: runs, seed: 20261121 },
  );
}

describe('one signed text has one reading (finding 6, P20)', () => {
  it('the list of harmless names keeps the rules that the reasoning needs', () => {
    expect(listFaults(harmlessNames)).toEqual([]);
    expect(new Set(harmlessNames).size).toBe(harmlessNames.length);
  });

  it.each(['id', 'p', 'gged_in_customer_id', 'my_shop', 'workshop', '1a', 'a=b', 'stamp', 'e'])('the rules refuse %s', (name) => {
    expect(listFaults([name])).not.toEqual([]);
  });

  it('100,000 attacker queries: no other reading is accepted, while without the value check some would be', { timeout: 120_000 }, () => {
    let withoutValueCheck = 0;
    let accepted = 0;
    search(100_000, harmlessNames, (cut) => {
      withoutValueCheck += 1;
      const query = queryOf([...cut, ['signature', signatureOf(cut, secret)]]);
      if (check(query).ok) accepted += 1;
    });
    expect(withoutValueCheck).toBeGreaterThan(20);
    expect(accepted).toBe(0);
  });

  it('a name that breaks the rules would be found by the same search, value check or not', { timeout: 120_000 }, () => {
    let forged = 0;
    search(20_000, [...harmlessNames.slice(0, 8), 'gged_in_customer_id', 'hop', 'id'], (cut) => {
      if (![...cut.values()].some((value) => reservedNames.some((name) => value.includes(`${name}=`)))) forged += 1;
    });
    expect(forged).toBeGreaterThan(0);
  });

  it.each([
    ['boundary shift', [['key', 'xlogged_in_customer_id=m='], ['logged_in_customer_id', '123']], [['key', 'x'], ['m', 'logged_in_customer_id=123'], ['logged_in_customer_id', '']]],
    ['boundary shift through a key', [['a', ''], ['blogged_in_customer_id', 'm='], ['logged_in_customer_id', '123']], [['a', 'b'], ['m', 'logged_in_customer_id=123'], ['logged_in_customer_id', '']]],
    ['shop shift', [['path_prefix', `${pathPrefix}shop=shop-a.myshopify.comsz=`], ['shop', 'shop-b.myshopify.com']], [['sz', 'shop=shop-b.myshopify.com']]],
  ] as [string, Pairs, Pairs][])('%s: the forged form carries the honest signature and is refused', (_, forgedPart, honestPart) => {
    const complete = (part: Pairs) => honest(part).filter(([name], at, all) => all.findIndex(([other]) => other === name) === at);
    expect(canonical(complete(forgedPart))).toBe(canonical(complete(honestPart)));
    expect(check(signed(complete(forgedPart))).ok).toBe(false);
  });
});

describe('what a link may choose', () => {
  it('reads pages and languages from fixed lists and nothing else', () => {
    expect(['orders', 'payment_method', 'payment_methods', 'ORDERS', 'orders,orders', '../x', undefined].map(portalPageOf)).toEqual(['orders', 'payment_methods', 'payment_methods', null, null, null, null]);
    expect(['de', 'de-AT', 'pt-BR', 'PT-br', 'fr-CA', 'xx', 'de\r\n', undefined].map(portalLocaleOf)).toEqual(['de', 'de', 'pt-BR', 'pt-BR', 'fr', null, null, null]);
  });
});
