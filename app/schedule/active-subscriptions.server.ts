/**
 * Reads all active subscriptions completely: finds changes that left no mark in `updated_at`, and subscriptions that are
 * gone. One that our mirror holds as active and the complete list does not have is asked for by its id before anything is said.
 */
import { pool } from '#app/db.server.ts';
import { openRecharge } from '#app/connections/recharge.server.ts';
import { toFailure } from '#app/errors.ts';
import type { DomainEvent } from '#app/events/event.ts';
import type { Subscription } from '#app/events/facts.ts';
import type { RechargeClient } from '#app/recharge/client.server.ts';
import { eventOf } from '#app/recharge/event-of.ts';
import { addCounts, noCounts, tellPage, type Counts, type PageWork, type Reading } from './page.server.ts';
import { subscriptionPages, tellAll } from './read-gap.server.ts';
import type { Window } from './told.ts';

/** More than this share of the active ones gone at once is not believed. */
const credibleShare = 0.2;
const credibleCount = 20;

export type CompleteReport = Counts & {
  active: number;
  /** Subscriptions told as deleted. */
  gone: number;
  /** Why missing ones were not looked into. */
  doubt: string | null;
};

export async function readActiveSubscriptions(shopId: string, window: Window, signal: AbortSignal): Promise<CompleteReport> {
  const { client, connection } = await openRecharge(shopId, 'background');
  const reading: Reading = { shopId, connectionId: connection.connectionId, origin: 'reconcile', dryRun: false, signal };
  const startedAt = new Date();
  // Before the read: what becomes active meanwhile may miss the list for good reason.
  const known = await mirroredActive(shopId);
  const seen = new Set<string>();
  const listed = await tellAll(reading, subscriptionPages(reading, client.listSubscriptions({ status: 'active' }), window, { seen }));
  const absent = known.filter((subscription) => !seen.has(subscription.id));
  if (absent.length > Math.max(credibleCount, seen.size * credibleShare)) {
    return { ...listed, active: seen.size, gone: 0, doubt: `${absent.length} subscriptions that were active are missing from Recharge's list of ${seen.size}; that many at once are not taken for deleted.` };
  }
  let sum = noCounts();
  let gone = 0;
  for (const before of absent) {
    const now = await readOne(client, before.id);
    gone += now ? 0 : 1;
    sum = addCounts(sum, now ? await tellAll(reading, subscriptionPages(reading, once([now]), window, {})) : await tellPage(reading, deletion(shopId, before, startedAt)));
  }
  return { ...addCounts(listed, sum), active: seen.size, gone, doubt: null };
}

/** Those that our mirror holds as active. */
async function mirroredActive(shopId: string): Promise<Subscription[]> {
  const { rows } = await pool().query<{ facts: Subscription }>(`select facts from "SubscriptionState" where "shopId" = $1 and status = 'active'`, [shopId]);
  return rows.map((row) => row.facts);
}

/** Null when Recharge says that it does not have it. */
async function readOne(client: RechargeClient, subscriptionId: string): Promise<Subscription | null> {
  try {
    return await client.getSubscription(subscriptionId);
  } catch (error) {
    if (toFailure(error).status !== 404) throw error;
    return null;
  }
}

/** Nobody knows when it was deleted; the event says when that was noticed. */
function deletion(shopId: string, subscription: Subscription, noticedAt: Date): PageWork {
  const event: DomainEvent = { ...eventOf({ type: 'subscription.deleted', data: { subscription } }, 'reconcile', noticedAt.toISOString()), occurredAt: noticedAt.toISOString() };
  return {
    read: 1,
    subscriptions: [event],
    async decide(tx) {
      const told = await tx.query(`select 1 from "Event" where "shopId" = $1 and type = 'subscription.deleted' and "objectId" = $2`, [shopId, subscription.id]);
      return told.rowCount === 0 ? [event] : [];
    },
  };
}

async function* once<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}
