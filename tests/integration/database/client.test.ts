import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { db, pool, transaction } from '#app/db.server.ts';
import { databaseUrl } from '#app/env.server.ts';

describe('the database of a process', () => {
  it('shows the same rows through Prisma and through the pool, with instants in UTC', async () => {
    const installedAt = new Date('2026-03-29T00:30:00.123Z');

    const shop = await db.shop.create({ data: { domain: 'client-one.myshopify.com', installedAt, domains: ['one.example'] } });

    const { rows } = await pool().query('select id, "installedAt", domains from "Shop" where domain = $1', ['client-one.myshopify.com']);
    expect(rows).toEqual([{ id: String(shop.id), installedAt, domains: ['one.example'] }]);
    expect((await db.shop.findUniqueOrThrow({ where: { id: shop.id } })).installedAt).toEqual(installedAt);
  });

  it('joins several writes in a Prisma transaction or undoes them all', async () => {
    await expect(db.$transaction(async (tx) => {
      await tx.shop.create({ data: { domain: 'client-two.myshopify.com' } });
      await tx.shop.create({ data: { domain: 'client-two.myshopify.com' } });
    })).rejects.toMatchObject({ code: 'P2002' });

    expect(await db.shop.count({ where: { domain: 'client-two.myshopify.com' } })).toBe(0);
  });

  it('commits what a transaction on the pool did and returns its result', async () => {
    const count = await transaction(async (client) => {
      await client.query(`insert into "Shop" (domain) values ('client-three.myshopify.com')`);
      return (await client.query(`select 1 from "Shop" where domain = 'client-three.myshopify.com'`)).rowCount;
    });

    expect(count).toBe(1);
    expect(await db.shop.count({ where: { domain: 'client-three.myshopify.com' } })).toBe(1);
  });

  it('undoes a transaction whose work throws, and the connection serves again', async () => {
    await expect(transaction(async (client) => {
      await client.query(`insert into "Shop" (domain) values ('client-four.myshopify.com')`);
      throw new Error('changed my mind');
    })).rejects.toThrow('changed my mind');

    expect(await db.shop.count({ where: { domain: 'client-four.myshopify.com' } })).toBe(0);
  });

  it('QU-D1 gives up on a lock that another transaction holds', async () => {
    await db.shop.create({ data: { domain: 'client-five.myshopify.com' } });
    const holder = new pg.Client({ connectionString: databaseUrl() });
    await holder.connect();
    await holder.query(`begin; select * from "Shop" where domain = 'client-five.myshopify.com' for update`);

    const blocked = transaction((client) => client.query(`update "Shop" set name = 'x' where domain = 'client-five.myshopify.com'`), { lockTimeoutMs: 50 });

    await expect(blocked).rejects.toMatchObject({ code: '55P03' });
    await holder.end();
  });

  it('survives the loss of every connection, idle and in a transaction', async () => {
    const killer = new pg.Client({ connectionString: databaseUrl() });
    await killer.connect();
    const killAll = () => killer.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
    await Promise.all([1, 2, 3].map(() => pool().query('select 1')));

    await expect(transaction(async (client) => {
      await killAll();
      await client.query('select 1');
    })).rejects.toThrow();

    // A statement may still meet a connection whose end has not arrived yet: it fails, the process goes on.
    await expect.poll(() => pool().query('select 1 as one').then(({ rows }) => rows, (error: Error) => error.message)).toEqual([{ one: 1 }]);
    expect(await db.shop.count({ where: { domain: 'nobody.myshopify.com' } })).toBe(0);
    await killer.end();
  });
});
