/** A connected shop whose webhooks can be lost, for tests of self-repair. The simulator's time stands still unless moved. */
import { pool } from '#app/db.server.ts';
import { processConnection } from '#app/intake/process.server.ts';
import { runJob, type JobReport } from '#app/schedule/jobs.server.ts';
import type { ActName, DoInput } from '#sandbox/recharge/do.ts';
import type { StoreOptions } from '#sandbox/recharge/simulator.ts';
import type { Store } from '#sandbox/recharge/types.ts';
import { startRig, type Rig, type RigShop } from '#tests/support/rig.ts';

export type Told = { type: string; objectId: string; origin: string; occurredAt: Date; data: Record<string, Record<string, unknown>> };

export type StagedShop = RigShop & {
  connectionId: string;
  store(): Store;
  /** By the simulator's clock. */
  connectedAt: Date;
  /** Does something at Recharge and moves time on until all its webhooks are sent; with `lost` none of them is. */
  act(name: ActName, input?: DoInput, options?: { lost?: boolean }): Promise<{ id: number }>;
  /** As if Recharge had deleted them. */
  deleteRegistrations(): void;
  run(job: string, slot?: string): Promise<JobReport>;
  /** All that was told, oldest first; without the derived customer states unless asked for. */
  told(types?: RegExp): Promise<Told[]>;
};

export type Stage = { rig: Rig; shop(store?: Partial<StoreOptions>, options?: { bloomreach?: Record<string, unknown> | null }): Promise<StagedShop> };

/** Seconds after which the last rebuild of a charge is told. */
const untilQuiet = 130;

export async function startStage(): Promise<Stage> {
  const rig = await startRig({ recharge: { timeScale: 0, switches: { webhookDelayFactor: 0, rateLimit: false, rateCapacity: 100_000, daily: false } } });
  return {
    rig,
    async shop(store = {}, options = { bloomreach: null }) {
      const made = await unhurried(() =>
        rig.shop({ store: { customers: 3, withSample: false, wishes: [1, 2, 3].map((number) => ({ email: `person.${number}@example.com`, subscriptions: 2 })), ...store }, ...options }),
      );
      const connection = await pool().query<{ id: string }>(`select id from "Connection" where "shopId" = $1`, [made.shopId]);
      const connectionId = connection.rows[0]?.id ?? '';
      // The simulator's time runs ahead of ours; what it was seeded with is from before the connection.
      await rig.recharge.advance(1);
      const connectedAt = new Date(rig.recharge.world.clock.now());
      await pool().query(`update "Connection" set "createdAt" = $2 where id = $1`, [connectionId, connectedAt]);
      await rig.recharge.advance(1);
      const theStore = () => rig.recharge.store(made.domain);
      return {
        ...made,
        connectionId,
        connectedAt,
        store: theStore,
        async act(name, input = {}, { lost = false } = {}) {
          const rows = [...theStore().webhooks.all()].filter((row) => row.token === made.token);
          if (lost) for (const row of rows) theStore().webhooks.delete(row.id);
          const done = await rig.recharge.do(name, { shop: made.domain, ...input });
          await rig.recharge.advance(untilQuiet);
          await rig.recharge.settled();
          if (lost) for (const row of rows) theStore().webhooks.put(row);
          else await intake(made.shopId, connectionId);
          return done as { id: number };
        },
        deleteRegistrations() {
          for (const id of [...theStore().webhooks.ids()]) theStore().webhooks.delete(id);
        },
        run: (job, slot) => unhurried(() => runJob(job, made.shopId, slot)),
        async told(types = /^(?!customer\.subscriptions_changed)/) {
          const { rows } = await pool().query<Told>(`select type, "objectId", origin, "occurredAt", data from "Event" where "shopId" = $1 order by id`, [made.shopId]);
          return rows.filter((row) => types.test(row.type));
        },
      };
    },
  };
}

/** Some forty registrations would wait for the token's allowance: here it is always full. */
export async function unhurried<Result>(work: () => Promise<Result>): Promise<Result> {
  const refill = setInterval(() => void pool().query(`delete from "Budget"`).catch(() => {}), 50);
  return work().finally(() => clearInterval(refill));
}

export async function intake(shopId: string, connectionId: string): Promise<void> {
  for (let left = 1; left > 0; ) left = (await processConnection(connectionId, shopId))?.webhooks ?? 1;
}

/** `subscription.cancelled 12`, counted. */
export function tally(told: readonly Told[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type, objectId } of told) counts[`${type} ${objectId}`] = (counts[`${type} ${objectId}`] ?? 0) + 1;
  return counts;
}

export function typesOf(told: readonly Told[]): string[] {
  return told.map(({ type }) => type);
}
