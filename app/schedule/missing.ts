/**
 * What no webhook told of an object, decided from the object as Recharge has it now, from what was told of it, and from
 * what we knew of it. Only what can be proven is told: a fact with a time of its own (created, cancelled, paid), or a
 * state that differs from the one last told. States in between are gone.
 */
import type { DomainEvent, EventOrigin } from '#app/events/event.ts';
import { eventOf, type Fact } from '#app/recharge/event-of.ts';
import type { Told } from './told.ts';

/** A fact with its time, where that is not the one its object carries. */
export type MissingFact = { fact: Fact; occurredAt?: string | null };

/** Makes the events, without those whose name was told already. */
export function eventsOf(missing: readonly MissingFact[], told: Told<unknown>, origin: EventOrigin, readAt: string): DomainEvent[] {
  const toldKeys = new Set(told.events.map((event) => bareKey(event.key)));
  return missing
    .map(({ fact, occurredAt }) => {
      const event = eventOf(fact, origin, readAt);
      return occurredAt ? { ...event, occurredAt } : event;
    })
    .filter((event) => !toldKeys.has(event.key));
}

/** The outbox adds `#digest` to a name that stood for another content before. */
function bareKey(key: string): string {
  return key.split('#')[0] ?? key;
}
