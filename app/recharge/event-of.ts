/** Dates and names a fact, so that a webhook and a later read of the same object tell the same fact once. */
import { hash } from 'node:crypto';
import {
  eventVersion,
  type AddressEvent,
  type ChargeEvent,
  type CustomerEvent,
  type DomainEvent,
  type EventOrigin,
  type EventType,
  type OnetimeEvent,
  type OrderEvent,
  type SubscriptionEvent,
} from '../events/event.ts';

/** A type with the object it is about. */
export type Fact =
  | Pick<SubscriptionEvent, 'type' | 'data'>
  | Pick<ChargeEvent, 'type' | 'data'>
  | Pick<OrderEvent, 'type' | 'data'>
  | Pick<CustomerEvent, 'type' | 'data'>
  | Pick<AddressEvent, 'type' | 'data'>
  | Pick<OnetimeEvent, 'type' | 'data'>;

type Dated = {
  id: string;
  customer_id?: string | null;
  status?: string | null;
  cancelled_at?: string | null;
  processed_at?: string | null;
  created_at: string | null;
  updated_at: string | null;
};

/**
 * The event of a fact. `fallbackAt` (ISO 8601) dates an object that holds no time at all; it never enters the key,
 * so the same body always has the same key.
 */
export function eventOf(fact: Fact, origin: EventOrigin, fallbackAt: string): DomainEvent {
  const object: Dated = Object.values(fact.data)[0];
  const ended = { ...fact, type: endedByItself(fact.type, object) ? 'subscription.expired' : fact.type } as Fact;
  const clock = clockOf(ended.type, object);
  return {
    version: eventVersion,
    key: keyOf(ended.type, object, clock.key),
    occurredAt: clock.occurred ?? fallbackAt,
    origin,
    rechargeCustomerId: 'customer' in ended.data ? object.id : (object.customer_id ?? null),
    objectId: object.id,
    ...ended,
  } as DomainEvent;
}

/** Recharge tells the end of a limited subscription as an update; nobody cancelled it. */
function endedByItself(type: EventType, object: Dated): boolean {
  return object.status === 'expired' && (type === 'subscription.updated' || type === 'subscription.cancelled');
}

/** What happens once has a time of its own, which later changes of the object leave alone; the rest goes by `updated_at`. */
function clockOf(type: EventType, object: Dated): { occurred: string | null; key: string | null } {
  const changed = object.updated_at ?? object.created_at;
  if (type === 'subscription.cancelled') return both(object.cancelled_at ?? changed);
  if (type === 'charge.paid') return both(object.processed_at ?? changed);
  if (type.endsWith('.created')) return { occurred: changed, key: object.created_at ?? changed };
  return both(changed);
}

function both(at: string | null) {
  return { occurred: at, key: at };
}

// What may happen again within a second, or (a skip) without a new `updated_at`, is told apart by what the object says.
const repeatable = /\.updated$|^subscription\.(skipped|unskipped|paused|swapped)$/;

function keyOf(type: EventType, object: Dated, at: string | null): string {
  const key = `${type}:${object.id}:${at === null ? 0 : Math.floor(Date.parse(at) / 1000)}`;
  return repeatable.test(type) ? `${key}:${hash('sha256', JSON.stringify(object)).slice(0, 8)}` : key;
}
