import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { withShopLock } from '#app/connections/shop-lock.server.ts';
import { pool } from '#app/db.server.ts';

it('lets one at a time change a shop, and many who wait do not starve the one who works of connections', async () => {
  let inside = 0;
  let most = 0;
  let done = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await Promise.all([pool().query('select 1'), pool().query('select pg_sleep(0.005)')]);
    inside -= 1;
    done += 1;
  };

  await Promise.all(Array.from({ length: 40 }, () => withShopLock('acme-usa.myshopify.com', work)));

  expect({ most, done }).toEqual({ most: 1, done: 40 });
});

it('lets several shops be changed at once, and gives the lock back after an error', async () => {
  const meeting = Array.from({ length: 4 }, (_, index) => withShopLock(`shop-${index}.myshopify.com`, () => pause(50)));
  await Promise.all(meeting);

  await expect(withShopLock('acme-usa.myshopify.com', () => Promise.reject(new Error('work failed')))).rejects.toThrow('work failed');
  expect(await withShopLock('acme-usa.myshopify.com', () => Promise.resolve('free again'))).toBe('free again');
});
