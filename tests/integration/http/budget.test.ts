import { fork } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { blockBudget, takeFromBudget } from '#app/budget.server.ts';
import { pool } from '#app/db.server.ts';

const key = (name: string) => `test:${name}:${Math.random()}`;
const times = <T>(count: number, act: () => Promise<T>) => Promise.all(Array.from({ length: count }, act));
const granted = (answers: { granted: boolean }[]) => answers.filter((answer) => answer.granted).length;

/** Winds the bucket's clock back instead of waiting. */
async function passSeconds(bucket: string, seconds: number) {
  await pool().query(`update "Budget" set "updatedAt" = "updatedAt" - $2::float8 * interval '1 second', "blockedUntil" = "blockedUntil" - $2::float8 * interval '1 second' where "key" = $1`, [bucket, seconds]);
}

describe('takeFromBudget', () => {
  it('lets twenty parallel takers have what the bucket holds and not one more', async () => {
    const bucket = { capacity: 40, refillPerSecond: 0.001 };
    const name = key('parallel');

    const answers = await times(20, async () => granted(await times(5, () => takeFromBudget(name, 1, bucket))));

    expect(answers.reduce((sum, count) => sum + count, 0)).toBe(40);
  });

  it('holds among processes: two of them hammer one bucket for a second and together get its content and its refill', async () => {
    const name = key('processes');
    const capacity = 30;
    const refillPerSecond = 20;
    const started = performance.now();

    const counts = await times(2, () => hammer(name, capacity, refillPerSecond, 1000));
    const seconds = (performance.now() - started) / 1000;

    const total = counts.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(capacity + 5);
    expect(total).toBeLessThanOrEqual(capacity + refillPerSecond * seconds + 1);
  });

  it('refills by the clock of the database up to its capacity', async () => {
    const bucket = { capacity: 10, refillPerSecond: 2 };
    const name = key('refill');
    expect(granted(await times(12, () => takeFromBudget(name, 1, bucket)))).toBe(10);

    await passSeconds(name, 2);
    expect(granted(await times(12, () => takeFromBudget(name, 1, bucket)))).toBe(4);

    await passSeconds(name, 3600);
    expect(granted(await times(20, () => takeFromBudget(name, 1, bucket)))).toBe(10);
  });

  it('says how long to wait, and the wait is enough', async () => {
    const bucket = { capacity: 4, refillPerSecond: 0.5 };
    const name = key('wait');
    await takeFromBudget(name, 4, bucket);

    const refused = await takeFromBudget(name, 1, bucket);
    expect(refused).toMatchObject({ granted: false });
    const waitMs = refused.granted ? 0 : refused.waitMs;
    expect(waitMs).toBeGreaterThan(1500);
    expect(waitMs).toBeLessThanOrEqual(2001);

    await passSeconds(name, waitMs / 1000);
    expect(await takeFromBudget(name, 1, bucket)).toEqual({ granted: true });
  });

  it('keeps the reserve for callers who do not have to leave it', async () => {
    const bucket = { capacity: 40, refillPerSecond: 0.001 };
    const name = key('reserve');

    expect(granted(await times(60, () => takeFromBudget(name, 1, { ...bucket, reserve: 10 })))).toBe(30);
    expect(granted(await times(60, () => takeFromBudget(name, 1, bucket)))).toBe(10);
  });

  it('refuses everybody while it is blocked, tells the rest of the block, and a shorter block does not shorten it', async () => {
    const bucket = { capacity: 40, refillPerSecond: 2 };
    const name = key('block');
    await takeFromBudget(name, 1, bucket);
    await blockBudget(name, 30_000);
    await blockBudget(name, 5_000);

    const refused = await takeFromBudget(name, 1, bucket);
    expect(refused).toMatchObject({ granted: false });
    const waitMs = refused.granted ? 0 : refused.waitMs;
    expect(waitMs).toBeGreaterThan(28_000);
    expect(waitMs).toBeLessThanOrEqual(30_000);

    await passSeconds(name, 30.1);
    expect(await takeFromBudget(name, 1, bucket)).toEqual({ granted: true });
  });

  it('can be blocked before its first use, and lets a take bigger than itself pass when full', async () => {
    const name = key('first');
    await blockBudget(name, 60_000);
    expect(await takeFromBudget(name, 1, { capacity: 5, refillPerSecond: 1 })).toMatchObject({ granted: false });

    const small = key('small');
    expect(await takeFromBudget(small, 8, { capacity: 5, refillPerSecond: 1, reserve: 3 })).toEqual({ granted: true });
    expect(await takeFromBudget(small, 8, { capacity: 5, refillPerSecond: 1, reserve: 3 })).toMatchObject({ granted: false, waitMs: expect.any(Number) });
  });

  it('answers for a bucket that never refills', async () => {
    const name = key('never');
    expect(await takeFromBudget(name, 1, { capacity: 1, refillPerSecond: 0 })).toEqual({ granted: true });
    expect(await takeFromBudget(name, 1, { capacity: 1, refillPerSecond: 0 })).toMatchObject({ granted: false, waitMs: expect.any(Number) });
  });

  it('does not lose or gain time over many small takes', async () => {
    const name = key('drift');
    const bucket = { capacity: 1000, refillPerSecond: 1000 };
    await takeFromBudget(name, 1000, bucket);
    const before = await clock(name);
    let got = 0;
    for (let i = 0; i < 300; i++) if ((await takeFromBudget(name, 1, bucket)).granted) got += 1;
    const { tokens, at } = await clock(name);
    expect(tokens + got).toBeCloseTo((at - before.at) * 1000 + before.tokens, 3);
  });
});

async function clock(name: string): Promise<{ tokens: number; at: number }> {
  const { rows } = await pool().query<{ tokens: number; at: number }>(`select tokens, extract(epoch from "updatedAt")::float8 as at from "Budget" where "key" = $1`, [name]);
  return rows[0]!;
}

function hammer(name: string, capacity: number, refillPerSecond: number, forMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(path.join(import.meta.dirname, 'hammer.ts'), [name, String(capacity), String(refillPerSecond), String(forMs)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execPath: process.execPath });
    child.on('message', (count) => resolve(Number(count)));
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? undefined : reject(new Error(`the other process ended with ${code}`))));
  });
}
