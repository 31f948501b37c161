/** Which facts about a subscription no webhook told. Pure; see missing.ts. */
import type { Subscription } from '#app/events/facts.ts';
import type { Fact } from '#app/recharge/event-of.ts';
import type { MissingFact } from './missing.ts';
import { contentAtStart, isBefore, isNewer, isStale, isWithin, lastWhere, laterOf, sameSecond, saysTheSame, wasTold, type Told, type Window } from './told.ts';

const endings = ['cancelled', 'expired'];
/** Follow from other objects, so they change without anything having happened to the subscription. */
const derived: readonly (keyof Subscription)[] = ['updated_at', 'has_queued_charges'];

/**
 * `known` is the state that our mirror holds, used where nothing was told (an import tells no events). `changedAt` is
 * the time of a change that left no mark on the subscription: the charge that renewed it.
 */
export function missingOfSubscription(
  now: Subscription,
  told: Told<Subscription>,
  known: Subscription | null,
  window: Window,
  changedAt: string | null = null,
): MissingFact[] {
  if (wasTold(told, 'subscription.deleted') || known?.status === 'deleted') return [];
  const stale = isStale(told, now.updated_at);
  const before = told.newest?.facts ?? known;
  const missing: MissingFact[] = [];

  const created = isWithin(window, now.created_at) && !wasTold(told, 'subscription.created') ? contentAtStart(now, told, stale, asItBegan) : null;
  if (created) missing.push({ fact: fact('subscription.created', created), occurredAt: now.created_at });
  // What was told meanwhile is newer than what was read: it has the last word on the state.
  if (stale) return missing;

  const turn = turnOf(now, told, before, known, window);
  if (turn) missing.push({ fact: fact(turn, now) });
  if (!created && before?.external_variant_id && now.external_variant_id && before.external_variant_id !== now.external_variant_id) {
    missing.push({ fact: fact('subscription.swapped', now) });
  }
  if (turn === null && created !== now && now.status !== 'expired' && isChanged(now, told, known, window, changedAt)) {
    missing.push({ fact: fact('subscription.updated', now), occurredAt: laterOf(now.updated_at, changedAt) });
  }
  return missing;
}

type Turn = 'subscription.cancelled' | 'subscription.expired' | 'subscription.activated';

/** The turn to its present status that nobody was told of. */
function turnOf(now: Subscription, told: Told<Subscription>, before: Subscription | null, known: Subscription | null, window: Window): Turn | null {
  const ended = lastWhere(told, (event) => event.type === 'subscription.cancelled' || event.type === 'subscription.expired' || endings.includes(event.status ?? ''));
  const begun = lastWhere(told, (event) => event.type === 'subscription.activated' || event.type === 'subscription.created');
  const endTold = (type: Turn) => told.events.some((event) => event.type === type && (!begun || !isBefore(event, begun)));
  switch (now.status) {
    case 'cancelled': {
      const at = now.cancelled_at ?? now.updated_at;
      const isTold = now.cancelled_at ? told.events.some((event) => event.type === 'subscription.cancelled' && sameSecond(event.occurredAt.toISOString(), at)) : endTold('subscription.cancelled');
      return !isTold && (isWithin(window, at) || before?.status === 'active') ? 'subscription.cancelled' : null;
    }
    case 'expired': {
      const happened = told.newest ? told.newest.facts.status !== 'expired' : isWithin(window, now.updated_at) || known?.status === 'active';
      return happened && !endTold('subscription.expired') ? 'subscription.expired' : null;
    }
    case 'active': {
      if (told.events.length === 0) return known && endings.includes(known.status ?? '') && isAfter(now.updated_at, known.updated_at) ? 'subscription.activated' : null;
      return ended && (!begun || isBefore(begun, ended)) ? 'subscription.activated' : null;
    }
    default:
      return null;
  }
}

function isChanged(now: Subscription, told: Told<Subscription>, known: Subscription | null, window: Window, changedAt: string | null): boolean {
  if (told.newest) return isNewer(told, now.updated_at) || !saysTheSame(told.newest.facts, now, derived);
  if (isWithin(window, laterOf(now.updated_at, changedAt))) return true;
  return known !== null && !saysTheSame(known, now, derived);
}

/** The state at its creation, as far as it is certain: it was not ended yet. */
function asItBegan(now: Subscription): Subscription {
  if (!endings.includes(now.status ?? '')) return now;
  return { ...now, status: 'active', cancelled_at: null, cancellation_reason: null, cancellation_reason_comments: null, next_charge_scheduled_at: null, has_queued_charges: null, updated_at: now.created_at };
}

function isAfter(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && Date.parse(a) > Date.parse(b);
}

function fact(type: Turn | 'subscription.created' | 'subscription.updated' | 'subscription.swapped', subscription: Subscription): Fact {
  return { type, data: { subscription } };
}
