// Orders and one-times.
import { announce } from './announce.ts';
import type { Call, Route } from './call.ts';
import { externalId, found, isTrue, ok, requireFields, wholeNumber } from './call.ts';
import { requeue, touch } from './charge-queue.ts';
import { announceQueue } from './choreography.ts';
import { addDays, isDay } from './dates.ts';
import { invalid } from './errors.ts';
import { anyAmong, anyOf, instants, yesOrNo } from './filters.ts';
import { listAnswer } from './list-answer.ts';
import type { Listing } from './paging.ts';
import { renderOnetime, renderOrder } from './render.ts';
import type { OnetimeRow, OrderRow, Property, Store } from './types.ts';
import { nextId, nowInstant, today } from './world.ts';

type Answer = { status: number; body: object };

const orders = (store: Store): Listing<OrderRow> => ({
  sorts: ['id', 'updated_at', 'processed_at', 'scheduled_at'],
  filters: {
    ids: anyOf((row) => row.id),
    address_id: anyOf((row) => row.address_id),
    charge_id: anyOf((row) => row.charge_id),
    customer_id: anyOf((row) => row.customer_id),
    external_customer_id: anyOf((row) => store.customers.get(row.customer_id)?.external_customer_id ?? null),
    external_order_id: anyOf((row) => row.external_order_id),
    purchase_item_id: anyAmong((row) => store.charges.get(row.charge_id)?.line_items.map((item) => item.purchase_item_id) ?? []),
    status: anyOf((row) => row.status),
    type: anyOf((row) => row.type),
    has_external_order: yesOrNo(() => true),
    ...instants('scheduled_at', (row: OrderRow) => row.scheduled_at),
    ...instants('processed_at', (row: OrderRow) => row.processed_at),
    ...instants('created_at', (row: OrderRow) => row.created_at),
    ...instants('updated_at', (row: OrderRow) => row.updated_at),
  },
});

const ONETIMES: Listing<OnetimeRow> = {
  sorts: ['id', 'created_at', 'updated_at'],
  filters: {
    ids: anyOf((row) => row.id),
    address_id: anyOf((row) => row.address_id),
    address_ids: anyOf((row) => row.address_id),
    customer_id: anyOf((row) => row.customer_id),
    external_variant_id: anyOf((row) => row.external_variant_id),
    ...instants('created_at', (row: OnetimeRow) => row.created_at),
    ...instants('updated_at', (row: OnetimeRow) => row.updated_at),
  },
};

const onetime = (call: Call): OnetimeRow => found(call.store.onetimes, call.ids[0]);
const itsAddress = (call: Call): number[] => [call.store.onetimes.get(call.ids[0] ?? 0)].flatMap((row) => row?.address_id ?? []);

export const orderRoutes: Route[] = [
  { method: 'GET', path: '/orders', scopes: ['read_orders'], answer: (call) => listAnswer(call, 'orders', call.store.orders, orders(call.store), (row) => renderOrder(call, row)) },
  { method: 'GET', path: '/orders/:id', scopes: ['read_orders'], answer: (call) => ok({ order: renderOrder(call, found(call.store.orders, call.ids[0])) }) },
  {
    method: 'GET',
    path: '/onetimes',
    scopes: ['read_subscriptions'],
    answer: (call) => listAnswer(call, 'onetimes', call.store.onetimes, ONETIMES, (row) => renderOnetime(call, row), (row) => !row.is_cancelled || isTrue(call.query.get('include_cancelled'))),
  },
  { method: 'POST', path: '/onetimes', scopes: ['write_subscriptions'], writes: (call) => [wholeNumber(call.body(), 'address_id') ?? 0], answer: create },
  { method: 'GET', path: '/onetimes/:id', scopes: ['read_subscriptions'], answer: (call) => ok({ onetime: renderOnetime(call, onetime(call)) }) },
  { method: 'PUT', path: '/onetimes/:id', scopes: ['write_subscriptions'], writes: itsAddress, answer: update },
  { method: 'DELETE', path: '/onetimes/:id', scopes: ['write_subscriptions'], writes: itsAddress, answer: remove },
];

async function create(call: Call): Promise<Answer> {
  const { world, store } = call;
  const body = call.body();
  requireFields(body, ['address_id', 'external_variant_id', 'quantity']);
  const address = store.addresses.get(wholeNumber(body, 'address_id') ?? 0);
  if (address === undefined) throw invalid({ address_id: ['Not found'] });
  const day = body['add_to_next_charge'] === true ? nextChargeDay(call, address.id) : body['next_charge_scheduled_at'];
  if (!isDay(day)) throw invalid({ next_charge_scheduled_at: ['Missing data for required field.'] });
  if (day <= today(world)) throw invalid({ next_charge_scheduled_at: 'Cannot be in the past' });
  const variantId = externalId(body['external_variant_id']);
  const product = store.products.find((each) => each.variants.some((variant) => variant.external_variant_id === variantId));
  const variant = product?.variants.find((each) => each.external_variant_id === variantId);
  const at = nowInstant(world);
  const row = store.onetimes.put({
    id: nextId(world, 'onetime'),
    address_id: address.id,
    created_at: at,
    customer_id: address.customer_id,
    external_product_id: product?.external_product_id ?? null,
    external_variant_id: variantId,
    is_cancelled: false,
    next_charge_scheduled_at: day,
    presentment_currency: store.currency,
    price: Number(body['price'] ?? (variant?.cents ?? 1000) / 100).toFixed(2),
    product_title: typeof body['product_title'] === 'string' ? body['product_title'] : (product?.title ?? 'Product'),
    properties: Array.isArray(body['properties']) ? (body['properties'] as Property[]) : [],
    quantity: wholeNumber(body, 'quantity') ?? 1,
    sku: variant?.sku ?? null,
    sku_override: false,
    updated_at: at,
    variant_title: variant?.title ?? null,
  });
  void announce(world, store, 'onetime', 'created', row, 800);
  await announceQueue(world, store, requeue(world, store, address.id), { first: true });
  return { status: 201, body: { onetime: renderOnetime(call, row) } };
}

async function update(call: Call): Promise<Answer> {
  const { world, store } = call;
  const row = onetime(call);
  const body = call.body();
  const day = body['next_charge_scheduled_at'];
  if (isDay(day)) {
    if (day < addDays(today(world), 1)) throw invalid({ next_charge_scheduled_at: 'Cannot be in the past' });
    row.next_charge_scheduled_at = day;
  }
  row.quantity = wholeNumber(body, 'quantity') ?? row.quantity;
  if (body['price'] !== undefined) row.price = Number(body['price']).toFixed(2);
  if (Array.isArray(body['properties'])) row.properties = body['properties'] as Property[];
  touch(world, row);
  void announce(world, store, 'onetime', 'updated', row, 800);
  await announceQueue(world, store, requeue(world, store, row.address_id), { first: true });
  return { status: 200, body: { onetime: renderOnetime(call, row) } };
}

async function remove(call: Call): Promise<{ status: number }> {
  const { world, store } = call;
  const row = onetime(call);
  row.is_cancelled = true;
  row.next_charge_scheduled_at = null;
  void announce(world, store, 'onetime', 'deleted', row, 800);
  await announceQueue(world, store, requeue(world, store, row.address_id));
  return { status: 204 };
}

function nextChargeDay(call: Call, addressId: number): string | null {
  const days = call.store.charges.of('address', addressId).filter((charge) => charge.status === 'queued').map((charge) => charge.scheduled_at);
  return days.sort()[0] ?? null;
}
