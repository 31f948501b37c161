// A steady stream of changes for load: so many a second, for so many seconds, by the machine's clock.
import { announceSubscription } from './choreography.ts';
import { touch } from './charge-queue.ts';
import { perform } from './do.ts';
import type { ActName } from './do.ts';
import type { Store, SubscriptionRow } from './types.ts';
import type { World } from './world.ts';

export interface TrafficOrder {
  perSecond: number;
  seconds: number;
  shop?: string;
  /** `updates`: one subscription/updated per change and nothing else. `mixed`: whatever happens in a store. */
  kind?: 'updates' | 'mixed';
}

export interface TrafficReport {
  running: boolean;
  made: number;
  wanted: number;
  elapsedSeconds: number;
}

const TICK_MS = 20;
const MIX: readonly ActName[] = ['update-subscription', 'update-subscription', 'update-subscription', 'skip', 'renew', 'swap', 'pause', 'update-customer', 'new-checkout', 'create-subscription', 'cancel'];

export class Traffic {
  #timer: NodeJS.Timeout | undefined;
  #report: TrafficReport = { running: false, made: 0, wanted: 0, elapsedSeconds: 0 };

  report(): TrafficReport {
    return { ...this.#report };
  }

  /** Replaces a stream that still runs. Resolves when the last change is made. */
  start(world: World, order: TrafficOrder): Promise<TrafficReport> {
    this.stop();
    const store = order.shop === undefined ? [...world.stores.values()][0] : world.stores.get(order.shop);
    if (store === undefined) throw new Error(`no store ${order.shop ?? ''}`);
    if (!(order.perSecond > 0) || !(order.seconds > 0)) throw new Error('perSecond and seconds must be above 0');
    const startedAt = performance.now();
    const wanted = Math.round(order.perSecond * order.seconds);
    const subscriptions = [...store.subscriptions.all()].filter((each) => each.status === 'active');
    const report: TrafficReport = { running: true, made: 0, wanted, elapsedSeconds: 0 };
    this.#report = report;
    return new Promise((resolve) => {
      this.#timer = setInterval(() => {
        report.elapsedSeconds = (performance.now() - startedAt) / 1000;
        const due = Math.min(wanted, Math.floor(report.elapsedSeconds * order.perSecond));
        for (; report.made < due; report.made += 1) change(world, store, order, subscriptions);
        if (report.made < wanted) return;
        report.running = false;
        clearInterval(this.#timer);
        resolve({ ...report });
      }, TICK_MS);
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#report = { ...this.#report, running: false };
  }
}

function change(world: World, store: Store, order: TrafficOrder, subscriptions: SubscriptionRow[]): void {
  if (order.kind === 'mixed') {
    void perform(world, world.random.pick(MIX), { shop: store.shop, ...aim(world, store) }).catch(() => {
      // nothing in the store fits this act just now
    });
    return;
  }
  const subscription = world.random.pick(subscriptions);
  subscription.quantity = 1 + (subscription.quantity % 9);
  touch(world, subscription);
  announceSubscription(world, store, 'updated', subscription);
}

/** Mostly somebody in particular, so that the stream does not always hit the newest customer. */
function aim(world: World, store: Store): { customerId?: number } {
  const ids = store.customers.ids();
  return ids.length === 0 ? {} : { customerId: world.random.pick(ids) };
}
