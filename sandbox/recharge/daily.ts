// What the simulated clock sets off by itself: renewals just after midnight in New York, notices in the afternoon.
import { announceUpcoming, processCharge } from './charge-acts.ts';
import { addDays, easternDay, easternMoment } from './dates.ts';
import { failCharge } from './dunning.ts';
import type { Store } from './types.ts';
import type { World } from './world.ts';

/** Arms both daily runs; they re-arm themselves. */
export function startDailyRuns(world: World): void {
  everyDay(world, () => world.switches.renewalTime, () => runRenewals(world));
  everyDay(world, () => world.switches.upcomingTime, () => Promise.resolve(runUpcoming(world)));
}

/** Charges due by today succeed; failing ones are tried again on their retry date and fail again. */
export async function runRenewals(world: World): Promise<number> {
  const day = easternDay(world.clock.now());
  let count = 0;
  for (const store of world.stores.values()) {
    if (!store.installed) continue;
    for (const charge of [...store.charges.all()]) {
      if (charge.status === 'queued' && charge.scheduled_at <= day) processCharge(world, store, charge);
      else if (isRetryDue(store, charge, world.clock.now())) await failCharge(world, store, charge, charge.error_type ?? undefined);
      else continue;
      count += 1;
    }
  }
  return count;
}

/** charge/upcoming for every queued charge due in `upcomingLeadDays` calendar days or fewer, once per charge id. */
export function runUpcoming(world: World): number {
  const from = easternDay(world.clock.now());
  const until = addDays(from, world.switches.upcomingLeadDays);
  let count = 0;
  for (const store of world.stores.values()) {
    for (const charge of store.charges.all()) {
      if (charge.status !== 'queued' || charge.upcoming_sent || charge.scheduled_at <= from || charge.scheduled_at > until) continue;
      announceUpcoming(world, store, charge);
      count += 1;
    }
  }
  return count;
}

function isRetryDue(store: Store, charge: { status: string; error_type: string | null; retry_date: string | null }, nowMs: number): boolean {
  return store.installed && charge.status === 'error' && charge.error_type !== 'CLOSED_MAX_RETRIES_REACHED' && charge.retry_date !== null && Date.parse(charge.retry_date) <= nowMs;
}

function everyDay(world: World, time: () => string, run: () => Promise<unknown>): void {
  const arm = (): void => {
    const [hour = 0, minute = 0] = time().split(':').map(Number);
    const now = world.clock.now();
    const today = easternMoment(easternDay(now), hour, minute);
    world.clock.scheduleAt(today > now ? today : easternMoment(addDays(easternDay(now), 1), hour, minute), async () => {
      if (world.switches.daily) await run();
      arm();
    });
  };
  arm();
}
