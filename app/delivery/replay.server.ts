/**
 * A person asks for deliveries to be tried again: same event, same id, marked as a replay, in the customer's order.
 */
import type pg from 'pg';
import { transaction } from '#app/db.server.ts';
import { Failure } from '#app/errors.ts';
import type { StoredState } from './state.ts';

export type ReplayFilter = {
  state: Extract<StoredState, 'dead' | 'delivered' | 'skipped' | 'superseded'>;
  destinationType?: string | undefined;
  destinationId?: string | undefined;
  since?: Date | undefined;
  deliveryIds?: readonly string[] | undefined;
};

const batchSize = 500;

/** Tries one settled delivery again. Throws Failure `rejected` when the shop has none such or it still waits. */
export async function replayDelivery(shopId: string, deliveryId: string, by: string): Promise<{ accepted: 1 }> {
  const accepted = await transaction(async (tx) => {
    const found = await tx.query<{ id: string; state: string }>(`select id, state from "Delivery" where "shopId" = $1 and id = $2`, [shopId, deliveryId]);
    const row = found.rows[0];
    if (!row) throw new Failure('rejected', `There is no delivery ${deliveryId}`, { code: 'delivery_not_found' });
    if (row.state === 'pending') throw new Failure('rejected', `Delivery ${deliveryId} still waits: it is going to be sent anyway`, { code: 'delivery_waits' });
    return requeue(tx, shopId, [deliveryId], by);
  });
  if (accepted === 0) throw new Failure('rejected', `Delivery ${deliveryId} is being replayed already`, { code: 'delivery_waits' });
  return { accepted: 1 };
}

/** Tries all matching deliveries again, in batches, each complete in itself. */
export async function replayMany(shopId: string, filter: ReplayFilter, by: string): Promise<{ accepted: number }> {
  let accepted = 0;
  let after = '0';
  for (;;) {
    const batch = await transaction(async (tx) => {
      const found = await tx.query<{ id: string }>(
        `select d.id from "Delivery" d join "Destination" dest on dest.id = d."destinationId"
         where d."shopId" = $1 and d.state = $2 and d.id > $3 and ($4::text is null or dest.type = $4) and ($5::bigint is null or dest.id = $5)
           and ($6::timestamptz is null or d."createdAt" >= $6) and ($7::bigint[] is null or d.id = any($7)) order by d.id limit $8`,
        [shopId, filter.state, after, filter.destinationType ?? null, filter.destinationId ?? null, filter.since ?? null, filter.deliveryIds ?? null, batchSize],
      );
      const ids = found.rows.map((row) => row.id);
      return { count: ids.length === 0 ? 0 : await requeue(tx, shopId, ids, by), last: ids.at(-1) };
    });
    accepted += batch.count;
    if (!batch.last) return { accepted };
    after = batch.last;
  }
}

async function requeue(tx: pg.PoolClient, shopId: string, deliveryIds: readonly string[], by: string): Promise<number> {
  await tx.query(`select l.id from "Lane" l where l.id in (select "laneId" from "Delivery" where id = any($1)) order by l.id for update`, [deliveryIds]);
  const requeued = await tx.query<{ laneId: string }>(
    `update "Delivery" set state = 'pending', reason = null, tries = 0, replays = replays + 1, "dueAt" = now(), "settledAt" = null
     where "shopId" = $1 and id = any($2) and state <> 'pending' returning "laneId"`,
    [shopId, deliveryIds],
  );
  const laneIds = [...new Set(requeued.rows.map((row) => row.laneId))];
  await tx.query(`update "Lane" set "readyAt" = now() where id = any($1)`, [laneIds]);
  await tx.query(
    `insert into "SettingChange" ("shopId", actor, subject, after) select $1, $2, 'replay', jsonb_build_object('deliveries', $3::int) where $3::int > 0`,
    [shopId, by, requeued.rowCount ?? 0],
  );
  await tx.query(`select pg_notify('rechannel_work', 'delivery')`);
  return requeued.rowCount ?? 0;
}
