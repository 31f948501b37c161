/**
 * Events to Bloomreach commands. Everything comes from the event itself, so the same webhook gives the same bytes and
 * Bloomreach stores a repeated event once; the timestamp is the vendor's, never the time of sending.
 */
import { Failure } from '../../errors.ts';
import type { DomainEvent, EventType } from '../../events/event.ts';
import type { Charge, LineItem, Subscription } from '../../events/facts.ts';
import { epochSeconds, parseInstant } from '../../time.ts';
import type { Acceptance, CustomerContext, Mapped, Need } from '../contract.ts';
import type { extendedEvents} from './manifest.ts';
import { type BloomreachSettings } from './manifest.ts';

export type BloomreachCommand =
  | { name: 'customers/events'; data: { customer_ids: Record<string, string>; event_type: string; timestamp: number; properties: Record<string, Property> } }
  | { name: 'customers'; data: { customer_ids: Record<string, string>; properties: Record<string, Property>; update_timestamp: number } };

type Property = string | number | boolean | readonly string[] | readonly Record<string, string | number>[];
type Written = { eventType: string; status: string };
type Extended = (typeof extendedEvents)[number];

/** The closed list of the vendor's own integration: exactly these six, `canceled` with one l. */
const standard: Partial<Record<EventType, Written>> = {
  'subscription.created': { eventType: 'subscription', status: 'created' },
  'subscription.activated': { eventType: 'subscription', status: 'activated' },
  'subscription.cancelled': { eventType: 'subscription', status: 'canceled' },
  'subscription.deleted': { eventType: 'subscription', status: 'deleted' },
  'charge.created': { eventType: 'subscription_charge', status: 'created' },
  'charge.paid': { eventType: 'subscription_charge', status: 'paid' },
};

const extended: Record<Extended, { type: EventType; eventType: string }> = {
  skipped: { type: 'subscription.skipped', eventType: 'subscription_extended' },
  unskipped: { type: 'subscription.unskipped', eventType: 'subscription_extended' },
  paused: { type: 'subscription.paused', eventType: 'subscription_extended' },
  swapped: { type: 'subscription.swapped', eventType: 'subscription_extended' },
  expired: { type: 'subscription.expired', eventType: 'subscription_extended' },
  upcoming: { type: 'charge.upcoming', eventType: 'subscription_charge_extended' },
  failed: { type: 'charge.failed', eventType: 'subscription_charge_extended' },
  refunded: { type: 'charge.refunded', eventType: 'subscription_charge_extended' },
  max_retries_reached: { type: 'charge.max_retries_reached', eventType: 'subscription_charge_extended' },
};

/** The events sent under these settings; for everything else Bloomreach hears nothing. */
export function accepts(settings: BloomreachSettings): Partial<Record<EventType, Acceptance>> {
  const accepted: Partial<Record<EventType, Acceptance>> = {};
  for (const type of Object.keys(standard) as EventType[]) accepted[type] = 'event';
  for (const word of settings.extendedEvents) accepted[extended[word].type] = 'event';
  if (settings.importActiveProperty) accepted['customer.subscriptions_changed'] = 'state';
  return accepted;
}

export function needs(event: DomainEvent, settings: BloomreachSettings): readonly Need[] {
  const ids: Need[] = settings.customerId === 'email' || settings.linkBoth ? ['email'] : [];
  return event.type === 'customer.subscriptions_changed' ? [...ids, 'subscriptions'] : ids;
}

/** Throws Failure `rejected` (code `no_customer_id`) when the customer has no id of the chosen kind. */
export function map(event: DomainEvent, settings: BloomreachSettings, customer: CustomerContext): Mapped<BloomreachCommand> {
  if (event.type === 'customer.subscriptions_changed') return mapActiveFlag(settings, customer);
  if (event.origin === 'import') return { skip: 'An import is not news: only the active flag is sent for it.' };
  const written = wordsFor(event, settings);
  if (!written) return { skip: `Bloomreach is not sent ${event.type} with these settings.` };
  const customer_ids = customerIds(settings, customer);
  const timestamp = epochSeconds(new Date(event.occurredAt));
  const common = {
    status: written.status,
    recharge_customer_id: event.rechargeCustomerId,
    shop_domain: customer.shopDomain,
    integration_name: 'recharge',
    event_id: `rc:${event.type.replace('.', '/')}:${event.objectId}:${Math.floor(timestamp)}`,
  };
  const own = 'subscription' in event.data ? subscriptionProperties(event.data.subscription) : 'charge' in event.data ? chargeProperties(event.data.charge) : {};
  return { commands: [{ name: 'customers/events', data: { customer_ids, event_type: written.eventType, timestamp, properties: compact({ ...own, ...common }) } }] };
}

function wordsFor(event: DomainEvent, settings: BloomreachSettings): Written | undefined {
  const ticked = settings.extendedEvents.find((word) => extended[word].type === event.type);
  return standard[event.type] ?? (ticked ? { eventType: extended[ticked].eventType, status: ticked } : undefined);
}

function mapActiveFlag(settings: BloomreachSettings, customer: CustomerContext): Mapped<BloomreachCommand> {
  if (!settings.importActiveProperty) return { skip: 'The property recharge_subscription_active is not imported.' };
  if (!customer.subscriptions) throw new Failure('bug', 'The active flag was asked for without the subscriptions', { code: 'subscriptions_not_read' });
  return {
    commands: [{
      name: 'customers',
      data: {
        customer_ids: customerIds(settings, customer),
        properties: { recharge_subscription_active: customer.subscriptions.activeCount > 0 },
        update_timestamp: epochSeconds(new Date(customer.subscriptions.stateAt)),
      },
    }],
  };
}

function customerIds(settings: BloomreachSettings, customer: CustomerContext): Record<string, string> {
  const email = customer.email?.trim().toLowerCase();
  if (settings.customerId === 'email') {
    if (!hasAlphanumeric(email)) throw noCustomerId('e-mail address');
    return { [settings.emailIdName]: email };
  }
  if (!hasAlphanumeric(customer.rechargeCustomerId)) throw noCustomerId('Recharge customer id');
  const ids = { [settings.rechargeIdName]: customer.rechargeCustomerId };
  return settings.linkBoth && hasAlphanumeric(email) ? { ...ids, [settings.emailIdName]: email } : ids;
}

/** What Bloomreach takes for an id: something alphanumeric that is not the text of nothing. */
function hasAlphanumeric(id: string | null | undefined): id is string {
  return !!id && /[\p{L}\p{N}]/u.test(id) && id !== 'null' && id !== 'undefined';
}

function noCustomerId(what: string): Failure {
  return new Failure('rejected', `No customer id: Recharge knows no ${what} for this customer. Add it in Recharge, then replay.`, { code: 'no_customer_id', system: 'Recharge' });
}

function subscriptionProperties(subscription: Subscription): Record<string, Property | null> {
  return {
    subscription_id: subscription.id,
    address_id: subscription.address_id,
    product_id: subscription.external_product_id,
    variant_id: subscription.external_variant_id,
    product_title: subscription.product_title,
    variant_title: subscription.variant_title,
    sku: subscription.sku,
    quantity: subscription.quantity,
    price: amount(subscription.price),
    currency: subscription.presentment_currency,
    order_interval_unit: subscription.order_interval_unit,
    order_interval_frequency: subscription.order_interval_frequency,
    charge_interval_frequency: subscription.charge_interval_frequency,
    next_charge_scheduled_at: subscription.next_charge_scheduled_at,
    is_prepaid: subscription.is_prepaid,
    cancellation_reason: subscription.cancellation_reason,
    cancelled_at: seconds(subscription.cancelled_at),
    created_at: seconds(subscription.created_at),
  };
}

function chargeProperties(charge: Charge): Record<string, Property | null> {
  const items = charge.line_items.slice(0, mostItems);
  return {
    charge_id: charge.id,
    address_id: charge.address_id,
    charge_type: charge.type,
    scheduled_at: charge.scheduled_at,
    processed_at: seconds(charge.processed_at),
    total_price: amount(charge.total_price),
    subtotal_price: amount(charge.subtotal_price),
    total_discounts: amount(charge.total_discounts),
    total_tax: amount(charge.total_tax),
    total_shipping: amount(charge.total_shipping),
    total_refunds: amount(charge.total_refunds),
    currency: charge.currency,
    subscription_ids: distinct(items.filter((item) => item.purchase_item_type === 'subscription').map((item) => item.purchase_item_id)),
    product_ids: distinct(items.map((item) => item.external_product_id)),
    variant_ids: distinct(items.map((item) => item.external_variant_id)),
    product_list: items.map(listedProduct),
    order_id: charge.external_order_id,
    error_type: charge.error_type,
    charge_attempts: charge.charge_attempts,
    retry_date: charge.retry_date,
  };
}

/** A property value stays below 16 KB; 60 products of at most 250 bytes do. */
const mostItems = 60;
const longestTitle = 100;
const longestText = 4000;

function listedProduct(item: LineItem): Record<string, string | number> {
  return compact({
    product_id: item.external_product_id,
    variant_id: item.external_variant_id,
    title: item.title?.slice(0, longestTitle) ?? null,
    quantity: item.quantity,
    price: amount(item.unit_price),
  }) as Record<string, string | number>;
}

/** Money text as a number; null when it is none. */
function amount(money: string | null): number | null {
  const value = money === null || money.trim() === '' ? Number.NaN : Number(money);
  return Number.isFinite(value) ? value : null;
}

function seconds(instant: string | null): number | null {
  const parsed = parseInstant(instant);
  return parsed ? epochSeconds(parsed) : null;
}

function distinct(ids: readonly (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))];
}

/** Leaves absent ones out, cuts long texts, sorts the names: the same facts are always the same bytes. */
function compact(properties: Record<string, Property | null>): Record<string, Property> {
  return Object.fromEntries(
    Object.entries(properties)
      .filter((entry): entry is [string, Property] => entry[1] !== null)
      .map(([name, value]): [string, Property] => [name, typeof value === 'string' ? value.slice(0, longestText) : value])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
