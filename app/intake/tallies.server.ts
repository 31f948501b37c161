/**
 * Writes what the intake counts beside the rows: further copies of a webhook, and refused signatures.
 * Gathered in memory and written about once a second, so that neither a flood of forgeries nor one of copies costs the
 * database a write each. A process that dies loses at most the last second of these counts, and no webhook.
 */
import type pg from 'pg';
import { log } from '#app/log.server.ts';
import type { KnownConnection } from './known-connections.server.ts';

export type Tallies = {
  duplicate(connection: KnownConnection, digest: Buffer): void;
  refused(connection: KnownConnection, reason: string): void;
  /** Writes what is left and stops. */
  close(): Promise<void>;
};

const writeEveryMs = 1_000;
const queryTimeoutMs = 5_000;

type Copies = { shopId: string; connectionId: string; digest: Buffer; count: number };
type Refusals = { shopId: string; count: number; reasons: Set<string> };

export function createTallies(pool: () => pg.Pool): Tallies {
  let copies = new Map<string, Copies>();
  let refusals = new Map<string, Refusals>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function later(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      writing = writing.then(write);
    }, writeEveryMs);
  }

  async function write(): Promise<void> {
    const [fewCopies, fewRefusals] = [copies, refusals];
    [copies, refusals] = [new Map(), new Map()];
    try {
      if (fewCopies.size > 0) {
        const rows = [...fewCopies.values()];
        await run(copiesStatement, [rows.map((row) => row.shopId), rows.map((row) => row.connectionId), rows.map((row) => row.digest), rows.map((row) => row.count)]);
      }
      if (fewRefusals.size > 0) await run(refusalsStatement, [[...fewRefusals.keys()], [...fewRefusals.values()].map((row) => row.count)]);
    } catch (error) {
      log.warn('Counts of the intake were not written', { error });
    }
    for (const [connectionId, { shopId, count, reasons }] of fewRefusals) {
      log.warn('Recharge webhooks were refused', { shopId, connectionId, count, reasons: [...reasons] });
    }
  }

  async function run(text: string, values: unknown[]): Promise<void> {
    const query = { text, values, query_timeout: queryTimeoutMs };
    await pool().query(query);
  }

  return {
    duplicate({ shopId, connectionId }, digest) {
      const key = `${connectionId} ${digest.toString('latin1')}`;
      const row = copies.get(key) ?? { shopId, connectionId, digest, count: 0 };
      row.count++;
      copies.set(key, row);
      later();
    },
    refused({ shopId, connectionId }, reason) {
      const row = refusals.get(connectionId) ?? { shopId, count: 0, reasons: new Set() };
      row.count++;
      row.reasons.add(reason);
      refusals.set(connectionId, row);
      later();
    },
    async close() {
      clearTimeout(timer);
      await writing;
      await write();
    },
  };
}

const copiesStatement = `
  update "InboundWebhook" w set duplicates = w.duplicates + c.count
  from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::int[]) as c(shop, connection, digest, count)
  where w."shopId" = c.shop and w."connectionId" = c.connection and w.digest = c.digest`;

const refusalsStatement = `
  update "Connection" k set "refusedCount" = k."refusedCount" + r.count, "refusedAt" = now()
  from unnest($1::bigint[], $2::int[]) as r(connection, count) where k.id = r.connection`;
