import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { check, isBroken } from './checker.ts';
import { openHistory, readHistory, type Entry, type Happening } from './history.ts';

const sent = (event: string, customer: string, n: number): Happening => ({ kind: 'sent', event, shop: 'a', customer, n, topic: 'subscription/created' });
const answered = (event: string, status: number | null = 200): Happening => ({ kind: 'answered', event, status, ms: 1 });
const arrived = (event: string, change: Partial<Extract<Happening, { kind: 'arrived' }>> = {}): Happening => ({
  kind: 'arrived', shop: 'a', event, eventId: `id-${event}`, commandId: `d-${event}`, digest: `bytes-${event}`, ...change,
});
const numbered = (happenings: readonly Happening[]): Entry[] => happenings.map((happening, at) => ({ at, ...happening }));

const good = [sent('1', 'ana', 1), answered('1'), sent('2', 'ana', 2), answered('2'), arrived('1'), arrived('2')];

test('finds nothing wrong with a good history', () => {
  const verdict = check(numbered(good));
  expect(verdict).toMatchObject({ sent: 2, acknowledged: 2, delivered: 2, lost: [], unexpected: [], duplicates: 0, altered: [], recovered: 0, inverted: [] });
  expect(isBroken(verdict)).toBe(false);
});

test('P01 finds an acknowledged event that never arrived, and forgives one that was never acknowledged', () => {
  const verdict = check(numbered([...good, sent('3', 'ana', 3), answered('3', 503), answered('3'), sent('4', 'bea', 1), answered('4', null)]));
  expect(verdict.lost).toEqual(['3']);
  expect(isBroken(verdict)).toBe(true);
});

test('P01 finds an arrival that nobody sent, and one at the wrong shop', () => {
  expect(check(numbered([...good, arrived('9')])).unexpected).toEqual(['9']);
  expect(check(numbered([sent('1', 'ana', 1), answered('1'), arrived('1', { shop: 'b' })]))).toMatchObject({ unexpected: ['1'], lost: ['1'] });
});

test('P02 counts a repeat, and finds one that cannot be recognised', () => {
  expect(check(numbered([...good, arrived('2')]))).toMatchObject({ duplicates: 1, altered: [], inverted: [] });
  expect(check(numbered([...good, arrived('2', { eventId: 'other' })]))).toMatchObject({ duplicates: 1, altered: ['2'] });
  expect(check(numbered([...good, arrived('2', { digest: 'other' })])).altered).toEqual(['2']);
});

test('P03 finds an event that arrived after its successor, be it for the first time or again', () => {
  const swapped = [...good.slice(0, 4), arrived('2'), arrived('1')];
  expect(check(numbered(swapped)).inverted).toEqual([{ event: '1', after: '2' }]);
  expect(check(numbered([...good, arrived('1')])).inverted).toEqual([{ event: '1', after: '2' }]);
});

test('P03 asks for no order between customers, nor where the sender did not wait for the answer', () => {
  const twoCustomers = [sent('1', 'ana', 1), answered('1'), sent('2', 'bea', 1), answered('2'), arrived('2'), arrived('1')];
  expect(check(numbered(twoCustomers)).inverted).toEqual([]);
  const notWaited = [sent('1', 'ana', 1), sent('2', 'ana', 2), answered('1'), answered('2'), arrived('2'), arrived('1')];
  expect(check(numbered(notWaited)).inverted).toEqual([]);
});

test('P05 a poison event is not missed when it stays away and is reported when it arrives', () => {
  const poison: Happening = { ...(sent('3', 'ana', 3) as Extract<Happening, { kind: 'sent' }>), poison: 'refused' };
  expect(isBroken(check(numbered([...good, poison, answered('3')])))).toBe(false);
  expect(check(numbered([...good, poison, answered('3'), arrived('3')])).unexpected).toEqual(['3']);
});

test('calls recovered what arrived without ever being acknowledged', () => {
  expect(check(numbered([sent('1', 'ana', 1), answered('1', null), arrived('1')]))).toMatchObject({ recovered: 1, lost: [], unexpected: [] });
});

/** An honest run: customers in turn, each event acknowledged, delivered in order by customers of any interleaving. */
const honest = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 60 }).chain((customers) => {
  const counts = new Map<number, number>();
  const events = customers.map((customer, index) => {
    const n = (counts.get(customer) ?? 0) + 1;
    counts.set(customer, n);
    return { event: String(index + 1), customer: `c${customer}`, n };
  });
  return fc.array(fc.nat({ max: 1000 }), { minLength: events.length, maxLength: events.length }).map((weights) => {
    const sending = events.flatMap(({ event, customer, n }) => [sent(event, customer, n), answered(event)]);
    const lanes = new Map<string, string[]>();
    for (const { event, customer } of events) lanes.set(customer, [...(lanes.get(customer) ?? []), event]);
    const order: string[] = [];
    for (const weight of weights) {
      const waiting = [...lanes.values()].filter((lane) => lane.length > 0);
      order.push(waiting[weight % waiting.length]?.shift() as string);
    }
    return { events, sending, order };
  });
});

test('P01 P02 P03 any honest history passes, and each planted fault is found in any of them', () => {
  fc.assert(
    fc.property(honest, fc.nat(), ({ events, sending, order }, choice) => {
      const arrivals = order.map((event) => arrived(event));
      expect(isBroken(check(numbered([...sending, ...arrivals])))).toBe(false);
      const at = choice % order.length;
      const victim = order[at] as string;

      expect(check(numbered([...sending, ...arrivals.toSpliced(at, 1)])).lost).toEqual([victim]);
      expect(check(numbered([...sending, ...arrivals.toSpliced(at, 0, arrived('stranger'))])).unexpected).toEqual(['stranger']);
      expect(check(numbered([...sending, ...arrivals.toSpliced(at, 0, arrived(victim))])).duplicates).toBe(1);
      expect(check(numbered([...sending, ...arrivals, arrived(victim, { digest: 'other' })])).altered).toEqual([victim]);

      const customer = events.find(({ event }) => event === victim)?.customer;
      const later = order.slice(at + 1).filter((event) => events.find((one) => one.event === event)?.customer === customer);
      const late = [...arrivals.toSpliced(at, 1), arrived(victim)];
      expect(check(numbered([...sending, ...late])).inverted.map(({ event }) => event)).toEqual(later.length > 0 ? [victim] : []);
    }),
    { numRuns: 300 },
  );
});

test('a history read back from its file is judged the same', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'rechannel-history-'));
  try {
    const file = path.join(directory, 'history.jsonl');
    const history = openHistory(file);
    for (const happening of [...good, arrived('1')]) history.record(happening);
    await history.close();
    expect(check(readHistory(file))).toEqual(check(history.entries));
    expect(check(readHistory(file)).inverted).toHaveLength(1);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
