/**
 * Which nightly slots are due. A slot is a UTC day; its run begins at 03:00 UTC plus up to 30 minutes, by the shop, so that
 * the shops do not all ask Recharge at once. Days missed while nothing ran are caught up for a week. Pure.
 */
import { createHash } from 'node:crypto';
import { addDays, calendarDayIn, type CalendarDay } from '#app/time.ts';

const nightlyMs = 3 * 3600_000;
const spreadOverMs = 30 * 60_000;
const catchUpDays = 7;

/** Newest first: the due slots of the last week that are not done. Nothing is due from before the shop was connected. */
export function dueSlots(shopId: string, now: Date, connectedAt: Date, done: ReadonlySet<CalendarDay>): CalendarDay[] {
  const today = calendarDayIn('utc', now);
  return Array.from({ length: catchUpDays + 1 }, (_, ago) => addDays(today, -ago)).filter((slot) => {
    const start = slotStart(shopId, slot);
    return start <= now && start > connectedAt && !done.has(slot);
  });
}

export function slotStart(shopId: string, slot: CalendarDay): Date {
  return new Date(Date.parse(`${slot}T00:00:00Z`) + nightlyMs + spreadMs(shopId));
}

/** Always the same for a shop, evenly spread over shops. */
export function spreadMs(shopId: string): number {
  return Math.floor(fraction(`start:${shopId}`) * spreadOverMs);
}

/** One day of the week, by the shop: then the nightly run also reads all active subscriptions. */
export function isWeeklyDay(shopId: string, slot: CalendarDay): boolean {
  return new Date(`${slot}T00:00:00Z`).getUTCDay() === Math.floor(fraction(`week:${shopId}`) * 7);
}

function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
