/** Turns the body of a Recharge webhook into facts. Pure: the same body always gives the same events. */
import { eventVersion, type DomainEvent, type EventType } from '../events/event.ts';
import type { Customer } from '../events/facts.ts';
import { eventOf, type Fact } from './event-of.ts';
import { addressFacts, chargeFacts, customerFacts, onetimeFacts, orderFacts, subscriptionFacts } from './facts.ts';
import { idText, instantText, isRecord, own, plainText } from './fields.ts';
import { findTopic, type Topic } from './topics.ts';

export { addressFacts, chargeFacts, customerFacts, onetimeFacts, orderFacts, subscriptionFacts } from './facts.ts';
export { eventOf } from './event-of.ts';

export type CustomerSighting = {
  rechargeCustomerId: string;
  email: string | null;
  shopifyCustomerId: string | null;
  /** The customer's own `updated_at`; null when the body shows the customer only in passing: fills a blank, never overrules. */
  sourceUpdatedAt: string | null;
};

export type Normalised = { ok: true; events: DomainEvent[]; customers: CustomerSighting[] } | { ok: false; reason: string };

/**
 * `body` is parsed JSON (use `parseRechargeJson`), in the spelling of 2021-11 or 2021-01; `receivedAt` (ISO 8601) dates a fact
 * only when its body holds no time at all. A topic that Recharge has and Rechannel does not pass on gives no events.
 * Never throws; a refusal's reason is for the merchant to read.
 */
export function normaliseWebhook(topicName: string, body: unknown, receivedAt: string): Normalised {
  const topic = findTopic(topicName);
  if (!topic) return refused(`Recharge has no webhook topic "${(plainText(topicName) ?? '').slice(0, 60)}", so Rechannel does not know what this body means.`);
  if (topic.eventType === null) return { ok: true, events: [], customers: [] };
  if (!isRecord(body)) return refused(`The body of this ${topic.name} webhook is not a JSON object.`);
  if (topic.resource === 'store' || topic.resource === 'recharge') return storeEvent(topic, topic.eventType, body, receivedAt);

  const resource = own(body, topic.resource);
  if (!isRecord(resource)) return refused(`The body of this ${topic.name} webhook has no "${topic.resource}" in it.`);
  const fact = factOf(topic.resource, topic.eventType, resource);
  if (!fact) return refused(`The ${topic.resource} in this ${topic.name} webhook has no id that Rechannel can read.`);

  const event = eventOf(fact, 'webhook', receivedAt);
  const customer = topic.resource === 'customer' ? customerFacts(resource) : seenCustomer(body, resource, event.rechargeCustomerId);
  if (customer && event.rechargeCustomerId === null) event.rechargeCustomerId = customer.id;
  return { ok: true, events: [event], customers: topic.eventType === 'customer.deleted' ? [] : sightings(customer, resource, event.rechargeCustomerId) };
}

function refused(reason: string): Normalised {
  return { ok: false, reason };
}

function factOf(resource: string, type: EventType, raw: unknown): Fact | null {
  const fact = (name: string, facts: object | null) => facts && ({ type, data: { [name]: facts } } as unknown as Fact);
  switch (resource) {
    case 'subscription':
      return fact('subscription', subscriptionFacts(raw));
    case 'charge':
      return fact('charge', chargeFacts(raw));
    case 'order':
      return fact('order', orderFacts(raw));
    case 'customer':
      return fact('customer', customerFacts(raw));
    case 'address':
      return fact('address', addressFacts(raw));
    case 'onetime':
      return fact('onetime', onetimeFacts(raw));
    default:
      return null;
  }
}

/** The body of `recharge/uninstalled` is unknown, so it may say nothing at all; 2021-01 wraps the shop in an app. */
function storeEvent(topic: Topic, type: EventType, body: unknown, receivedAt: string): Normalised {
  const store = own(body, 'store') ?? own(own(body, 'app'), 'shop') ?? own(body, 'shop') ?? own(body, 'recharge');
  const id = idText(own(store, 'id'));
  if (id === null && type === 'store.updated') return refused(`The body of this ${topic.name} webhook has no store with an id.`);
  const updatedAt = instantText(own(store, 'updated_at'));
  const event = {
    version: eventVersion,
    type,
    key: `${type}:${id ?? 'store'}:${updatedAt ? Math.floor(Date.parse(updatedAt) / 1000) : 0}`,
    occurredAt: updatedAt ?? receivedAt,
    origin: 'webhook',
    rechargeCustomerId: null,
    objectId: id ?? 'store',
    data: {},
  } as DomainEvent;
  return { ok: true, events: [event], customers: [] };
}

/** The customer that came along: inside the object, in its `include`, or beside it. One of another id is not believed. */
function seenCustomer(body: unknown, resource: unknown, rechargeCustomerId: string | null): Customer | null {
  for (const raw of [own(own(resource, 'include'), 'customer'), own(body, 'customer'), own(own(body, 'include'), 'customer'), own(resource, 'customer')]) {
    const customer = customerFacts(raw);
    if (customer && (rechargeCustomerId === null || customer.id === rechargeCustomerId)) return customer;
  }
  return null;
}

function sightings(customer: Customer | null, resource: unknown, rechargeCustomerId: string | null): CustomerSighting[] {
  if (customer) {
    const sighting = { rechargeCustomerId: customer.id, email: customer.email, shopifyCustomerId: customer.external_customer_id, sourceUpdatedAt: customer.updated_at };
    return sighting.email || sighting.shopifyCustomerId ? [sighting] : [];
  }
  // 2021-01 writes these beside the object's own fields.
  const email = plainText(own(resource, 'email'))?.trim() || null;
  const shopifyCustomerId = plainText(own(resource, 'shopify_customer_id'))?.trim() || null;
  return rechargeCustomerId && (email || shopifyCustomerId) ? [{ rechargeCustomerId, email, shopifyCustomerId, sourceUpdatedAt: null }] : [];
}
