/**
 * Every webhook topic of Recharge's API version 2021-11, the scope that lets a token register it, and which of them we ask for.
 * Source: contract of Recharge 6.1 and 6.2 (library ChemicalLuck/recharge-api-python `webhook.py`, read November 2026).
 */
import { isEventType, type EventType } from '../events/event.ts';

export type Topic = {
  /** `subscription/cancelled`: also the last part of our webhook address, because Recharge's topic header is undocumented. */
  name: string;
  /** The key of the object in the body. */
  resource: string;
  /** Any one of these is enough. */
  scopes: readonly string[];
  /** The fact it becomes; null for what we do not pass on. */
  eventType: EventType | null;
};

const resources: Record<string, { scopes: readonly string[]; events: string }> = {
  address: { scopes: ['read_customers'], events: 'created updated' },
  async_batch: { scopes: ['read_batches'], events: 'processed' },
  bundle_selection: { scopes: ['read_subscriptions'], events: 'created updated deleted' },
  charge: { scopes: ['read_orders'], events: 'created deleted failed max_retries_reached paid refunded uncaptured upcoming updated' },
  checkout: { scopes: ['read_checkouts'], events: 'created completed processed updated' },
  customer: { scopes: ['read_customers'], events: 'activated created deactivated deleted payment_method_updated updated' },
  gift_purchase: { scopes: ['read_gift_purchases'], events: 'created redeemed' },
  onetime: { scopes: ['read_subscriptions'], events: 'created deleted updated' },
  order: { scopes: ['read_orders'], events: 'cancelled created deleted payment_captured processed success upcoming updated' },
  plan: { scopes: ['read_products'], events: 'created deleted updated' },
  recharge: { scopes: ['store_info', 'read_store'], events: 'uninstalled' },
  store: { scopes: ['store_info', 'read_store'], events: 'updated' },
  subscription: {
    scopes: ['read_subscriptions'],
    events: 'activated cancelled created deleted paused removed_from_skipped_charge skipped swapped unskipped updated',
  },
};

export const topics: readonly Topic[] = Object.entries(resources).flatMap(([resource, { scopes, events }]) =>
  events.split(' ').map((event) => {
    const type = `${resource}.${event}`;
    return { name: `${resource}/${event}`, resource, scopes, eventType: isEventType(type) ? type : null };
  }),
);

const byName = new Map(topics.map((topic) => [topic.name, topic]));
/** 2021-01's word for the same thing. */
const formerNames: Record<string, string> = { 'app/uninstalled': 'recharge/uninstalled' };

/** The topic of that name, former names included; undefined for a name Recharge does not have. */
export function findTopic(name: string): Topic | undefined {
  return byName.get(Object.hasOwn(formerNames, name) ? (formerNames[name] ?? name) : name);
}

/** The topics that become facts and that a token with these scopes may register. */
export function wantedTopics(scopes: readonly string[]): Topic[] {
  return topics.filter((topic) => topic.eventType !== null && topic.scopes.some((scope) => scopes.includes(scope)));
}
