/** One change of a shop's connections at a time, over all processes: two setup runs do not register everything twice. */
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { pool } from '#app/db.server.ts';
import { Failure } from '#app/errors.ts';

const lockSpace = 7_273_002;
const waitLimitMs = 60_000;
const lookAgainMs = 50;
/** Each holder keeps one of the pool's 20 connections and needs others for its work. */
const mostHeld = 8;
let held = 0;

/**
 * Runs `work` while holding the shop's lock, which the database drops when this process dies. The lock belongs to a session,
 * not to a transaction, because vendors are asked while it is held. Throws Failure `transient` after a minute of waiting.
 */
export async function withShopLock<Result>(domain: string, work: () => Promise<Result>): Promise<Result> {
  const client = await takeLock(domain);
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    return await work();
  } finally {
    await client.query('select pg_advisory_unlock($1, hashtext($2))', [lockSpace, domain]).catch((error: Error) => (broken = error));
    client.removeListener('error', onError);
    client.release(broken);
    held -= 1;
  }
}

/** Those who wait hold no connection in between, or twenty of them would starve the one who works. */
async function takeLock(domain: string): Promise<pg.PoolClient> {
  for (const end = Date.now() + waitLimitMs; Date.now() < end; await pause(lookAgainMs)) {
    if (held >= mostHeld) continue;
    held += 1;
    const client = await tryLock(domain).catch((error: unknown) => {
      held -= 1;
      throw error;
    });
    if (client) return client;
    held -= 1;
  }
  throw new Failure('transient', `Somebody else is changing the connections of ${domain}. Try again in a minute.`, { code: 'shop_busy' });
}

async function tryLock(domain: string): Promise<pg.PoolClient | null> {
  const client = await pool().connect();
  try {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as locked', [lockSpace, domain]);
    if (rows[0]?.locked) return client;
  } catch (error) {
    client.release(error as Error);
    throw error;
  }
  client.release();
  return null;
}
