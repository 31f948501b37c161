// Subscriptions: list, read, write and the actions on them.
import { skipDay } from './address-routes.ts';
import type { Call, Route } from './call.ts';
import { found, isTrue, ok, wholeNumber } from './call.ts';
import { addDays, isDay } from './dates.ts';
import { invalid } from './errors.ts';
import { anyOf, instants } from './filters.ts';
import { listAnswer } from './list-answer.ts';
import type { Listing } from './paging.ts';
import { renderCharge, renderSubscription } from './render.ts';
import { activateSubscription, cancelSubscription, changeSubscriptionAddress, createSubscription, deleteSubscription, moveSubscription, updateSubscription } from './subscription-acts.ts';
import { readChanges, readNewSubscription } from './subscription-input.ts';
import type { SubscriptionRow } from './types.ts';
import { today } from './world.ts';

type Answer = { status: number; body: object };

const LISTING: Listing<SubscriptionRow> = {
  sorts: ['id', 'created_at', 'updated_at'],
  filters: {
    ids: anyOf((row) => row.id),
    address_id: anyOf((row) => row.address_id),
    address_ids: anyOf((row) => row.address_id),
    customer_id: anyOf((row) => row.customer_id),
    external_variant_id: anyOf((row) => row.external_variant_id),
    status: (text) => {
      const wanted = text.toLowerCase().split(',');
      return (row) => wanted.includes(row.status);
    },
    bundles_only: (text) => () => !isTrue(text),
    ...instants('created_at', (row: SubscriptionRow) => row.created_at),
    ...instants('updated_at', (row: SubscriptionRow) => row.updated_at),
  },
};

const subscription = (call: Call): SubscriptionRow => found(call.store.subscriptions, call.ids[0]);
const itsAddress = (call: Call): number[] => [call.store.subscriptions.get(call.ids[0] ?? 0)].flatMap((row) => row?.address_id ?? []);
const write = (path: string, answer: Route['answer']): Route => ({ method: 'POST', path: `/subscriptions/:id/${path}`, scopes: ['write_subscriptions'], writes: itsAddress, answer });

export const subscriptionRoutes: Route[] = [
  { method: 'GET', path: '/subscriptions', scopes: ['read_subscriptions'], answer: list },
  { method: 'POST', path: '/subscriptions', scopes: ['write_subscriptions'], writes: (call) => [wholeNumber(call.body(), 'address_id') ?? 0], answer: create },
  { method: 'GET', path: '/subscriptions/:id', scopes: ['read_subscriptions'], answer: (call) => shown(call, subscription(call)) },
  { method: 'PUT', path: '/subscriptions/:id', scopes: ['write_subscriptions'], writes: itsAddress, answer: update },
  { method: 'DELETE', path: '/subscriptions/:id', scopes: ['write_subscriptions'], writes: itsAddress, answer: remove },
  write('cancel', cancel),
  write('activate', activate),
  write('set_next_charge_date', move),
  write('change_address', changeAddress),
  write('charges/skip', skip),
];

function list(call: Call): ReturnType<Route['answer']> {
  if (call.query.has('address_id') && call.query.has('address_ids')) throw invalid({ _schema: ['address_id and address_ids can not be used together'] });
  return listAnswer(call, 'subscriptions', call.store.subscriptions, LISTING, (row) => renderSubscription(call, row));
}

async function create(call: Call): Promise<Answer> {
  const row = await createSubscription(call.world, call.store, call.token, readNewSubscription(call));
  return { status: 201, body: { subscription: renderSubscription(call, row) } };
}

async function update(call: Call): Promise<Answer> {
  const row = subscription(call);
  const changes = readChanges(call, call.body());
  if (row.status !== 'active' && !isTrue(call.query.get('force_update')) && Object.keys(changes).length > 0) throw invalid({ status: ['Subscription is not active'] });
  if (row.status !== 'active') delete changes.next_charge_scheduled_at;
  await updateSubscription(call.world, call.store, call.token, row, changes, isTrue(call.query.get('commit')));
  return shown(call, row);
}

async function remove(call: Call): Promise<{ status: number }> {
  await deleteSubscription(call.world, call.store, call.token, subscription(call));
  return { status: 204 };
}

async function cancel(call: Call): Promise<Answer> {
  const row = subscription(call);
  const { cancellation_reason: reason, cancellation_reason_comments: comments, send_email: sendEmail } = call.body();
  if (typeof reason !== 'string' || reason === '') throw invalid({ cancellation_reason: ['Missing data for required field.'] });
  if (typeof comments === 'string' && comments.length > 1024) throw invalid({ cancellation_reason_comments: ['Longer than maximum length 1024.'] });
  if (row.status === 'cancelled') return repeated(call, row, 'Subscription is already cancelled');
  await cancelSubscription(call.world, call.store, call.token, row, reason, typeof comments === 'string' ? comments : null, sendEmail !== false);
  return shown(call, row);
}

async function activate(call: Call): Promise<Answer> {
  const row = subscription(call);
  if (row.status === 'active') return repeated(call, row, 'Subscription is already active');
  await activateSubscription(call.world, call.store, call.token, row);
  return shown(call, row);
}

async function move(call: Call): Promise<Answer> {
  const row = subscription(call);
  const { date } = call.body();
  if (!isDay(date)) throw invalid({ date: ['Not a valid date.'] });
  if (date < addDays(today(call.world), 1)) throw invalid({ date: ['date is not far enough in the future'] });
  if (row.status !== 'active') throw invalid({ status: ['Subscription is not active'] });
  await moveSubscription(call.world, call.store, call.token, row, date, isTrue(call.query.get('pause')));
  return shown(call, row);
}

async function changeAddress(call: Call): Promise<Answer> {
  const row = subscription(call);
  const { next_charge_scheduled_at: day } = call.body();
  const address = call.store.addresses.get(wholeNumber(call.body(), 'address_id') ?? 0);
  if (address?.customer_id !== row.customer_id) throw invalid({ address_id: ['Not found'] });
  await changeSubscriptionAddress(call.world, call.store, call.token, row, address.id, isDay(day) && row.status === 'active' ? day : null);
  return shown(call, row);
}

async function skip(call: Call): Promise<Answer> {
  const row = subscription(call);
  const { date } = call.body();
  if (!isDay(date)) throw invalid({ date: ['Not a valid date.'] });
  return { status: 200, body: { charge: renderCharge(call, await skipDay(call, row.address_id, date, [row.id])) } };
}

function repeated(call: Call, row: SubscriptionRow, text: string): Answer {
  if (call.world.switches.repeatedAction === 'refuse') throw invalid({ status: [text] });
  return shown(call, row);
}

function shown(call: Call, row: SubscriptionRow): Answer {
  return ok({ subscription: renderSubscription(call, row) }) as Answer;
}
