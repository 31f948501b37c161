// Addresses: list, read, write, merge, and skipping a future date.
import { announce } from './announce.ts';
import type { Call, Route } from './call.ts';
import { found, isTrue, ok, wholeNumber } from './call.ts';
import { skipAhead, skipCharge } from './charge-acts.ts';
import { openChargeOf, requeue, setDue, touch } from './charge-queue.ts';
import { announceQueue, announceSubscription, rebuildLater, rebuildNow } from './choreography.ts';
import { isDay } from './dates.ts';
import { invalid, notFound } from './errors.ts';
import { anyAmong, anyOf, instants, yesOrNo } from './filters.ts';
import { listAnswer } from './list-answer.ts';
import type { Listing } from './paging.ts';
import { renderAddress, renderCharge } from './render.ts';
import type { AddressRow, ChargeRow, Day, Discount, Property, Store } from './types.ts';
import { nextId, nowInstant, today } from './world.ts';

const listing = (store: Store): Listing<AddressRow> => ({
  sorts: ['id', 'updated_at'],
  filters: {
    ids: anyOf((row) => row.id),
    customer_id: anyOf((row) => row.customer_id),
    discount_id: anyAmong((row) => row.discounts.map((each) => each.id)),
    discount_code: anyAmong((row) => row.discounts.map((each) => each.code)),
    is_active: yesOrNo((row) => store.subscriptions.of('address', row.id).some((each) => each.status === 'active')),
    ...instants('created_at', (row: AddressRow) => row.created_at),
    ...instants('updated_at', (row: AddressRow) => row.updated_at),
  },
});

const TEXTS = ['address1', 'address2', 'city', 'company', 'country_code', 'first_name', 'last_name', 'phone', 'province', 'zip'] as const;
const REQUIRED = ['city', 'country_code', 'first_name', 'province', 'last_name', 'customer_id', 'address1'] as const;

const address = (call: Call): AddressRow => found(call.store.addresses, call.ids[0]);
const itself = (call: Call): number[] => call.ids;

export const addressRoutes: Route[] = [
  { method: 'GET', path: '/addresses', scopes: ['read_customers'], answer: (call) => listAnswer(call, 'addresses', call.store.addresses, listing(call.store), (row) => renderAddress(call, row)) },
  { method: 'POST', path: '/addresses', scopes: ['write_customers'], answer: create },
  { method: 'GET', path: '/addresses/:id', scopes: ['read_customers'], answer: (call) => ok({ address: renderAddress(call, address(call)) }) },
  { method: 'PUT', path: '/addresses/:id', scopes: ['write_customers'], writes: itself, answer: update },
  { method: 'DELETE', path: '/addresses/:id', scopes: ['write_customers'], writes: itself, answer: remove },
  { method: 'POST', path: '/addresses/merge', scopes: ['write_customers'], writes: (call) => mergeIds(call).all, answer: merge },
  { method: 'POST', path: '/addresses/:id/charges/skip', scopes: ['write_customers'], writes: itself, answer: skipDate },
];

function create(call: Call): { status: number; body: object } {
  const body = call.body();
  const missing = REQUIRED.filter((name) => body[name] === undefined || body[name] === null);
  if (missing.length > 0) {
    const sentence = `${missing.join(', ')} are required fields.`;
    throw invalid({ _schema: [sentence, sentence] });
  }
  const customer = call.store.customers.get(wholeNumber(body, 'customer_id') ?? 0);
  if (customer === undefined) throw invalid({ customer_id: ['Not found'] });
  const at = nowInstant(call.world);
  const row: AddressRow = {
    id: nextId(call.world, 'address'),
    customer_id: customer.id,
    payment_method_id: call.store.payment_methods.of('customer', customer.id).find((each) => each.default)?.id ?? null,
    address1: null, address2: null, city: null, company: null, country_code: null, first_name: null, last_name: null, phone: null, province: null, zip: null,
    created_at: at,
    updated_at: at,
    discounts: [],
    order_attributes: [],
    order_note: null,
    presentment_currency: call.store.currency,
    shipping_lines_conserved: [],
    shipping_lines_override: [],
  };
  apply(call, row, body);
  call.store.addresses.put(row);
  void announce(call.world, call.store, 'address', 'created', row, 700);
  return { status: 201, body: { address: renderAddress(call, row) } };
}

/** Touches every subscription on the address. */
function update(call: Call): { status: number; body: object } {
  const row = address(call);
  apply(call, row, call.body());
  touch(call.world, row);
  void announce(call.world, call.store, 'address', 'updated', row, 700);
  for (const charge of call.store.charges.of('address', row.id)) {
    if (charge.status !== 'queued') continue;
    charge.discounts = structuredClone(row.discounts);
    if (isTrue(call.query.get('commit'))) rebuildNow(call.world, call.store, charge);
    else rebuildLater(call.world, call.store, charge);
  }
  return { status: 200, body: { address: renderAddress(call, row) } };
}

function remove(call: Call): { status: number } {
  const row = address(call);
  if (call.store.subscriptions.of('address', row.id).some((each) => each.status === 'active')) throw invalid({ subscriptions: ['Address has active subscriptions'] });
  call.store.addresses.delete(row.id);
  return { status: 204 };
}

function mergeIds(call: Call): { target: number; sources: number[]; all: number[] } {
  const idOf = (value: unknown): number => Number((value as { id?: unknown } | undefined)?.id);
  const target = idOf(call.body()['target_address']);
  const listed = call.body()['source_addresses'];
  const sources = Array.isArray(listed) ? listed.map(idOf) : [];
  return { target, sources, all: [target, ...sources] };
}

/** Moves what is on the sources to the target; the same days merge into one charge. */
async function merge(call: Call): Promise<{ status: number; body: object }> {
  const { world, store } = call;
  const { target, sources } = mergeIds(call);
  const into = found(store.addresses, target);
  if (sources.length === 0 || sources.length > 10) throw invalid({ source_addresses: ['Length must be between 1 and 10.'] });
  const from = sources.map((id) => found(store.addresses, id));
  if (from.some((row) => row.customer_id !== into.customer_id)) throw invalid({ source_addresses: ['Addresses must belong to one customer'] });
  const day = call.body()['next_charge_date'];
  for (const source of from) {
    for (const subscription of store.subscriptions.of('address', source.id)) {
      subscription.address_id = into.id;
      if (subscription.status === 'active' && isDay(day)) setDue(subscription, day);
      touch(world, store.subscriptions.put(subscription));
      announceSubscription(world, store, 'updated', subscription);
    }
    for (const onetime of store.onetimes.of('address', source.id)) {
      onetime.address_id = into.id;
      store.onetimes.put(onetime);
    }
    await announceQueue(world, store, requeue(world, store, source.id));
    if (call.body()['delete_source_addresses'] === true) store.addresses.delete(source.id);
  }
  touch(world, into);
  void announce(world, store, 'address', 'updated', into, 700);
  await announceQueue(world, store, requeue(world, store, into.id), { first: true });
  return { status: 200, body: { address: renderAddress(call, into) } };
}

async function skipDate(call: Call): Promise<{ status: number; body: object }> {
  const row = address(call);
  const { date, subscription_ids: ids } = call.body();
  if (!isDay(date)) throw invalid({ date: ['Not a valid date.'] });
  const wanted = Array.isArray(ids) ? ids.map(Number) : [];
  return { status: 200, body: { charge: renderCharge(call, await skipDay(call, row.id, date, wanted)) } };
}

/** A day with a queued charge, or a later day of the cadence. */
export async function skipDay(call: Call, addressId: number, day: Day, subscriptionIds: number[]): Promise<ChargeRow> {
  const { world, store, token } = call;
  const subscriptions = store.subscriptions.of('address', addressId).filter((each) => subscriptionIds.includes(each.id) && each.status === 'active');
  if (subscriptions.length === 0) throw notFound();
  const charge = openChargeOf(store, addressId, day);
  if (charge !== undefined && subscriptions.every((each) => each.next_charge_scheduled_at === day)) return skipCharge(world, store, token, charge, subscriptionIds);
  if (day <= today(world)) throw invalid({ date: ['date is not far enough in the future'] });
  return skipAhead(world, store, token, addressId, day, subscriptions);
}

function apply(call: Call, row: AddressRow, body: Record<string, unknown>): void {
  const nulls = (['address1', 'city', 'country_code', 'first_name', 'last_name'] as const).filter((name) => body[name] === null);
  if (nulls.length > 0) throw invalid(Object.fromEntries(nulls.map((name) => [name, ['Field may not be null.']])));
  for (const name of TEXTS) if (typeof body[name] === 'string' || body[name] === null) row[name] = body[name] as string;
  if (body['order_note'] !== undefined) row.order_note = body['order_note'] as string | null;
  if (Array.isArray(body['order_attributes'])) row.order_attributes = body['order_attributes'] as Property[];
  if (Array.isArray(body['shipping_lines_override']) || body['shipping_lines_override'] === null) row.shipping_lines_override = body['shipping_lines_override'] as object[] | null;
  const methodId = wholeNumber(body, 'payment_method_id');
  if (methodId !== undefined) row.payment_method_id = found(call.store.payment_methods, methodId).id;
  if (Array.isArray(body['discounts'])) row.discounts = body['discounts'].map((each) => findDiscount(call, each as { id?: number; code?: string }));
}

export function findDiscount(call: Call, wanted: { id?: unknown; code?: unknown }): Discount {
  const discount = call.store.discounts.find((each) => each.id === Number(wanted.id) || each.code === wanted.code);
  if (discount === undefined) throw invalid({ discounts: ['Discount not found'] });
  return discount;
}
