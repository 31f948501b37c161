// Webhook registrations: one topic each, owned by the token that made them.
import { announceTo } from './announce.ts';
import type { Announced } from './announce.ts';
import { checkScopes } from './api.ts';
import type { Call, Route } from './call.ts';
import { ok, requireFields } from './call.ts';
import { invalid, notFound } from './errors.ts';
import type { Version, WebhookRow } from './types.ts';
import { webhookWire } from './wire.ts';
import { INCLUDABLE, OLD_TOPICS, scopeOfTopic, TOPICS } from './webhook-topics.ts';
import { nextId } from './world.ts';

type Answer = { status: number; body?: object };

export const webhookRoutes: Route[] = [
  { method: 'GET', path: '/webhooks', scopes: [], answer: (call) => ok({ webhooks: own(call).map(webhookWire) }) },
  { method: 'POST', path: '/webhooks', scopes: [], answer: create },
  { method: 'GET', path: '/webhooks/:id', scopes: [], answer: (call) => ok({ webhook: webhookWire(webhook(call)) }) },
  { method: 'PUT', path: '/webhooks/:id', scopes: [], answer: update },
  { method: 'DELETE', path: '/webhooks/:id', scopes: [], answer: remove },
  { method: 'POST', path: '/webhooks/:id/test', scopes: [], answer: test },
];

function own(call: Call): WebhookRow[] {
  return [...call.store.webhooks.all()].filter((row) => row.token === call.token.token);
}

function webhook(call: Call): WebhookRow {
  const row = call.store.webhooks.get(call.ids[0] ?? 0);
  if (row?.token !== call.token.token) throw notFound();
  return row;
}

function create(call: Call): Answer {
  const body = call.body();
  requireFields(body, ['address', 'topic']);
  const facts = readFacts(call, body, { address: '', topic: '', included_objects: [], version: call.version });
  refuseDuplicate(call, facts, undefined);
  const { webhooksPerTopic, webhookCreateStatus } = call.world.switches;
  if (own(call).filter((row) => row.topic === facts.topic).length >= webhooksPerTopic) throw invalid({ topic: [`A token can have at most ${webhooksPerTopic} webhooks of one topic`] });
  const row = call.store.webhooks.put({ id: nextId(call.world, 'webhook'), token: call.token.token, ...facts });
  return { status: webhookCreateStatus, body: { webhook: webhookWire(row) } };
}

function update(call: Call): Answer {
  const row = webhook(call);
  const facts = readFacts(call, call.body(), row);
  refuseDuplicate(call, facts, row.id);
  Object.assign(row, facts);
  return { status: 200, body: { webhook: webhookWire(row) } };
}

function remove(call: Call): Answer {
  call.store.webhooks.delete(webhook(call).id);
  return call.world.switches.webhookDeleteStatus === 200 ? { status: 200, body: {} } : { status: 204 };
}

/** Sends the newest object of the topic's resource. What the real one sends is unknown. */
function test(call: Call): Answer {
  const row = webhook(call);
  const { store } = call;
  const kind = row.topic.split('/')[0] as keyof Announced;
  const newest: { [K in keyof Announced]: () => Announced[K] | undefined } = {
    address: () => store.addresses.last(),
    charge: () => store.charges.last(),
    customer: () => store.customers.last(),
    onetime: () => store.onetimes.last(),
    order: () => store.orders.last(),
    recharge: () => store,
    store: () => store,
    subscription: () => store.subscriptions.last(),
  };
  const sample = newest[kind]?.();
  if (sample !== undefined) announceTo(call.world, store, row, kind, sample);
  return { status: 200, body: {} };
}

type Facts = Pick<WebhookRow, 'address' | 'topic' | 'included_objects' | 'version'>;

function readFacts(call: Call, body: Record<string, unknown>, before: Facts): Facts {
  const { address = before.address, topic = before.topic, included_objects: included = before.included_objects, version = before.version } = body;
  if (typeof topic !== 'string') throw invalid({ topic: ['Not a valid string.'] });
  if (!TOPICS.includes(topic) && !(version === '2021-01' && OLD_TOPICS.includes(topic))) throw invalid({ topic: ['Invalid topic'] });
  if (typeof address !== 'string' || !URL.canParse(address)) throw invalid({ address: ['Not a valid URL.'] });
  if (version !== '2021-01' && version !== '2021-11') throw invalid({ version: ['Invalid version'] });
  const objects = Array.isArray(included) ? included.map(String) : [];
  const unknown = objects.filter((name) => !INCLUDABLE.includes(name));
  if (unknown.length > 0) throw invalid({ included_objects: [`Invalid value: ${unknown.join(', ')}`] });
  checkScopes(call, [scopeOfTopic(topic)]);
  return { address, topic, included_objects: objects, version: version as Version };
}

/** The text ends with the id of the webhook that is already there. */
function refuseDuplicate(call: Call, facts: Facts, ownId: number | undefined): void {
  const twin = own(call).find((row) => row.address === facts.address && row.topic === facts.topic && row.id !== ownId);
  if (twin !== undefined) throw invalid({ duplicate: [`A webhook with this address and topic already exists: ${twin.id}`] });
}
