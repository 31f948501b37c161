// Payment methods.
import { announce } from './announce.ts';
import type { Call, Route } from './call.ts';
import { found, isTrue, ok, wholeNumber } from './call.ts';
import { touch } from './charge-queue.ts';
import { invalid } from './errors.ts';
import { anyOf } from './filters.ts';
import { page } from './paging.ts';
import { renderPaymentMethod } from './render.ts';
import type { PaymentMethodRow } from './types.ts';
import { placeWire } from './wire.ts';
import { nextId, nowInstant } from './world.ts';

type Answer = { status: number; body: object };

const method = (call: Call): PaymentMethodRow => found(call.store.payment_methods, call.ids[0]);

export const paymentRoutes: Route[] = [
  { method: 'GET', path: '/payment_methods', scopes: ['read_payment_methods'], answer: list },
  { method: 'POST', path: '/payment_methods', scopes: ['write_payment_methods'], answer: create },
  { method: 'GET', path: '/payment_methods/:id', scopes: ['read_payment_methods'], answer: (call) => ok({ payment_method: renderPaymentMethod(call, method(call)) }) },
  { method: 'PUT', path: '/payment_methods/:id', scopes: ['write_payment_methods'], answer: update },
  { method: 'DELETE', path: '/payment_methods/:id', scopes: ['write_payment_methods'], answer: remove },
];

/** The captured list had no cursor keys. */
function list(call: Call): Answer {
  const listing = { sorts: ['id'], filters: { customer_id: anyOf((row: PaymentMethodRow) => row.customer_id) } };
  const { rows } = page(call.store.payment_methods, listing, call.query, call.world.switches);
  return { status: 200, body: { payment_methods: rows.map((row) => renderPaymentMethod(call, row)) } };
}

function create(call: Call): Answer {
  const body = call.body();
  const customer = call.store.customers.get(wholeNumber(body, 'customer_id') ?? 0);
  if (customer === undefined) throw invalid({ customer_id: ['Not found'] });
  const token = body['processor_customer_token'];
  if (typeof token !== 'string' || !token.startsWith('cus_')) throw invalid({ processor_customer_token: ['Not found'] });
  const at = nowInstant(call.world);
  const row = call.store.payment_methods.put({
    id: nextId(call.world, 'payment_method'),
    customer_id: customer.id,
    billing_address: { address1: null, address2: null, city: null, company: null, country: null, country_code: null, first_name: null, last_name: null, phone: null, province: null, zip: null },
    created_at: at,
    updated_at: at,
    default: isTrue(String(body['default'])),
    payment_details: {},
    payment_type: 'CREDIT_CARD',
    processor_customer_token: token,
    processor_name: String(body['processor_name'] ?? 'stripe'),
    processor_payment_method_token: null,
    status: null,
    status_reason: null,
  });
  applyBilling(row, body);
  void announce(call.world, call.store, 'customer', 'payment_method_updated', customer, 800);
  return { status: 201, body: { payment_method: renderPaymentMethod(call, row) } };
}

function update(call: Call): Answer {
  const row = method(call);
  applyBilling(row, call.body());
  if (call.body()['default'] === true) for (const other of call.store.payment_methods.of('customer', row.customer_id)) other.default = other === row;
  changed(call, row);
  return { status: 200, body: { payment_method: renderPaymentMethod(call, row) } };
}

function remove(call: Call): { status: number } {
  const row = method(call);
  if (call.store.addresses.of('customer', row.customer_id).some((address) => address.payment_method_id === row.id)) throw invalid({ address: ['Can not delete payment method associated with addresses'] });
  call.store.payment_methods.delete(row.id);
  return { status: 204 };
}

function changed(call: Call, row: PaymentMethodRow): void {
  touch(call.world, row);
  const customer = call.store.customers.get(row.customer_id);
  if (customer !== undefined) void announce(call.world, call.store, 'customer', 'payment_method_updated', customer, 800);
}

function applyBilling(row: PaymentMethodRow, body: Record<string, unknown>): void {
  const billing = body['billing_address'];
  if (typeof billing !== 'object' || billing === null) return;
  if ('address1' in billing && billing.address1 === null) throw invalid({ billing_address: { address1: ['Field may not be null.'] } });
  row.billing_address = { ...placeWire({ ...row.billing_address, ...billing }), country: row.billing_address.country };
}
