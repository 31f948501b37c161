/** Points in time, in the shop's zone with the zone named; relative times carry the exact one. */
import { createContext, useContext } from 'react';
import { useTranslation } from 'react-i18next';

/** The shop's zone and the server's "now" of this page, so that server and browser draw the same text. */
export type ShopClock = { timezone: string; now: string };

export const ShopClockContext = createContext<ShopClock>({ timezone: 'UTC', now: new Date(0).toISOString() });

/** `Nov 21, 2026, 17:15 EST`. */
export function ExactTime({ at }: { at: string | Date }) {
  const { timezone } = useContext(ShopClockContext);
  const { i18n } = useTranslation();
  const instant = new Date(at);
  return (
    <time dateTime={instant.toISOString()} suppressHydrationWarning>
      {exactText(instant, i18n.language, timezone)}
    </time>
  );
}

/** `3 minutes ago`, with the exact time behind it. */
export function RelativeTime({ at }: { at: string | Date }) {
  const { timezone, now } = useContext(ShopClockContext);
  const { i18n } = useTranslation();
  const instant = new Date(at);
  const exact = exactText(instant, i18n.language, timezone);
  return (
    <time dateTime={instant.toISOString()} title={exact} suppressHydrationWarning>
      {relativeText(instant, new Date(now), i18n.language)}
    </time>
  );
}

/** The exact text alone, for attributes and copied notes. */
export function exactText(instant: Date, language: string, timezone: string): string {
  return new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: timezone, timeZoneName: 'short' }).format(instant);
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]];

export function relativeText(instant: Date, now: Date, language: string): string {
  const seconds = Math.round((instant.getTime() - now.getTime()) / 1000);
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}
