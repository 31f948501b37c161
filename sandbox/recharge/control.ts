// The control routes only this simulator has.
import type { SimRequest, SimResponse } from '../kit.ts';
import type { Delivery } from './deliveries.ts';
import { resumeWebhooks } from './deliveries.ts';
import { runRenewals, runUpcoming } from './daily.ts';
import { ACTS, isActName, perform } from './do.ts';
import type { DoInput } from './do.ts';
import { toInstant } from './dates.ts';
import type { StoreOptions, TokenOptions } from './simulator.ts';
import { addToken } from './stores.ts';
import type { Traffic, TrafficOrder } from './traffic.ts';
import type { Store } from './types.ts';
import type { World } from './world.ts';

/** Undefined for what it does not know. Errors become 422 in the kit. */
export async function answerRechargeControl(world: World, { traffic, addStore }: { traffic: Traffic; addStore: (options: StoreOptions) => Store }, request: SimRequest): Promise<SimResponse | undefined> {
  const body = (): Record<string, unknown> => (request.json() ?? {}) as Record<string, unknown>;
  const act = /^\/_sim\/do\/([a-z-]+)$/.exec(request.path)?.[1];
  if (request.method === 'POST' && act !== undefined) {
    if (!isActName(act)) return { status: 404, body: { error: `no act ${act}; there are ${Object.keys(ACTS).join(', ')}` } };
    return { status: 200, body: { [act]: await perform(world, act, body() as DoInput) } };
  }
  switch (`${request.method} ${request.path}`) {
    case 'GET /_sim/clock':
      return { status: 200, body: clock(world) };
    case 'POST /_sim/clock': {
      const { advanceSeconds, timeScale } = body();
      if (timeScale !== undefined) world.clock.setScale(Number(timeScale));
      if (advanceSeconds !== undefined) {
        if (!(Number(advanceSeconds) >= 0)) throw new Error('advanceSeconds must be a number of seconds, 0 or more');
        await world.clock.advance(Number(advanceSeconds));
      }
      return { status: 200, body: clock(world) };
    }
    case 'POST /_sim/run/renewals':
      return { status: 200, body: { charges: await runRenewals(world) } };
    case 'POST /_sim/run/upcoming':
      return { status: 200, body: { charges: runUpcoming(world) } };
    case 'GET /_sim/deliveries':
      return { status: 200, body: deliveries(world, request.query) };
    case 'DELETE /_sim/deliveries':
      world.deliveries.length = 0;
      return { status: 204 };
    case 'GET /_sim/mails':
      return { status: 200, body: { mails: world.mails } };
    case 'GET /_sim/webhooks':
      return { status: 200, body: { webhooks: storesOf(world, request).flatMap((store) => [...store.webhooks.all()].map((row) => ({ shop: store.shop, ...row }))) } };
    case 'POST /_sim/webhooks/delete-all': {
      const ids = storesOf(world, request).flatMap((store) => store.webhooks.ids().map((id) => ({ store, id })));
      for (const { store, id } of ids) store.webhooks.delete(id);
      return { status: 200, body: { deleted: ids.length } };
    }
    case 'POST /_sim/pause-webhooks':
      world.webhooksPaused = true;
      return { status: 200, body: { paused: true } };
    case 'POST /_sim/resume-webhooks':
      return { status: 200, body: { paused: false, released: resumeWebhooks(world) } };
    case 'GET /_sim/stores':
      return { status: 200, body: { stores: [...world.stores.values()].map((store) => storeFacts(world, store)) } };
    case 'POST /_sim/stores':
      return { status: 201, body: storeFacts(world, addStore(body() as unknown as StoreOptions)) };
    case 'POST /_sim/tokens':
      return { status: 201, body: addToken(world, String(body()['shop']), body() as unknown as TokenOptions) };
    case 'DELETE /_sim/tokens':
      return { status: world.tokens.delete(request.query.get('token') ?? '') ? 204 : 404 };
    case 'GET /_sim/traffic':
      return { status: 200, body: traffic.report() };
    case 'POST /_sim/traffic':
      void traffic.start(world, body() as unknown as TrafficOrder);
      return { status: 202, body: traffic.report() };
    case 'DELETE /_sim/traffic':
      traffic.stop();
      return { status: 204 };
    default:
      return undefined;
  }
}

function clock(world: World): object {
  return { now: toInstant(world.clock.now()), timeScale: world.clock.scale };
}

function storesOf(world: World, request: SimRequest): Store[] {
  const shop = request.query.get('shop');
  return [...world.stores.values()].filter((store) => shop === null || store.shop === shop);
}

/** Newest last; `?bodies=0` leaves the bodies out. */
function deliveries(world: World, query: URLSearchParams): object {
  const is = (name: string, of: (delivery: Delivery) => unknown): ((delivery: Delivery) => boolean) => {
    const wanted = query.get(name);
    return (delivery) => wanted === null || String(of(delivery)) === wanted;
  };
  const filters = [is('topic', (each) => each.topic), is('state', (each) => each.state), is('shop', (each) => each.shop), is('webhook_id', (each) => each.webhook_id), is('object_id', (each) => each.object_id)];
  const found = world.deliveries.filter((delivery) => filters.every((filter) => filter(delivery)));
  const limit = Number(query.get('limit') ?? found.length);
  const shown = limit > 0 ? found.slice(-limit) : [];
  const withBodies = query.get('bodies') !== '0';
  return { count: found.length, deliveries: shown.map(({ token: _token, body, ...rest }) => (withBodies ? { ...rest, body } : rest)) };
}

function storeFacts(world: World, store: Store): object {
  return {
    shop: store.shop,
    name: store.name,
    installed: store.installed,
    portal_base_url: store.portal_base_url,
    tokens: [...world.tokens.values()].filter((token) => token.shop === store.shop).map(({ token, secret, name, scopes }) => ({ token, secret, name, scopes })),
    counts: {
      customers: store.customers.size,
      addresses: store.addresses.size,
      subscriptions: store.subscriptions.size,
      active_subscriptions: [...store.subscriptions.all()].filter((each) => each.status === 'active').length,
      charges: store.charges.size,
      queued_charges: [...store.charges.all()].filter((each) => each.status === 'queued').length,
      orders: store.orders.size,
      webhooks: store.webhooks.size,
    },
  };
}
