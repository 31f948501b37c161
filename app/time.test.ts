import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays, calendarDayIn, calendarDayOf, isCalendarDay, parseInstant } from './time.ts';

const day = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10));

describe('calendar days', () => {
  test('P14 a day is the day that was written, whatever follows it and whatever zone this process runs in', () => {
    const before = process.env.TZ;
    try {
      for (const zone of ['UTC', 'America/New_York', 'Pacific/Apia', 'Asia/Kolkata']) {
        process.env.TZ = zone;
        fc.assert(fc.property(day, fc.constantFrom('', 'T00:00:00', 'T04:00:00+00:00', ' 23:59:59'), (text, rest) => calendarDayOf(text + rest) === text), { numRuns: 500 });
      }
    } finally {
      process.env.TZ = before;
    }
  });

  test.each([['2028-02-29', true], ['2026-02-29', false], ['2026-13-01', false], ['2026-1-1', false], ['today', false]])('%s exists: %s', (text, exists) => {
    expect(isCalendarDay(text)).toBe(exists);
  });

  test.each([['2026-01-31', 1, '2026-02-01'], ['2026-03-08', 1, '2026-03-09'], ['2026-11-01', -1, '2026-10-31'], ['2028-02-28', 1, '2028-02-29']])('%s and %i days is %s', (from, days, to) => {
    expect(addDays(from, days)).toBe(to);
  });

  test('the business day is the one in New York, summer and winter', () => {
    expect(calendarDayIn('America/New_York', new Date('2026-07-01T03:59:59Z'))).toBe('2026-06-30');
    expect(calendarDayIn('America/New_York', new Date('2026-07-01T04:00:00Z'))).toBe('2026-07-01');
    expect(calendarDayIn('America/New_York', new Date('2026-12-01T04:59:59Z'))).toBe('2026-11-30');
  });
});

describe('instants', () => {
  test.each([
    ['2026-11-20T10:00:00+00:00', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00:00.123456+00:00', '2026-11-20T10:00:00.123Z'],
    ['2026-11-20T10:00:00', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20 05:00:00-05:00', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ])('%s is read as %s', (text, expected) => {
    expect(parseInstant(text)?.toISOString()).toBe(expected);
  });

  test.each(['', 'soon', '2026-02-30T10:00:00Z', null, undefined])('%j is no instant', (text) => {
    expect(parseInstant(text)).toBeNull();
  });
});
