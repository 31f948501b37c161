// Brings a database up to the migrations in prisma/migrations, once, however many processes ask at the same time.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';

export type Migration = { name: string; checksum: string; sql: string };

// The number of the advisory lock that `prisma migrate` takes, so that the two never run at once.
const migrationLock = 72_707_369;

const historyTable = `
  create table if not exists _prisma_migrations (
    id varchar(36) primary key not null,
    checksum varchar(64) not null,
    finished_at timestamptz,
    migration_name varchar(255) not null,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`;

/**
 * Applies the migrations that the database lacks, each in one transaction, and returns their names.
 * Keeps Prisma's own history table, so that `prisma migrate` agrees. Throws when an applied migration was changed or is
 * missing here (an older version of the app on a newer database), and when one fails; that one then leaves nothing behind.
 */
export async function applyMigrations(databaseUrl: string, migrations: Migration[] = readMigrations()): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'rechannel migrations' });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query(historyTable);
    const pending = pendingMigrations(migrations, await appliedMigrations(client));
    for (const migration of pending) await apply(client, migration);
    return pending.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

/** True when the database has every migration of this version, unchanged; for readiness checks. Needs no lock. */
export async function isMigrated(client: Pick<pg.Pool, 'query'>, migrations: Migration[] = readMigrations()): Promise<boolean> {
  try {
    return pendingMigrations(migrations, await appliedMigrations(client)).length === 0;
  } catch {
    return false;
  }
}

/** The migrations of this version in their order. `directory` defaults to prisma/migrations of the project. */
export function readMigrations(directory: string = migrationsDirectory()): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(path.join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

function migrationsDirectory(): string {
  // From the project's root, where every command starts; the built server's modules lie elsewhere than their sources.
  return path.resolve('prisma', 'migrations');
}

async function appliedMigrations(client: Pick<pg.Pool, 'query'>): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'select migration_name, checksum from _prisma_migrations where finished_at is not null and rolled_back_at is null');
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

function pendingMigrations(migrations: Migration[], applied: Map<string, string>): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration.checksum]));
  for (const [name, checksum] of applied) {
    const ours = known.get(name);
    if (ours === undefined) throw new Error(`The database has the migration ${name}, which this version of the app does not know: start the newer version`);
    if (ours !== checksum) throw new Error(`The migration ${name} was changed after it had been applied to this database: restore its file and put the change into a new migration`);
  }
  return migrations.filter((migration) => !applied.has(migration.name));
}

async function apply(client: pg.Client, { name, checksum, sql }: Migration): Promise<void> {
  try {
    await client.query('begin');
    // Without parameters: the simple protocol takes the whole file as it is.
    await client.query(sql);
    await client.query(
      'insert into _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) values ($1, $2, now(), $3, 1)',
      [randomUUID(), checksum, name]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new Error(`The migration ${name} failed and was undone: ${(error as Error).message}`, { cause: error });
  }
}
