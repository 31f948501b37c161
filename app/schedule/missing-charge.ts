/** Which facts about a charge no webhook told. Pure; see missing.ts. */
import type { Charge } from '#app/events/facts.ts';
import type { Fact } from '#app/recharge/event-of.ts';
import type { MissingFact } from './missing.ts';
import { contentAtStart, isNewer, isStale, isWithin, saysTheSame, wasTold, type Told, type Window } from './told.ts';

const paid = ['success', 'refunded', 'partially_refunded'];
const refunded = ['refunded', 'partially_refunded'];

export function missingOfCharge(now: Charge, told: Told<Charge>, window: Window): MissingFact[] {
  if (wasTold(told, 'charge.deleted')) return [];
  const stale = isStale(told, now.updated_at);
  const missing: MissingFact[] = [];
  if (isWithin(window, now.created_at) && !wasTold(told, 'charge.created')) {
    missing.push({ fact: fact('charge.created', contentAtStart(now, told, stale, asItBegan)), occurredAt: now.created_at });
  }
  if (paid.includes(now.status ?? '') && isWithin(window, now.processed_at) && !wasTold(told, 'charge.paid')) {
    missing.push({ fact: fact('charge.paid', isNewer(told, now.processed_at) ? asItWasPaid(now) : contentAtStart(now, told, stale, asItWasPaid)) });
  }
  if (stale) return missing;
  const state = untoldState(now, told, window);
  if (state) missing.push({ fact: fact(state, now) });
  const presentIsTold = missing.some(({ fact: { data } }) => 'charge' in data && data.charge === now);
  if (!presentIsTold && isChanged(now, told, window)) missing.push({ fact: fact('charge.updated', now) });
  return missing;
}

type State = 'charge.refunded' | 'charge.failed' | 'charge.max_retries_reached';

/** A state without a time of its own: told when no event told it and it was not so before the window. */
function untoldState(now: Charge, told: Told<Charge>, window: Window): State | null {
  if (!isWithin(window, now.updated_at)) return null;
  const before = told.newest && told.newest.event.updatedAt && told.newest.event.updatedAt < window.since ? told.newest.facts : null;
  if (refunded.includes(now.status ?? '')) {
    const isTold = told.events.some((event) => event.type === 'charge.refunded' && event.totalRefunds === now.total_refunds);
    const wasSo = before !== null && refunded.includes(before.status ?? '') && before.total_refunds === now.total_refunds;
    return isTold || wasSo ? null : 'charge.refunded';
  }
  if (now.status !== 'error' || (before?.status === 'error' && before.charge_attempts === now.charge_attempts && before.error_type === now.error_type)) return null;
  if (now.error_type === 'CLOSED_MAX_RETRIES_REACHED') return wasTold(told, 'charge.max_retries_reached') ? null : 'charge.max_retries_reached';
  return told.events.some((event) => event.type === 'charge.failed' && event.chargeAttempts === now.charge_attempts) ? null : 'charge.failed';
}

function isChanged(now: Charge, told: Told<Charge>, window: Window): boolean {
  if (!told.newest) return isWithin(window, now.updated_at);
  return isNewer(told, now.updated_at) || !saysTheSame(told.newest.facts, now, ['updated_at']);
}

/** A checkout's charge begins paid; any other waits for its day first. */
function asItBegan(now: Charge): Charge {
  if (now.type === 'checkout' ? now.status === 'success' : now.status === 'queued') return now;
  const begun = { ...now, total_refunds: null, error_type: null, charge_attempts: null, retry_date: null, updated_at: now.created_at };
  return now.type === 'checkout' ? { ...begun, status: 'success' } : { ...begun, status: 'queued', processed_at: null, external_order_id: null };
}

/** Before the refund that followed. */
function asItWasPaid(now: Charge): Charge {
  return refunded.includes(now.status ?? '') ? { ...now, status: 'success', total_refunds: null, updated_at: now.processed_at } : now;
}

function fact(type: State | 'charge.created' | 'charge.paid' | 'charge.updated', charge: Charge): Fact {
  return { type, data: { charge } };
}
