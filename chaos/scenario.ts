/** What a scenario is: a stage, a load, what goes wrong meanwhile, and the figures that are asked of it. */
import { seededRandom, type SeededRandom } from '#sandbox/kit.ts';
import { check, type Verdict } from './checker.ts';
import { startSender, type SenderOptions } from './sender.ts';
import { settled } from './settle.ts';
import type { Leftovers, Stage, StageOptions } from './stage.ts';

export type RunOptions = { rate: number; seconds: number; kills: number; seed: string };

export type Figure = { promise: string; asked: string; reached: string; ok: boolean };

export type Scenario = {
  name: string;
  /** One line for the list of scenarios. */
  about: string;
  promises: string;
  defaults: Omit<RunOptions, 'seed'>;
  stage: Omit<StageOptions, 'logDirectory'>;
  run(stage: Stage, options: RunOptions): Promise<Figure[]>;
};

export type Judged = { verdict: Verdict; left: Leftovers; drainMs: number };

/** Longer than a lane's lease (40 s): what a killed process held is taken up by another only then. */
export const settleLimitMs = 100_000;

/** Runs the load with `trouble` beside it, waits until everything is delivered, and judges. */
export async function underLoad(
  stage: Stage,
  options: RunOptions,
  trouble: (random: SeededRandom) => Promise<void>,
  load: Partial<SenderOptions> = {},
): Promise<Judged> {
  const sender = startSender({
    port: stage.front.port, shops: stage.shops, customersPerShop: 40, rate: options.rate, seconds: options.seconds, seed: options.seed, history: stage.history, ...load,
  });
  await Promise.all([sender.done, trouble(seededRandom(`${options.seed} trouble`))]);
  const loadEndedAt = performance.now();
  const left = await settled(settleLimitMs);
  return { verdict: check(stage.history.entries), left, drainMs: performance.now() - loadEndedAt };
}

/** The figures that every scenario has: nothing lost, nothing from nowhere, nothing out of order, nothing left behind. */
export function commonFigures({ verdict, left, drainMs }: Judged): Figure[] {
  const none = (promise: string, what: string, found: readonly unknown[]): Figure => ({
    promise, asked: `0 ${what}`, reached: found.length === 0 ? `0 of ${verdict.acknowledged}` : `${found.length} of ${verdict.acknowledged}: ${JSON.stringify(found.slice(0, 3))}`, ok: found.length === 0,
  });
  return [
    none('P01', 'lost', verdict.lost),
    none('P01', 'unexpected', verdict.unexpected),
    none('P03', 'inverted', verdict.inverted),
    none('P02', 'repeats that cannot be recognised', verdict.altered),
    { promise: 'P01', asked: 'nothing left behind', reached: `${left.unread} unread, ${left.pending} waiting, ${left.stuckLanes} stuck lanes after ${(drainMs / 1000).toFixed(1)} s`, ok: left.unread === 0 && left.pending === 0 && left.stuckLanes === 0 },
  ];
}

export function atMost(promise: string, what: string, most: number, found: number, unit = ''): Figure {
  return { promise, asked: `${what} ≤ ${round(most)}${unit}`, reached: `${round(found)}${unit}`, ok: found <= most };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const round = (value: number) => Math.round(value * 10) / 10;
