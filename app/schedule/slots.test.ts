import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueSlots, isWeeklyDay, slotStart, spreadMs } from './slots.ts';

const longAgo = new Date('2026-01-01T00:00:00Z');

describe('the nightly slots', () => {
  test('a slot is due from 03:00 UTC plus the share of the shop, and not before', () => {
    const start = slotStart('7', '2026-11-20');
    expect(start.getTime() - Date.parse('2026-11-20T03:00:00Z')).toBe(spreadMs('7'));
    expect(dueSlots('7', new Date(start.getTime() - 1), longAgo, new Set())[0]).toBe('2026-11-19');
    expect(dueSlots('7', start, longAgo, new Set())[0]).toBe('2026-11-20');
  });

  test('P13 days missed are caught up for a week, done ones are not due again', () => {
    const now = new Date('2026-11-20T12:00:00Z');
    expect(dueSlots('7', now, longAgo, new Set())).toEqual(['2026-11-20', '2026-11-19', '2026-11-18', '2026-11-17', '2026-11-16', '2026-11-15', '2026-11-14', '2026-11-13']);
    expect(dueSlots('7', now, longAgo, new Set(['2026-11-20', '2026-11-19', '2026-11-17']))).toEqual(['2026-11-18', '2026-11-16', '2026-11-15', '2026-11-14', '2026-11-13']);
  });

  test('nothing is due from before the shop was connected', () => {
    expect(dueSlots('7', new Date('2026-11-20T12:00:00Z'), new Date('2026-11-19T12:00:00Z'), new Set())).toEqual(['2026-11-20']);
  });

  test('P13 starts are spread over 30 minutes: no minute has more than twice the mean', () => {
    const perMinute = Array.from({ length: 30 }, () => 0);
    for (let shop = 0; shop < 3000; shop++) {
      const minute = Math.floor(spreadMs(String(shop)) / 60_000);
      perMinute[minute] = (perMinute[minute] ?? 0) + 1;
    }
    expect(Math.max(...perMinute)).toBeLessThanOrEqual(200);
    expect(Math.min(...perMinute)).toBeGreaterThan(0);
  });

  test('each shop has exactly one weekly day in any seven days, across changes of the clock', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 3000 }), (shop, offset) => {
        const days = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + offset + day)).toISOString().slice(0, 10));
        expect(days.filter((day) => isWeeklyDay(String(shop), day))).toHaveLength(1);
      }),
    );
  });
});
