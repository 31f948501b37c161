import { describe, expect, test } from 'vitest';
import { createDiskWatch } from './disk.server.ts';

const gibibyte = 1024 ** 3;
/** A file system of `size` bytes with `free` left to us, in blocks of 4 kB. */
const fileSystem = (size: number, free: number) => ({ blocks: size / 4096, bfree: free / 4096, bavail: free / 4096, bsize: 4096 });

describe('a disk that fills up (OP-D1)', () => {
  test.each([
    { size: 20 * gibibyte, free: 10 * gibibyte, full: false },
    { size: 20 * gibibyte, free: 2.1 * gibibyte, full: false },
    { size: 20 * gibibyte, free: 1.9 * gibibyte, full: true },
    { size: 2048 * gibibyte, free: 150 * gibibyte, full: false },
    { size: 2048 * gibibyte, free: 9 * gibibyte, full: true },
  ])('$size bytes with $free free: webhooks refused is $full', async ({ size, free, full }) => {
    const watch = createDiskWatch(() => '/', async () => fileSystem(size, free));

    await watch.read();

    expect(watch.nearlyFull()).toBe(full);
  });

  test('asked for each request, it looks once in five seconds', async () => {
    let looks = 0;
    let now = 0;
    const watch = createDiskWatch(() => '/', async () => { looks++; return fileSystem(gibibyte, gibibyte); }, () => now);

    for (now = 0; now < 20_000; now += 10) watch.nearlyFull();

    expect(looks).toBe(4);
  });

  test('a file system that cannot be asked refuses nothing, and one that was full stays so', async () => {
    let answer: () => Promise<ReturnType<typeof fileSystem>> = () => Promise.reject(new Error('gone'));
    let now = 0;
    const watch = createDiskWatch(() => '/', () => answer(), () => now);
    expect(watch.nearlyFull()).toBe(false);

    answer = async () => fileSystem(gibibyte, 0);
    await watch.read();
    answer = () => Promise.reject(new Error('gone'));
    now = 60_000;

    expect(watch.nearlyFull()).toBe(true);
  });

  test('the real file system is asked, also for a directory that is not there yet', async () => {
    const use = await createDiskWatch(() => '/tmp/not-there-yet/data').read();

    expect(use.usedPart).toBeGreaterThan(0);
    expect(use.usedPart).toBeLessThanOrEqual(1);
    expect(use.freeBytes).toBeGreaterThan(0);
  });
});
