// A simulated Recharge: the merchant API, the hosted portal's way in, and the webhook sender.
import { startSimulator } from '../kit.ts';
import type { Simulator } from '../kit.ts';
import { addressRoutes } from './address-routes.ts';
import { createApi } from './api.ts';
import { chargeRoutes } from './charge-routes.ts';
import { answerRechargeControl } from './control.ts';
import { customerRoutes } from './customer-routes.ts';
import { startDailyRuns } from './daily.ts';
import type { Delivery } from './deliveries.ts';
import { perform } from './do.ts';
import type { ActName, DoInput } from './do.ts';
import { orderRoutes } from './order-routes.ts';
import { paymentRoutes } from './payment-routes.ts';
import { answerPortal, checkPortalVisit, portalRoutes } from './portal.ts';
import type { PortalVisit } from './portal.ts';
import type { CustomerWish } from './seed.ts';
import { storeRoutes } from './store-routes.ts';
import { addStore, addToken, DEFAULT_SHOP } from './stores.ts';
import { subscriptionRoutes } from './subscription-routes.ts';
import { defaultSwitches } from './switches.ts';
import type { RechargeSwitches } from './switches.ts';
import { Traffic } from './traffic.ts';
import type { TrafficOrder, TrafficReport } from './traffic.ts';
import type { Store, Token, Version } from './types.ts';
import { webhookRoutes } from './webhook-routes.ts';
import { createWorld } from './world.ts';
import type { Mail, World } from './world.ts';

export interface TokenOptions {
  token: string;
  /** The API client secret that signs this token's webhooks. */
  secret: string;
  name?: string;
  contactEmail?: string;
  /** Absent: every scope. */
  scopes?: readonly string[];
}

export interface StoreOptions {
  /** The *.myshopify.com domain. */
  shop: string;
  name?: string;
  currency?: string;
  customers?: number;
  /** Customers wanted in particular; the rest is filled up to `customers`. */
  wishes?: readonly CustomerWish[];
  withSample?: boolean;
  tokens?: readonly TokenOptions[];
  storefrontToken?: string;
  defaultApiVersion?: Version;
  /** `self` lets portal links lead to this simulator's own page. */
  portalBaseUrl?: string;
}

export interface RechargeOptions {
  port?: number;
  host?: string;
  /** Absent: one store, `example-store.myshopify.com`. */
  stores?: readonly StoreOptions[];
  seed?: number | string;
  /** 1 keeps pace with the machine's clock, more is faster, 0 stands still until the clock is advanced. */
  timeScale?: number;
  startAt?: Date;
  switches?: Partial<RechargeSwitches>;
}

export interface RechargeSimulator extends Simulator<RechargeSwitches> {
  readonly world: World;
  readonly deliveries: readonly Delivery[];
  readonly mails: readonly Mail[];
  store(shop?: string): Store;
  addStore(options: StoreOptions): Store;
  addToken(shop: string, options: TokenOptions): Token;
  do(name: ActName, input?: DoInput): Promise<object>;
  /** Moves simulated time on, carrying out all that falls due, one after the other. */
  advance(seconds: number): Promise<void>;
  /** Resolves when no delivery is due or under way. */
  settled(): Promise<void>;
  traffic(order: TrafficOrder): Promise<TrafficReport>;
  /** Whom a portal link signs in; for whatever stands in for the hosted portal. */
  checkPortalVisit(visit: { shop?: string; hash: string; token: string | null }): PortalVisit;
}

const ROUTES = [...storeRoutes, ...customerRoutes, ...portalRoutes, ...addressRoutes, ...subscriptionRoutes, ...chargeRoutes, ...orderRoutes, ...paymentRoutes, ...webhookRoutes];

export async function startRechargeSimulator(options: RechargeOptions = {}): Promise<RechargeSimulator> {
  const switches: RechargeSwitches = { ...defaultSwitches(), ...options.switches };
  const seed = options.seed ?? 1;
  const traffic = new Traffic();
  let selfUrl = '';

  const fill = (target: World, store: StoreOptions): Store => addStore(target, store.portalBaseUrl === 'self' ? { ...store, portalBaseUrl: `${selfUrl}/tools/recurring/portal` } : store, seed);
  const build = (): World => {
    const made = createWorld({ startMs: options.startAt?.getTime() ?? Date.now(), timeScale: options.timeScale ?? 1, seed, switches });
    for (const store of options.stores ?? [{ shop: DEFAULT_SHOP }]) fill(made, store);
    startDailyRuns(made);
    return made;
  };
  let world: World;
  const api = createApi(() => world, ROUTES, answerPortal);

  const base = await startSimulator<RechargeSwitches>({
    name: 'Recharge',
    ...(options.port !== undefined && { port: options.port }),
    ...(options.host !== undefined && { host: options.host }),
    seed,
    switches,
    handle: (request) => api.handle(request),
    control: (request) => answerRechargeControl(world, { traffic, addStore: (store) => fill(world, store) }, request),
    reset: () => {
      traffic.stop();
      world.clock.stop();
      api.reset();
      world = build();
    },
  });
  selfUrl = base.url;
  world = build();

  const extras = {
    get world() {
      return world;
    },
    get deliveries() {
      return world.deliveries;
    },
    get mails() {
      return world.mails;
    },
    store(shop?: string) {
      const store = shop === undefined ? [...world.stores.values()][0] : world.stores.get(shop);
      if (store === undefined) throw new Error(`no store ${shop ?? ''}`);
      return store;
    },
    addStore: (store: StoreOptions) => fill(world, store),
    addToken: (shop: string, token: TokenOptions) => addToken(world, shop, token),
    do: (name: ActName, input?: DoInput) => perform(world, name, input),
    advance: (seconds: number) => world.clock.advance(seconds),
    settled: () => world.clock.settled(),
    traffic: (order: TrafficOrder) => traffic.start(world, order),
    checkPortalVisit: (visit: { shop?: string; hash: string; token: string | null }) => checkPortalVisit(world, visit),
    async close() {
      traffic.stop();
      world.clock.stop();
      await base.close();
    },
  };
  return Object.defineProperties({} as RechargeSimulator, { ...Object.getOwnPropertyDescriptors(base), ...Object.getOwnPropertyDescriptors(extras) });
}
