// Who did what: the events Recharge keeps for a week.
import type { EventRow, Store, Token } from './types.ts';
import { nextId, nowInstant } from './world.ts';
import type { World } from './world.ts';

/** A token's call, or somebody in one of Recharge's own interfaces. */
export type Actor = Token | 'merchant_portal' | 'customer_portal' | 'system';

export function recordEvent(
  world: World,
  store: Store,
  by: Actor,
  about: { customer_id: number; object_id: number; object_type: string; verb: string; changed?: EventRow['updated_attributes'] },
): void {
  store.events.put({
    id: nextId(world, 'event'),
    customer_id: about.customer_id,
    object_id: about.object_id,
    object_type: about.object_type,
    created_at: nowInstant(world),
    description: `${about.object_type.slice(0, 1).toUpperCase()}${about.object_type.slice(1)} ${about.verb}`,
    verb: about.verb,
    source: sourceOf(by),
    updated_attributes: about.changed ?? [],
  });
}

function sourceOf(by: Actor): EventRow['source'] {
  const nobody = { account_email: null, account_id: null, api_token_id: null, api_token_name: null };
  if (typeof by === 'object') return { ...nobody, api_token_id: by.id, api_token_name: by.name, origin: 'api', user_type: 'api' };
  if (by === 'merchant_portal') return { ...nobody, account_email: 'agent@example.com', account_id: 10, origin: by, user_type: 'merchant' };
  return { ...nobody, origin: by, user_type: by === 'system' ? 'system' : 'customer' };
}
