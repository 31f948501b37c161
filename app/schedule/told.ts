/** What was told of an object so far, as far as it bears on what is still missing. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { EventType } from '#app/events/event.ts';
import { parseInstant } from '#app/time.ts';

/** One recorded event about the object, without its whole content. */
export type ToldEvent = {
  eventId: string;
  key: string;
  type: EventType;
  occurredAt: Date;
  /** The object's own `updated_at`, status and counts as the event had them. */
  updatedAt: Date | null;
  status: string | null;
  chargeAttempts: number | null;
  totalRefunds: string | null;
};

export type Told<Facts> = {
  /** In the order they were recorded. */
  events: readonly ToldEvent[];
  /** The event with the newest `updated_at`, with the facts it told. */
  newest: { event: ToldEvent; facts: Facts } | null;
};

/** From when on something counts as missing. Both ends in the vendor's time; the overlap is already in it. */
export type Window = { since: Date };

export const nothingTold = { events: [], newest: null } as const satisfies Told<never>;

/** The event whose content is the newest: by the object's `updated_at`, then by the order of recording. */
export function newestOf(events: readonly ToldEvent[]): ToldEvent | null {
  return events.reduce<ToldEvent | null>((best, event) => (best === null || timeOf(event.updatedAt) >= timeOf(best.updatedAt) ? event : best), null);
}

export function wasTold(told: Told<unknown>, type: EventType): boolean {
  return told.events.some((event) => event.type === type);
}

/** The last of these events by the vendor's clock; within one second by the order of recording. */
export function lastWhere(told: Told<unknown>, fits: (event: ToldEvent) => boolean): ToldEvent | null {
  return told.events.filter(fits).reduce<ToldEvent | null>((best, event) => (best === null || !isBefore(event, best) ? event : best), null);
}

/** True when `a` happened before `b`. */
export function isBefore(a: ToldEvent, b: ToldEvent): boolean {
  const [first, second] = [seconds(a.occurredAt), seconds(b.occurredAt)];
  return first === second ? BigInt(a.eventId) < BigInt(b.eventId) : first < second;
}

/** True when what was read is older than what was told meanwhile. */
export function isStale(told: Told<unknown>, updatedAt: string | null): boolean {
  const newest = told.newest?.event.updatedAt;
  const read = parseInstant(updatedAt);
  return !!newest && !!read && newest.getTime() > read.getTime();
}

/** True when the object changed since it was last told. */
export function isNewer(told: Told<unknown>, updatedAt: string | null): boolean {
  const newest = told.newest?.event.updatedAt;
  const read = parseInstant(updatedAt);
  return !!read && (!newest || read.getTime() > newest.getTime());
}

/**
 * What a beginning that was missed says: how it began, so that what followed stands in its order. When something later was told
 * already, it says the newest that is known instead, since whoever keeps the last content they hear must not fall back.
 */
export function contentAtStart<Facts>(now: Facts, told: Told<Facts>, stale: boolean, asItBegan: (now: Facts) => Facts): Facts {
  if (!told.newest) return asItBegan(now);
  return stale ? told.newest.facts : now;
}

/** True for an instant inside the window. */
export function isWithin(window: Window, instant: string | null | undefined): boolean {
  const at = parseInstant(instant);
  return at !== null && at.getTime() >= window.since.getTime();
}

/** True when both say the same, apart from the fields named. The order of names counts for nothing: the database keeps its own. */
export function saysTheSame<Facts extends object>(one: Facts, other: Facts, except: readonly (keyof Facts)[]): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)] as (keyof Facts)[]);
  for (const name of except) names.delete(name);
  return [...names].every((name) => isDeepStrictEqual(one[name] ?? null, other[name] ?? null));
}

export function sameSecond(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && seconds(parseInstant(a) ?? new Date(0)) === seconds(parseInstant(b) ?? new Date(1000));
}

export function laterOf(a: string | null, b: string | null | undefined): string | null {
  if (!a || !b) return a ?? b ?? null;
  return Date.parse(b) > Date.parse(a) ? b : a;
}

function seconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}

function timeOf(instant: Date | null): number {
  return instant?.getTime() ?? 0;
}
