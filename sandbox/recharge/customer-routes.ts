// Customers: list, read, write, their schedule, credit and notifications.
import { announce } from './announce.ts';
import type { Call, Route } from './call.ts';
import { externalId, found, ok } from './call.ts';
import { money } from './charge-wire.ts';
import { touch } from './charge-queue.ts';
import { deliverySchedule } from './delivery-schedule.ts';
import { invalid } from './errors.ts';
import { anyOf, instants } from './filters.ts';
import { listAnswer } from './list-answer.ts';
import type { Listing } from './paging.ts';
import { renderCustomer } from './render.ts';
import type { CustomerRow } from './types.ts';
import { nextId, nowInstant } from './world.ts';

const LISTING: Listing<CustomerRow> = {
  sorts: ['id', 'created_at', 'updated_at'],
  filters: {
    ids: anyOf((row) => row.id),
    email: (text) => (row) => row.email === text,
    hash: (text) => (row) => row.hash === text,
    external_customer_id: anyOf((row) => row.external_customer_id),
    shopify_customer_id: anyOf((row) => row.external_customer_id),
    ...instants('created_at', (row: CustomerRow) => row.created_at),
    ...instants('updated_at', (row: CustomerRow) => row.updated_at),
  },
};

const TEMPLATES = ['get_account_access', 'upcoming_charge', 'shopify_update_payment_information', 'shopify_migrate_payment_information'];

const customer = (call: Call): CustomerRow => found(call.store.customers, call.ids[0]);

export const customerRoutes: Route[] = [
  { method: 'GET', path: '/customers', scopes: ['read_customers'], answer: (call) => listAnswer(call, 'customers', call.store.customers, LISTING, (row) => renderCustomer(call, row)) },
  { method: 'POST', path: '/customers', scopes: ['write_customers'], answer: create },
  { method: 'GET', path: '/customers/:id', scopes: ['read_customers'], answer: (call) => ok({ customer: renderCustomer(call, customer(call)) }) },
  { method: 'PUT', path: '/customers/:id', scopes: ['write_customers'], answer: update },
  { method: 'DELETE', path: '/customers/:id', scopes: ['write_customers'], answer: remove },
  { method: 'GET', path: '/customers/:id/delivery_schedule', scopes: ['read_customers'], answer: (call) => ok(deliverySchedule(call, customer(call))) },
  {
    method: 'GET',
    path: '/customers/:id/credit_summary',
    scopes: ['read_credit_summary'],
    answer: (call) => ok({ credit_summary: { customer_id: customer(call).id, total_available_balance: money(customer(call).credit_cents), currency_code: call.store.currency } }),
  },
  { method: 'POST', path: '/customers/:id/notifications', scopes: ['write_notifications'], answer: notify },
];

function create(call: Call): { status: number; body: object } {
  const body = call.body();
  checkNames(body, ['first_name', 'last_name', 'email']);
  checkEmail(call, body['email'], undefined);
  const at = nowInstant(call.world);
  const row = call.store.customers.put({
    id: nextId(call.world, 'customer'),
    email: String(body['email']),
    first_name: String(body['first_name']),
    last_name: String(body['last_name']),
    external_customer_id: externalId(body['external_customer_id']),
    phone: typeof body['phone'] === 'string' ? body['phone'] : null,
    hash: call.world.random.hex(30),
    created_at: at,
    updated_at: at,
    first_charge_processed_at: null,
    has_payment_method_in_dunning: false,
    tax_exempt: body['tax_exempt'] === true,
    apply_credit_to_next_checkout_charge: false,
    apply_credit_to_next_recurring_charge: false,
    credit_cents: 0,
  });
  void announce(call.world, call.store, 'customer', 'created', row, 700);
  return { status: 201, body: { customer: renderCustomer(call, row) } };
}

function update(call: Call): { status: number; body: object } {
  const row = customer(call);
  const body = call.body();
  checkNames(body, []);
  checkEmail(call, body['email'], row.id);
  for (const name of ['email', 'first_name', 'last_name', 'phone'] as const) if (typeof body[name] === 'string') row[name] = body[name];
  for (const name of ['tax_exempt', 'apply_credit_to_next_checkout_charge', 'apply_credit_to_next_recurring_charge'] as const) if (typeof body[name] === 'boolean') row[name] = body[name];
  if (body['external_customer_id'] !== undefined) row.external_customer_id = externalId(body['external_customer_id']);
  touch(call.world, row);
  void announce(call.world, call.store, 'customer', 'updated', row, 700);
  return { status: 200, body: { customer: renderCustomer(call, row) } };
}

/** Takes addresses and what hangs on them along. What the real one does with active subscriptions is unknown. */
function remove(call: Call): { status: number } {
  const row = customer(call);
  const { store } = call;
  for (const table of [store.subscriptions, store.onetimes, store.addresses, store.payment_methods]) {
    for (const owned of table.of('customer', row.id)) table.delete(owned.id);
  }
  for (const charge of store.charges.of('customer', row.id)) if (charge.status === 'queued') store.charges.delete(charge.id);
  store.customers.delete(row.id);
  void announce(call.world, store, 'customer', 'deleted', row, 700);
  return { status: 204 };
}

function notify(call: Call): { status: number; body: object } {
  const row = customer(call);
  const body = call.body();
  const template = body['template_type'];
  if (body['type'] !== 'email') throw invalid({ type: ['Must be one of: email.'] });
  if (typeof template !== 'string' || !TEMPLATES.includes(template)) throw invalid({ template_type: [`Must be one of: ${TEMPLATES.join(', ')}.`] });
  const vars = body['template_vars'];
  call.world.mails.push({ at: nowInstant(call.world), to: row.email, kind: template, about: { shop: call.store.shop, customer_id: row.id, ...(typeof vars === 'object' && vars !== null ? vars : {}) } });
  return { status: 200, body: {} };
}

function checkNames(body: Record<string, unknown>, required: readonly string[]): void {
  const errors: Record<string, string[]> = {};
  for (const name of ['first_name', 'last_name', 'email']) {
    if (body[name] === undefined ? required.includes(name) : body[name] === null) errors[name] = ['Missing data for required field.'];
    else if (body[name] === '') errors[name] = ['Shorter than minimum length 1.'];
  }
  if (Object.keys(errors).length > 0) throw invalid(errors);
}

function checkEmail(call: Call, email: unknown, ownId: number | undefined): void {
  if (typeof email !== 'string') return;
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw invalid({ email: ['Not a valid email address.'] });
  for (const other of call.store.customers.all()) if (other.email === email && other.id !== ownId) throw invalid({ email: 'email already exists on store' });
}
