/** Which facts about a customer no webhook told. Pure; see missing.ts. */
import type { Customer } from '#app/events/facts.ts';
import type { MissingFact } from './missing.ts';
import { isNewer, isStale, isWithin, saysTheSame, wasTold, type Told, type Window } from './told.ts';

export function missingOfCustomer(now: Customer, told: Told<Customer>, window: Window): MissingFact[] {
  if (wasTold(told, 'customer.deleted')) return [];
  if (isWithin(window, now.created_at) && !wasTold(told, 'customer.created')) return [{ fact: { type: 'customer.created', data: { customer: now } }, occurredAt: now.created_at }];
  if (isStale(told, now.updated_at)) return [];
  // Each renewal moves a customer's `updated_at` although nothing about the customer is new.
  const changed = told.newest ? isNewer(told, now.updated_at) && !saysTheSame(told.newest.facts, now, ['updated_at']) : isWithin(window, now.updated_at);
  return changed ? [{ fact: { type: 'customer.updated', data: { customer: now } } }] : [];
}
