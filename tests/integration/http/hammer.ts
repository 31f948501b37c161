// A process of its own that takes from a bucket as fast as it can and tells how often it got something.
import { takeFromBudget } from '#app/budget.server.ts';
import { closeDatabase } from '#app/db.server.ts';

const [name = '', capacity, refillPerSecond, forMs] = process.argv.slice(2);
const bucket = { capacity: Number(capacity), refillPerSecond: Number(refillPerSecond) };
const end = performance.now() + Number(forMs);
let got = 0;
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (performance.now() < end) if ((await takeFromBudget(name, 1, bucket)).granted) got += 1;
  }),
);
await closeDatabase();
process.send?.(got);
process.disconnect?.();
