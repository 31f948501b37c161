import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pool } from '#app/db.server.ts';
import { applyMigrations, isMigrated, readMigrations, type Migration } from '#app/database/migrate.server.ts';
import { createEmptyDatabase, type TestDatabase } from '#tests/support/database.ts';

describe('the migrations', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeEach(async () => {
    database = await createEmptyDatabase();
    client = new pg.Client({ connectionString: database.url });
    client.on('error', () => {});
    await client.connect();
  });

  afterEach(async () => {
    await client.end();
    await database.drop();
  });

  it('are applied in their order and not again', async () => {
    const migrations = [migration('0001_table', 'create table t (a int)'), migration('0002_column', 'alter table t add b int')];

    expect(await applyMigrations(database.url, migrations)).toEqual(['0001_table', '0002_column']);

    expect(await applyMigrations(database.url, migrations)).toEqual([]);
    expect((await client.query('select a, b from t')).rows).toEqual([]);
  });

  it('are applied exactly once by four processes at the same time', async () => {
    const migrations = [migration('0001_table', 'create table t (a int); insert into t values (1); select pg_sleep(0.2)')];

    const applied = await Promise.all([1, 2, 3, 4].map(() => applyMigrations(database.url, migrations)));

    expect(applied.flat()).toEqual(['0001_table']);
    expect((await client.query('select a from t')).rows).toEqual([{ a: 1 }]);
  });

  it('may hold functions and texts with semicolons', async () => {
    const sql = `create function two() returns int language plpgsql as $$ begin perform 1; return 2; end $$; create table t as select 'a;b' as text`;

    await applyMigrations(database.url, [migration('0001_function', sql)]);

    expect((await client.query('select two(), text from t')).rows).toEqual([{ two: 2, text: 'a;b' }]);
  });

  it('are refused when one that was applied has changed since', async () => {
    await applyMigrations(database.url, [migration('0001_table', 'create table t (a int)')]);

    const changed = applyMigrations(database.url, [migration('0001_table', 'create table t (a bigint)'), migration('0002_more', 'create table u ()')]);

    await expect(changed).rejects.toThrow('The migration 0001_table was changed after it had been applied to this database');
    expect((await client.query(`select to_regclass('u') as u`)).rows).toEqual([{ u: null }]);
  });

  it('are refused when the database is of a newer version of the app', async () => {
    const first = migration('0001_table', 'create table t (a int)');
    await applyMigrations(database.url, [first, migration('0002_newer', 'create table u ()')]);

    await expect(applyMigrations(database.url, [first])).rejects.toThrow('The database has the migration 0002_newer, which this version of the app does not know');
  });

  it('leave nothing of one that fails, and keep those before it', async () => {
    const broken = [migration('0001_table', 'create table t (a int)'), migration('0002_broken', 'create table u (); select nothing from nowhere')];

    await expect(applyMigrations(database.url, broken)).rejects.toThrow('The migration 0002_broken failed and was undone: relation "nowhere" does not exist');

    expect((await client.query(`select to_regclass('t')::text as t, to_regclass('u')::text as u`)).rows).toEqual([{ t: 't', u: null }]);
    expect(await applyMigrations(database.url, [broken[0] as Migration, migration('0002_broken', 'create table u ()')])).toEqual(['0002_broken']);
  });

  it('of this version are all in a database that tests use, and an empty one lacks them', async () => {
    expect(await isMigrated(pool())).toBe(true);
    expect(await isMigrated(client as unknown as pg.Pool)).toBe(false);
    expect(readMigrations().map(({ name }) => name)).toContain('0001_init');
  });
});

function migration(name: string, sql: string): Migration {
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}
