// All stores of one simulator, with the clock, the dice and the counters they share.
import type { SeededRandom } from '../kit.ts';
import { seededRandom } from '../kit.ts';
import { SimClock } from './clock.ts';
import { easternDay, toInstant } from './dates.ts';
import type { Delivery } from './deliveries.ts';
import type { RechargeSwitches } from './switches.ts';
import { Table } from './table.ts';
import type { AddressRow, ChargeRow, Day, EventRow, Instant, OnetimeRow, OrderRow, PaymentMethodRow, Store, SubscriptionRow, Token } from './types.ts';

/** An e-mail Recharge would have sent to a person. */
export interface Mail {
  at: Instant;
  to: string;
  kind: string;
  about: Record<string, unknown>;
}

/** A short-lived token for one customer, or the token inside a portal link. */
export interface CustomerSession {
  shop: string;
  customer_id: number;
  expires_at_ms: number;
}

export type IdKind = 'store' | 'token' | 'customer' | 'address' | 'payment_method' | 'subscription' | 'onetime' | 'charge' | 'order' | 'event' | 'webhook' | 'retention_strategy' | 'metafield' | 'plan' | 'discount';

const FIRST_IDS: Record<IdKind, number> = {
  store: 100_001,
  token: 501,
  customer: 70_000_001,
  address: 80_000_001,
  payment_method: 60_000_001,
  subscription: 471_000_001,
  onetime: 481_000_001,
  charge: 1_040_000_001,
  order: 534_000_001,
  event: 9_000_000_001,
  webhook: 1_234_001,
  retention_strategy: 3001,
  metafield: 3_627_001,
  plan: 2_900_000_001,
  discount: 61_001,
};

export interface World {
  clock: SimClock;
  random: SeededRandom;
  switches: RechargeSwitches;
  stores: Map<string, Store>;
  tokens: Map<string, Token>;
  storefrontTokens: Map<string, string>;
  sessions: Map<string, CustomerSession>;
  portalTokens: Map<string, CustomerSession>;
  mails: Mail[];
  deliveries: Delivery[];
  /** While true, deliveries wait in `heldBack`. */
  webhooksPaused: boolean;
  heldBack: Delivery[];
  counters: Map<IdKind, number>;
}

export function createWorld(options: { startMs: number; timeScale: number; seed: number | string; switches: RechargeSwitches }): World {
  return {
    clock: new SimClock(options.startMs, options.timeScale),
    random: seededRandom(options.seed),
    switches: options.switches,
    stores: new Map(),
    tokens: new Map(),
    storefrontTokens: new Map(),
    sessions: new Map(),
    portalTokens: new Map(),
    mails: [],
    deliveries: [],
    webhooksPaused: false,
    heldBack: [],
    counters: new Map(),
  };
}

/** Ids grow by small uneven steps, as on a server that other stores use too. */
export function nextId(world: World, kind: IdKind): number {
  const id = world.counters.get(kind) ?? FIRST_IDS[kind];
  world.counters.set(kind, id + 1 + world.random.below(3));
  return id;
}

export function nowInstant(world: World): Instant {
  return toInstant(world.clock.now());
}

export function today(world: World): Day {
  return easternDay(world.clock.now());
}

export function emptyStore(world: World, facts: Pick<Store, 'shop' | 'name' | 'currency' | 'portal_base_url'>): Store {
  const owned = { customer: (row: { customer_id: number }) => row.customer_id };
  const onAddress = { ...owned, address: (row: { address_id: number }) => row.address_id };
  return {
    ...facts,
    id: nextId(world, 'store'),
    email: `owner@${facts.shop.replace('.myshopify.com', '.example.com')}`,
    default_api_version: '2021-01',
    created_at: '2020-01-02T03:04:05+00:00',
    installed: true,
    products: [],
    discounts: [],
    customers: new Table(),
    addresses: new Table<AddressRow>(owned),
    payment_methods: new Table<PaymentMethodRow>(owned),
    subscriptions: new Table<SubscriptionRow>(onAddress),
    onetimes: new Table<OnetimeRow>(onAddress),
    charges: new Table<ChargeRow>(onAddress),
    orders: new Table<OrderRow>({ ...onAddress, charge: (row) => row.charge_id }),
    events: new Table<EventRow>(owned),
    webhooks: new Table(),
    retention_strategies: new Table(),
    metafields: new Table(),
    next_order_number: 1001,
    busy_addresses: new Map(),
  };
}
