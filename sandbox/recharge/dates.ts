// Recharge's two ways to write time: instants in UTC with +00:00, and calendar days in New York.
import { DateTime } from 'luxon';
import type { Day, Instant, IntervalUnit } from './types.ts';

const EASTERN = 'America/New_York';
export const DAY_MS = 86_400_000;

export function toInstant(ms: number): Instant {
  return `${new Date(ms).toISOString().slice(0, 19)}+00:00`;
}

/** With microseconds, as `cancelled_at` comes. */
export function toMicroInstant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}${String(Math.abs(ms) % 1000).padStart(3, '0')}+00:00`;
}

export function easternDay(ms: number): Day {
  return DateTime.fromMillis(ms, { zone: EASTERN }).toISODate() as Day;
}

/** The moment a New York clock shows this hour and minute on that day. */
export function easternMoment(day: Day, hour: number, minute = 0): number {
  return remembered(moments, `${day} ${hour}:${minute}`, () => DateTime.fromISO(day, { zone: EASTERN }).set({ hour, minute }).toMillis());
}

/** `May 13,  4:10PM`, as Recharge writes it into a charge's error text. */
export function easternErrorTime(ms: number): string {
  const at = DateTime.fromMillis(ms, { zone: EASTERN });
  return `${at.toFormat('LLL dd')}, ${at.toFormat('h:mma').padStart(7)}`;
}

/** Eastern clock without an offset, as 2021-01 writes instants. */
export function toEasternNaive(instant: string): string {
  return DateTime.fromISO(instant, { zone: EASTERN }).toFormat("yyyy-MM-dd'T'HH:mm:ss");
}

export function addDays(day: Day, days: number): Day {
  return plus(day, days, 'day');
}

export function plus(day: Day, count: number, unit: IntervalUnit): Day {
  return remembered(sums, `${day}+${count}${unit}`, () => DateTime.fromISO(day, { zone: 'utc' }).plus({ [unit]: count }).toISODate() as Day);
}

export function isDay(value: unknown): value is Day {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && DateTime.fromISO(value, { zone: 'utc' }).isValid;
}

/** The next day, `day` included, that falls on this weekday; 0 is Monday. */
export function onOrAfterWeekday(day: Day, weekday: number): Day {
  const found = DateTime.fromISO(day, { zone: 'utc' }).weekday - 1;
  return addDays(day, (weekday - found + 7) % 7);
}

export function withDayOfMonth(day: Day, dayOfMonth: number): Day {
  const date = DateTime.fromISO(day, { zone: 'utc' });
  return date.set({ day: Math.min(dayOfMonth, date.daysInMonth ?? 28) }).toISODate() as Day;
}

/** Zone arithmetic is slow and a store asks for the same few hundred days over and over. */
const moments = new Map<string, number>();
const sums = new Map<string, Day>();

function remembered<T>(memory: Map<string, T>, key: string, work: () => T): T {
  let value = memory.get(key);
  if (value === undefined) {
    if (memory.size > 20_000) memory.clear();
    memory.set(key, (value = work()));
  }
  return value;
}
