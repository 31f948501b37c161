/** Which facts about an order no webhook told. Pure; see missing.ts. */
import type { OrderEvent } from '#app/events/event.ts';
import type { Order } from '#app/events/facts.ts';
import type { MissingFact } from './missing.ts';
import { isNewer, isStale, isWithin, saysTheSame, wasTold, type Told, type Window } from './told.ts';

export function missingOfOrder(now: Order, told: Told<Order>, window: Window): MissingFact[] {
  if (wasTold(told, 'order.deleted')) return [];
  const missing: MissingFact[] = [];
  const tell = (type: OrderEvent['type'], occurredAt?: string | null) => {
    if (!wasTold(told, type)) missing.push({ fact: { type, data: { order: now } }, ...(occurredAt ? { occurredAt } : {}) });
  };
  if (isWithin(window, now.created_at)) tell('order.created', now.created_at);
  const placedAt = now.processed_at ?? now.created_at;
  if (now.status === 'success' && isWithin(window, placedAt)) {
    tell('order.success', placedAt);
    // Recharge sends this one for recurring orders only.
    if (now.type === 'recurring') tell('order.processed', placedAt);
  }
  if (isStale(told, now.updated_at)) return missing;
  if (now.status === 'cancelled' && isWithin(window, now.updated_at)) tell('order.cancelled');
  const changed = told.newest ? isNewer(told, now.updated_at) || !saysTheSame(told.newest.facts, now, ['updated_at']) : isWithin(window, now.updated_at);
  if (missing.length === 0 && changed) missing.push({ fact: { type: 'order.updated', data: { order: now } } });
  return missing;
}
