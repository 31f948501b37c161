/**
 * Instants and calendar days. Instants are UTC and printed with Z; calendar days are `YYYY-MM-DD` strings
 * that never pass through Date, because a charge date has no time zone (design: a date shown is the date stored).
 */
import { DateTime } from 'luxon';

/** Where "now" comes from; tests pass their own. */
export type Clock = { now(): Date };

/** A calendar day, `YYYY-MM-DD`. */
export type CalendarDay = string;

const calendarDay = /^\d{4}-\d{2}-\d{2}$/;

/** True for a day that exists: `2028-02-29` yes, `2026-02-29` no. */
export function isCalendarDay(text: string): boolean {
  return calendarDay.test(text) && DateTime.fromISO(text, { zone: 'utc' }).isValid;
}

/** The calendar day of a Recharge date or date-time text, taken from its text and never shifted; null when there is none. */
export function calendarDayOf(text: string | null | undefined): CalendarDay | null {
  const day = text?.slice(0, 10) ?? '';
  return isCalendarDay(day) ? day : null;
}

/**
 * Reads an instant as Recharge writes them: with offset, with microseconds, or without offset (read as UTC).
 * Returns null for anything else. Source: contract of Recharge, formats.
 */
export function parseInstant(text: string | null | undefined): Date | null {
  if (!text) return null;
  const parsed = DateTime.fromISO(text.replace(' ', 'T'), { zone: 'utc' });
  return parsed.isValid ? parsed.toJSDate() : null;
}

/** ISO 8601 in UTC with Z and milliseconds. */
export function isoUtc(instant: Date): string {
  return instant.toISOString();
}

/** Seconds since the epoch, with fraction. */
export function epochSeconds(instant: Date): number {
  return instant.getTime() / 1000;
}

/** The calendar day that it is at `instant` in a zone such as `America/New_York`. */
export function calendarDayIn(zone: string, instant: Date): CalendarDay {
  return DateTime.fromJSDate(instant, { zone }).toFormat('yyyy-MM-dd');
}

/** Recharge's business day runs in US Eastern time whatever the store's zone. */
export const rechargeZone = 'America/New_York';

/** Adds whole days to a calendar day. */
export function addDays(day: CalendarDay, days: number): CalendarDay {
  return DateTime.fromISO(day, { zone: 'utc' }).plus({ days }).toFormat('yyyy-MM-dd');
}
