// The one Prisma client and the one connection pool of a process.
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@prisma/client';
import pg from 'pg';
import { databaseUrl } from './env.server.ts';

export type TransactionOptions = {
  /** How long one statement may take, in ms; otherwise 14 s. Beyond that the query itself needs a `query_timeout` of its own. */
  statementTimeoutMs?: number;
  /** How long a statement waits for a row or table that another transaction holds, in ms; otherwise 2 s. */
  lockTimeoutMs?: number;
};

type Database = { pool?: pg.Pool; client?: PrismaClient };

// The built server contains a copy of this module; on the global object both copies find the same pool.
const key = Symbol.for('rechannel.database');
const database = ((globalThis as Record<symbol, unknown>)[key] ??= {}) as Database;

/** The pool, made on first use. Connections that break are dropped and replaced; the statement that used one fails. */
export function pool(): pg.Pool {
  return (database.pool ??= newPool());
}

/** The Prisma client on the same pool, made on first use. */
export const db: PrismaClient = new Proxy({} as PrismaClient, {
  get(_, property) {
    const client = (database.client ??= new PrismaClient({ adapter: new PrismaPg(pool()) }));
    const value: unknown = Reflect.get(client, property);
    return typeof value === 'function' ? (value.bind(client) as unknown) : value;
  },
  has: (_, property) => property in (database.client ??= new PrismaClient({ adapter: new PrismaPg(pool()) })),
});

/**
 * Runs `work` in one transaction (read committed) and returns its result; what it throws undoes everything and is thrown on.
 * Statements and waits for locks end in an error after the limits in `options`.
 */
export async function transaction<Result>(work: (client: pg.PoolClient) => Promise<Result>, options: TransactionOptions = {}): Promise<Result> {
  const client = await pool().connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    await client.query(`begin${limits(options)}`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
}

/** Closes client and pool; a later use makes new ones. */
export async function closeDatabase(): Promise<void> {
  const { client, pool: open } = database;
  delete database.client;
  delete database.pool;
  await client?.$disconnect();
  await open?.end();
}

function newPool(): pg.Pool {
  const opened = new pg.Pool({
    connectionString: databaseUrl(),
    application_name: 'rechannel',
    max: 20,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    // The server ends what takes too long; when the server is beyond reach without a word, only our own limit ends the wait.
    statement_timeout: 14_000,
    query_timeout: 15_000,
    lock_timeout: 2_000,
    idle_in_transaction_session_timeout: 10_000,
    // Prisma's adapter cuts the offset from a timestamptz and takes what is left for UTC.
    options: '-c timezone=UTC',
  });
  opened.on('error', () => {});
  // A connection cut at the moment it is handed out reports that to nobody (pg-pool 3), which would end the process.
  opened.on('connect', (client) => client.on('error', () => {}));
  return opened;
}

function limits({ statementTimeoutMs, lockTimeoutMs }: TransactionOptions): string {
  return [['statement_timeout', statementTimeoutMs], ['lock_timeout', lockTimeoutMs]]
    .filter(([, limit]) => limit !== undefined)
    .map(([name, limit]) => `; set local ${name} = ${Number(limit)}`)
    .join('');
}
