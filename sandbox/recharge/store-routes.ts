// The smaller resources: token, store, events, retention strategies, products, plans, metafields.
import type { Call, Route } from './call.ts';
import { found, ok, requireFields } from './call.ts';
import { DAY_MS } from './dates.ts';
import { invalid, RechargeError } from './errors.ts';
import { anyOf, instants, readInstant } from './filters.ts';
import { listAnswer } from './list-answer.ts';
import type { EventRow, MetafieldRow, Product, RetentionStrategyRow } from './types.ts';
import { eventWire, storeWire } from './wire.ts';
import { nextId, nowInstant } from './world.ts';

type Answer = { status: number; body: object };

export const storeRoutes: Route[] = [
  { method: 'GET', path: '/token_information', scopes: [], answer: tokenInformation },
  { method: 'GET', path: '/store', scopes: ['store_info|read_store'], answer: (call) => ok({ store: storeWire(call.store) }) },
  { method: 'GET', path: '/shop', scopes: ['store_info|read_store'], answer: oldShop },
  { method: 'GET', path: '/events', scopes: ['read_events'], answer: events },
  { method: 'GET', path: '/retention_strategies', scopes: ['read_subscriptions'], answer: (call) => listAnswer(call, 'retention_strategies', call.store.retention_strategies, { sorts: ['id'], filters: {} }, asIs) },
  { method: 'POST', path: '/retention_strategies', scopes: ['write_retention_strategies'], answer: createStrategy },
  { method: 'GET', path: '/retention_strategies/:id', scopes: ['read_subscriptions'], answer: (call) => ok({ retention_strategy: found(call.store.retention_strategies, call.ids[0]) }) },
  { method: 'GET', path: '/products', scopes: ['read_products'], answer: products },
  { method: 'GET', path: '/plans', scopes: ['read_products'], answer: (call) => ok({ next_cursor: null, previous_cursor: null, plans: call.store.products.map(planWire) }) },
  { method: 'GET', path: '/metafields', scopes: ['read_customers'], answer: metafields },
];

const asIs = (row: object): Record<string, unknown> => ({ ...row });

/** `client` is filled for OAuth partner apps only. */
function tokenInformation({ token }: Call): Answer {
  return ok({ token_information: { client: null, contact_email: token.contact_email, name: token.name, scopes: token.scopes } }) as Answer;
}

/** What 2021-01 had in place of /store. */
function oldShop(call: Call): Answer {
  const { store } = call;
  return ok({ shop: { id: store.id, currency: store.currency, domain: store.shop, email: store.email, iana_timezone: 'America/New_York', myshopify_domain: store.shop, name: store.name, timezone: '(GMT-05:00) Eastern Time' } }) as Answer;
}

function events(call: Call): ReturnType<Route['answer']> {
  const oldest = call.world.clock.now() - call.world.switches.eventLookbackDays * DAY_MS;
  const from = call.query.get('created_at_min');
  if (from !== null && readInstant(from, 'created_at_min') < oldest) throw invalid({ _schema: ['created_at_min must be less than 7 days ago'] });
  return listAnswer(
    call,
    'events',
    call.store.events,
    {
      sorts: ['id', 'created_at'],
      filters: {
        object_type: anyOf((row: EventRow) => row.object_type),
        object_id: anyOf((row: EventRow) => row.object_id),
        customer_id: anyOf((row: EventRow) => row.customer_id),
        verbs: anyOf((row: EventRow) => row.verb),
        origin: anyOf((row: EventRow) => row.source.origin),
        ...instants('created_at', (row: EventRow) => row.created_at),
      },
    },
    eventWire,
    (row) => Date.parse(row.created_at) >= oldest,
  );
}

function createStrategy(call: Call): Answer {
  const body = call.body();
  requireFields(body, ['reason', 'cancellation_flow_type']);
  const at = nowInstant(call.world);
  const row: RetentionStrategyRow = {
    id: nextId(call.world, 'retention_strategy'),
    cancellation_flow_type: body['cancellation_flow_type'] === 'membership' ? 'membership' : 'subscription',
    created_at: at,
    discount_code: typeof body['discount_code'] === 'string' ? body['discount_code'] : null,
    incentive_type: typeof body['incentive_type'] === 'string' ? body['incentive_type'] : null,
    prevention_text: String(body['prevention_text'] ?? ''),
    reason: String(body['reason']),
    updated_at: at,
  };
  return { status: 201, body: { retention_strategy: call.store.retention_strategies.put(row) } };
}

/** Listing without ids is refused. */
function products(call: Call): Answer {
  const wanted = call.query.get('external_product_ids');
  if (wanted === null) throw invalid({ external_product_ids: ['Missing data for required field.'] });
  const listed = call.store.products.filter((product) => wanted.split(',').includes(product.external_product_id));
  return ok({ next_cursor: null, previous_cursor: null, products: listed.map(productWire) }) as Answer;
}

function productWire(product: Product): object {
  return {
    external_product_id: product.external_product_id,
    title: product.title,
    variants: product.variants.map((variant) => ({ external_variant_id: variant.external_variant_id, prices: { unit_price: (variant.cents / 100).toFixed(2) }, sku: variant.sku, title: variant.title })),
  };
}

function planWire(product: Product): object {
  return {
    id: product.plan_id,
    external_product_id: { ecommerce: product.external_product_id },
    subscription_preferences: { charge_interval_frequency: 1, order_interval_frequency: 1, interval_unit: 'month' },
    title: 'Every month',
    type: 'subscription',
  };
}

function metafields(call: Call): ReturnType<Route['answer']> {
  if (call.query.get('owner_resource') === null) throw invalid({ owner_resource: ['Missing data for required field.'] });
  if (call.version === '2021-01') throw new RechargeError(501, { error: 'Not implemented' });
  return listAnswer(
    call,
    'metafields',
    call.store.metafields,
    { sorts: ['id', 'updated_at'], filters: { owner_resource: anyOf((row: MetafieldRow) => row.owner_resource), owner_id: anyOf((row: MetafieldRow) => row.owner_id), namespace: anyOf((row: MetafieldRow) => row.namespace) } },
    (row) => ({ ...row, created_at: row.created_at.slice(0, 19), updated_at: row.updated_at.slice(0, 19) }),
  );
}
