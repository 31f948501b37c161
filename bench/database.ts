/** A database for a benchmark: the embedded server in a directory of its own, or the one that BENCH_DATABASE_URL names. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { closeDatabase, pool } from '#app/db.server.ts';
import { openEmbeddedDatabase } from '#app/database/embedded.server.ts';
import { applyMigrations } from '#app/database/migrate.server.ts';
import { seal } from '#app/secrets.server.ts';

export type BenchShop = { shopId: string; connectionId: string; connectionKey: string; secret: string };
export type BenchDatabase = { shop: BenchShop; close(): Promise<void> };

/** Sets DATABASE_URL and ENCRYPTION_KEYS for this process and its children, and makes one shop with a connection. */
export async function openBenchDatabase(): Promise<BenchDatabase> {
  process.env.ENCRYPTION_KEYS ??= `bench:${randomBytes(32).toString('base64')}`;
  process.env.LOG_LEVEL ??= 'warn';
  const given = process.env.BENCH_DATABASE_URL;
  const directory = given ? undefined : mkdtempSync(path.join(tmpdir(), 'rechannel-bench-'));
  const embedded = directory ? await openEmbeddedDatabase({ dataDir: directory }) : undefined;
  process.env.DATABASE_URL = given ?? embedded?.url;
  await applyMigrations(process.env.DATABASE_URL as string);
  return {
    shop: await makeShop(),
    async close() {
      await closeDatabase();
      await embedded?.stop();
      if (directory) rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function makeShop(): Promise<BenchShop> {
  const connectionKey = randomBytes(20).toString('hex');
  const secret = randomBytes(32).toString('hex');
  const domain = `bench-${connectionKey.slice(0, 8)}.myshopify.com`;
  const shop = await pool().query<{ id: string }>('insert into "Shop" (domain) values ($1) returning id', [domain]);
  const shopId = shop.rows[0]?.id as string;
  const sealed = seal(secret, { shopId, table: 'Connection', column: 'clientSecret' });
  const connection = await pool().query<{ id: string }>(
    'insert into "Connection" ("shopId", "connectionKey", "clientSecretSealed", "updatedAt") values ($1, $2, $3, now()) returning id', [shopId, connectionKey, sealed]);
  return { shopId, connectionId: connection.rows[0]?.id as string, connectionKey, secret };
}
