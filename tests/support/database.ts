// Gives each test a migrated database of its own, copied from a template on one embedded server that all test runs share.
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { openEmbeddedDatabase } from '#app/database/embedded.server.ts';
import { applyMigrations, readMigrations } from '#app/database/migrate.server.ts';

export type TestDatabase = { url: string; drop(): Promise<void> };

const projectDirectory = path.resolve(import.meta.dirname, '..', '..');
// Taken in the database `postgres` while a template is made or old databases are dropped.
const templateLock = 7_273_002;

let server: Promise<{ url: string; stop(): Promise<void> }> | undefined;

/**
 * Copies the migrated template (about 50 ms). TEST_DATABASE_URL names another server to use than the shared embedded one;
 * its user must be allowed to create databases.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url } = await openTestServer();
  const template = await migratedTemplate(url);
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await administer(url, (client) => client.query(`create database ${name} template ${template}`));
  return {
    url: withDatabase(url, name),
    drop: () => administer(url, async (client) => void (await client.query(`drop database if exists ${name} with (force)`))),
  };
}

/** Copies no template: an empty database, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const { url } = await openTestServer();
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await administer(url, (client) => client.query(`create database ${name}`));
  return {
    url: withDatabase(url, name),
    drop: () => administer(url, async (client) => void (await client.query(`drop database if exists ${name} with (force)`))),
  };
}

/** Joins the shared server, which stays up for as long as any test run on this machine uses it. */
export function openTestServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL;
  return (server ??= given
    ? Promise.resolve({ url: given, stop: async () => {} })
    : openEmbeddedDatabase({ dataDir: path.join(projectDirectory, '.cache', 'test-postgres') }));
}

/** Leaves the shared server. */
export async function closeTestServer(): Promise<void> {
  const open = await server;
  server = undefined;
  await open?.stop();
}

/** Drops what killed test runs left behind: databases older than six hours that nobody is connected to. */
export async function dropForgottenDatabases(): Promise<void> {
  const { url } = await openTestServer();
  await administer(url, async (client) => {
    await client.query('select pg_advisory_lock($1)', [templateLock]);
    const { rows } = await client.query<{ datname: string }>(`
      select datname from pg_database d
      where (datname like 'test\\_%' or datname like 'template\\_%')
        and (pg_stat_file('base/' || d.oid || '/PG_VERSION')).modification < now() - interval '6 hours'
        and datname <> $1
        and not exists (select 1 from pg_stat_activity a where a.datid = d.oid)`, [templateName()]);
    for (const { datname } of rows) await client.query(`drop database if exists ${datname}`);
  });
}

async function migratedTemplate(url: string): Promise<string> {
  const name = templateName();
  await administer(url, async (client) => {
    if (await exists(client, name)) return;
    await client.query('select pg_advisory_lock($1)', [templateLock]);
    if (await exists(client, name)) return;
    // The name appears only when the template is complete, so a run that is killed here does no harm.
    const draft = `building_${name}`;
    await client.query(`drop database if exists ${draft} with (force)`);
    await client.query(`create database ${draft}`);
    await applyMigrations(withDatabase(url, draft), migrations());
    await client.query(`alter database ${draft} rename to ${name}`);
  });
  return name;
}

function templateName(): string {
  const digest = createHash('sha256');
  for (const { name, checksum } of migrations()) digest.update(`${name} ${checksum}\n`);
  return `template_${digest.digest('hex').slice(0, 16)}`;
}

function migrations() {
  return readMigrations(path.join(projectDirectory, 'prisma', 'migrations'));
}

async function exists(client: pg.Client, name: string): Promise<boolean> {
  return (await client.query('select 1 from pg_database where datname = $1', [name])).rowCount === 1;
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function administer<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: withDatabase(url, 'postgres') });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
