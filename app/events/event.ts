/**
 * The vocabulary of facts that Rechannel passes on: one union, versioned. A destination maps these and nothing else.
 * Adding a type is compatible; changing the meaning of one needs a new `version`.
 */
import type { Address, Charge, Customer, Onetime, Order, Subscription } from './facts.ts';

export const eventVersion = 1;

export const subscriptionEventTypes = [
  'subscription.created',
  'subscription.updated',
  'subscription.activated',
  'subscription.cancelled',
  /** Ended by itself after its number of charges; never reported as cancelled by a person. */
  'subscription.expired',
  'subscription.deleted',
  'subscription.skipped',
  'subscription.unskipped',
  'subscription.paused',
  'subscription.swapped',
] as const;

export const chargeEventTypes = [
  'charge.created',
  'charge.updated',
  'charge.paid',
  'charge.failed',
  'charge.max_retries_reached',
  'charge.upcoming',
  'charge.refunded',
  'charge.uncaptured',
  'charge.deleted',
] as const;

export const orderEventTypes = [
  'order.created',
  'order.success',
  'order.processed',
  'order.updated',
  'order.upcoming',
  'order.payment_captured',
  'order.cancelled',
  'order.deleted',
] as const;

export const customerEventTypes = [
  'customer.created',
  'customer.updated',
  'customer.activated',
  'customer.deactivated',
  'customer.payment_method_updated',
  'customer.deleted',
] as const;

export const addressEventTypes = ['address.created', 'address.updated'] as const;
export const onetimeEventTypes = ['onetime.created', 'onetime.updated', 'onetime.deleted'] as const;
export const storeEventTypes = ['store.updated', 'recharge.uninstalled'] as const;
/** Derived by us: the set of a customer's subscriptions is no longer what destinations were told. State-like. */
export const derivedEventTypes = ['customer.subscriptions_changed'] as const;

export const eventTypes = [
  ...subscriptionEventTypes,
  ...chargeEventTypes,
  ...orderEventTypes,
  ...customerEventTypes,
  ...addressEventTypes,
  ...onetimeEventTypes,
  ...storeEventTypes,
  ...derivedEventTypes,
] as const;

export type EventType = (typeof eventTypes)[number];

/** How the fact reached us. An import is not news: it never triggers a campaign. */
export type EventOrigin = 'webhook' | 'reconcile' | 'backfill' | 'import' | 'schedule' | 'test';

type Head = {
  version: typeof eventVersion;
  /**
   * Names the fact within its shop: type, object and the vendor's update time, so that what a webhook told
   * is not told again by a later read. Form: `subscription.cancelled:414243441:1763719200`. Facts that happen once carry their
   * own time (`created_at`, `cancelled_at`, `processed_at`); updates, skips, pauses and swaps carry a fingerprint of the object
   * after the seconds, because several may share one second.
   */
  key: string;
  /** When it happened by the vendor's own clock (`updated_at`, `cancelled_at`, `processed_at`), never when it arrived. ISO 8601, UTC. */
  occurredAt: string;
  origin: EventOrigin;
  /** Recharge's customer id; null only where the body does not say (a deleted charge carries nothing but its id). */
  rechargeCustomerId: string | null;
  /** The object the fact is about, by Recharge's id. */
  objectId: string;
};

export type SubscriptionEvent = Head & { type: (typeof subscriptionEventTypes)[number]; data: { subscription: Subscription } };
export type ChargeEvent = Head & { type: (typeof chargeEventTypes)[number]; data: { charge: Charge } };
export type OrderEvent = Head & { type: (typeof orderEventTypes)[number]; data: { order: Order } };
export type CustomerEvent = Head & { type: (typeof customerEventTypes)[number]; data: { customer: Customer } };
export type AddressEvent = Head & { type: (typeof addressEventTypes)[number]; data: { address: Address } };
export type OnetimeEvent = Head & { type: (typeof onetimeEventTypes)[number]; data: { onetime: Onetime } };
export type StoreEvent = Head & { type: (typeof storeEventTypes)[number]; data: Record<string, never> };
export type SubscriptionsChangedEvent = Head & {
  type: (typeof derivedEventTypes)[number];
  /** Empty on purpose: the value is read when it is sent, so the newest state wins. */
  data: Record<string, never>;
};

export type DomainEvent =
  | SubscriptionEvent
  | ChargeEvent
  | OrderEvent
  | CustomerEvent
  | AddressEvent
  | OnetimeEvent
  | StoreEvent
  | SubscriptionsChangedEvent;

/** The part of a type before the dot: `subscription`, `charge`, … */
export function objectTypeOf(type: EventType): string {
  return type.slice(0, type.indexOf('.'));
}

/** True for a word of the vocabulary. */
export function isEventType(word: string): word is EventType {
  return (eventTypes as readonly string[]).includes(word);
}
