/** A bad network between app and database, and between app and destination, one fault after another. */
import { acknowledgeMs, answers } from '../settle.ts';
import { atMost, commonFigures, pause, underLoad, type Figure, type Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Toxic } from '../proxy.ts';

const toxics: readonly Toxic[] = [
  { kind: 'latency', ms: 200 }, { kind: 'bandwidth', bytesPerSecond: 20_000 }, { kind: 'slicer', bytes: 7 }, { kind: 'cut', afterBytes: 3_000 },
  { kind: 'reset' }, { kind: 'stall' }, { kind: 'half-open' },
];
const stage = { shops: 2, webs: 1, workers: 2, retryDelays: '0.2,0.5,1,2,2,2,2,2,2,2,2,2,2,2,2,2' };

export const database: Scenario = {
  name: 'database',
  about: 'latency, narrowness, slices, cuts, resets, silence and dead connections between app and database',
  promises: 'P09 P15 P01 P03',
  defaults: { rate: 30, seconds: 84, kills: 0 },
  stage,
  async run(stage, options) {
    const lengthMs = (options.seconds * 1000) / toxics.length;
    const recoveries: Record<string, number> = {};
    const judged = await underLoad(stage, options, () => inTurn(stage, 'database', lengthMs, recoveries));
    const { 200: good = 0, 503: away = 0, ...others } = answers(stage.history.entries);
    return [
      ...commonFigures(judged),
      recovery(recoveries),
      { promise: 'P15', asked: 'answers 200 or 503, nothing else', reached: `${good} x 200, ${away} x 503, others ${JSON.stringify(others)}`, ok: Object.keys(others).length === 0 },
      atMost('P15', 'a 503 takes', 2_000, longest503(stage), ' ms'),
    ];
  },
};

export const network: Scenario = {
  name: 'network',
  about: 'the same faults between app and destination',
  promises: 'P09 P15 P01 P03',
  defaults: { rate: 30, seconds: 84, kills: 0 },
  stage,
  async run(stage, options) {
    const lengthMs = (options.seconds * 1000) / toxics.length;
    const recoveries: Record<string, number> = {};
    const judged = await underLoad(stage, options, () => inTurn(stage, 'sink', lengthMs, recoveries));
    const { 200: good = 0, ...others } = answers(stage.history.entries);
    return [
      ...commonFigures(judged),
      recovery(recoveries),
      { promise: 'P15', asked: '0 answers but 200', reached: `${good} x 200, others ${JSON.stringify(others)}`, ok: Object.keys(others).length === 0 },
      atMost('P15', 'acknowledged, p99', 500, acknowledgeMs(stage.history.entries).p99, ' ms'),
    ];
  },
};

/** Each fault for two thirds of its time, then quiet; notes when the first event arrived after it was over. */
async function inTurn(stage: Stage, victim: 'database' | 'sink', lengthMs: number, recoveries: Record<string, number>): Promise<void> {
  const proxy = victim === 'database' ? stage.toDatabase : stage.toSink;
  for (const toxic of toxics) {
    proxy.set(toxic);
    stage.history.record({ kind: 'fault', what: JSON.stringify(toxic), on: victim });
    await pause((lengthMs * 2) / 3);
    proxy.set({ kind: 'none' });
    stage.history.record({ kind: 'fault', what: `${toxic.kind} is over`, on: victim });
    const overAt = stage.history.now();
    await pause(lengthMs / 3);
    recoveries[toxic.kind] = overAt;
  }
  for (const [kind, overAt] of Object.entries(recoveries)) recoveries[kind] = await firstArrivalAfter(stage, overAt);
}

/** Seconds; waits up to half a minute. */
async function firstArrivalAfter(stage: Stage, overAt: number): Promise<number> {
  for (const limit = performance.now() + 30_000; performance.now() < limit; await pause(200)) {
    const found = stage.history.entries.find((entry) => entry.kind === 'arrived' && entry.at > overAt);
    if (found) return Math.round((found.at - overAt) / 100) / 10;
  }
  return Infinity;
}

function recovery(recoveries: Record<string, number>): Figure {
  const worst = Math.max(...Object.values(recoveries));
  return { promise: 'P09', asked: 'sends again ≤ 20 s after each fault', reached: Object.entries(recoveries).map(([kind, seconds]) => `${kind} ${seconds} s`).join(', '), ok: worst <= 20 };
}

function longest503(stage: Stage): number {
  return Math.max(0, ...stage.history.entries.flatMap((entry) => (entry.kind === 'answered' && entry.status === 503 ? [entry.ms] : [])));
}
