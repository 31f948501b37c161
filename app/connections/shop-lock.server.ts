/** One change of a shop's connections at a time, over all processes: two setup runs do not register everything twice. */
import { setTimeout as pause } from 'node:timers/promises';
import { pool } from '#app/db.server.ts';
import { Failure } from '#app/errors.ts';

const lockSpace = 7_273_002;
const waitLimitMs = 60_000;

/**
 * Runs `work` while holding the shop's lock, which the database drops when this process dies. The lock belongs to a session,
 * not to a transaction, because vendors are asked while it is held. Throws Failure `transient` after a minute of waiting.
 */
export async function withShopLock<Result>(domain: string, work: () => Promise<Result>): Promise<Result> {
  const client = await pool().connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    for (const end = Date.now() + waitLimitMs; ; await pause(50)) {
      const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as locked', [lockSpace, domain]);
      if (rows[0]?.locked) break;
      if (Date.now() > end) throw new Failure('transient', `Somebody else is changing the connections of ${domain}. Try again in a minute.`, { code: 'shop_busy' });
    }
    try {
      return await work();
    } finally {
      await client.query('select pg_advisory_unlock($1, hashtext($2))', [lockSpace, domain]).catch((error: Error) => (broken = error));
    }
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
}
