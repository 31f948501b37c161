/** Which events each of a shop's destinations takes, for the fan-out. Needs no secret and makes no call. */
import type pg from 'pg';
import type { Acceptance } from '#app/destinations/contract.ts';
import { findPlugin } from '#app/destinations/registry.server.ts';
import type { EventType } from '#app/events/event.ts';

export type AcceptingDestination = { destinationId: string; type: string; accepts: Partial<Record<EventType, Acceptance>> };

/** All destinations of a shop, paused and stopped ones too: what comes meanwhile is held, not lost. */
export async function acceptingDestinations(tx: pg.PoolClient, shopId: string): Promise<AcceptingDestination[]> {
  const rows = await tx.query<{ id: string; type: string; settings: Record<string, unknown> }>(
    `select id, type, settings from "Destination" where "shopId" = $1 order by id`,
    [shopId],
  );
  return rows.rows.flatMap((row) => {
    const plugin = findPlugin(row.type);
    return plugin ? [{ destinationId: row.id, type: row.type, accepts: plugin.accepts(row.settings as never) }] : [];
  });
}
