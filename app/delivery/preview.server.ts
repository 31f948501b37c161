/** Shows what a destination would be sent for an event. Mapping is pure, so nothing is sent and nothing is written. */
import { resolveCustomers } from '#app/connections/customer-contexts.server.ts';
import { openDestination } from '#app/connections/destinations.server.ts';
import { pool } from '#app/db.server.ts';
import { Failure } from '#app/errors.ts';
import { isEventType, type DomainEvent } from '#app/events/event.ts';
import { sampleEvent } from '#app/events/samples.ts';

export type Preview = { event: DomainEvent; eventId: string | null; result: { commands: unknown[] } | { skip: string } };

/** `what` is an event's id of this shop, or a type of the vocabulary for a sample. Throws Failure when neither exists or Recharge could not be asked. */
export async function previewDestination(shopId: string, destinationId: string, what: string): Promise<Preview> {
  const destination = await openDestination(destinationId);
  if (destination.shopId !== shopId) throw new Failure('rejected', 'This shop has no such destination', { code: 'destination_not_found' });
  const stored = isEventType(what) ? null : await storedEvent(shopId, what);
  const event = isEventType(what) ? sampleEvent(what) : stored;
  if (!event) throw new Failure('rejected', 'This shop has no such event', { code: 'event_not_found' });
  if (!destination.plugin.accepts(destination.settings)[event.type]) {
    return { event, eventId: stored ? what : null, result: { skip: `${destination.plugin.manifest.label} is not sent ${event.type} with these settings.` } };
  }
  const needs = destination.plugin.needs(event, destination.settings);
  const context = stored ? (await resolveCustomers(shopId, [{ rechargeCustomerId: event.rechargeCustomerId, needs }]))[0] : sampleContext(event);
  if (!context || context instanceof Failure) throw context ?? new Failure('bug', 'The customer could not be looked up', { code: 'customer_not_resolved' });
  return { event, eventId: stored ? what : null, result: destination.plugin.map(event, destination.settings, context) };
}

function sampleContext(event: DomainEvent) {
  return {
    rechargeCustomerId: event.rechargeCustomerId,
    email: 'ana.muster@example.com',
    shopifyCustomerId: '6100000000001',
    shopDomain: 'example.myshopify.com',
    subscriptions: { activeCount: 1, totalCount: 2, stateAt: event.occurredAt },
  };
}

async function storedEvent(shopId: string, eventId: string): Promise<DomainEvent | null> {
  if (!/^[1-9]\d{0,18}$/.test(eventId)) return null;
  const rows = await pool().query<Omit<DomainEvent, 'occurredAt'> & { occurredAt: Date }>(
    `select type, version, key, "occurredAt", origin, "rechargeCustomerId", "objectId", data from "Event" where "shopId" = $1 and id = $2`,
    [shopId, eventId],
  );
  const row = rows.rows[0];
  return row ? ({ ...row, occurredAt: row.occurredAt.toISOString() } as DomainEvent) : null;
}
