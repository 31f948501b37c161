/** kill -9 of random web and worker processes and of PostgreSQL, a worker frozen beyond its lease, and orderly restarts. */
import { acknowledgeMs, answers } from '../settle.ts';
import { atMost, commonFigures, pause, underLoad, type Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

/** A full request of events; four of them are leased at once (requestsAtOnce in app/delivery/drain.server.ts). */
const inFlight = 50;
const stage = { shops: 3, webs: 2, workers: 2, retryDelays: '0.5,1,2,4,4,4,4,4,4,4,4,4' };

export const kill: Scenario = {
  name: 'kill',
  about: 'kill -9 of a random web or worker process, again and again',
  promises: 'P01 P02 P03',
  defaults: { rate: 50, seconds: 60, kills: 50 },
  stage,
  async run(stage, options) {
    const processes = [...stage.webs, ...stage.workers];
    const judged = await underLoad(stage, options, (random) =>
      spreadOver(options, async () => {
        const victim = random.pick(processes.filter((process) => process.running()));
        if (victim) victim.signal('SIGKILL');
      }),
    );
    return [...commonFigures(judged), duplicates(judged.verdict.duplicates, options.kills), killed(stage, options.kills)];
  },
};

export const postgres: Scenario = {
  name: 'postgres',
  about: 'kill -9 of the PostgreSQL server, which its supervisor starts again',
  promises: 'P01 P02 P03 P15',
  defaults: { rate: 50, seconds: 60, kills: 10 },
  stage,
  async run(stage, options) {
    const judged = await underLoad(stage, options, () =>
      spreadOver(options, async () => {
        const pid = stage.database.serverPid();
        if (pid === undefined) return;
        stage.history.record({ kind: 'fault', what: 'SIGKILL', on: `postgres ${pid}` });
        process.kill(pid, 'SIGKILL');
      }),
    );
    const seen = answers(stage.history.entries);
    return [
      ...commonFigures(judged),
      duplicates(judged.verdict.duplicates, options.kills),
      { promise: 'P15', asked: 'answers 200 or 503, nothing else', reached: JSON.stringify(seen), ok: Object.keys(seen).every((word) => word === '200' || word === '503') },
    ];
  },
};

const frozenMs = 46_000;

export const freeze: Scenario = {
  name: 'freeze',
  about: 'SIGSTOP of a worker for longer than its lease, then SIGCONT',
  promises: 'P03',
  defaults: { rate: 50, seconds: 110, kills: 2 },
  stage,
  async run(stage, options) {
    const judged = await underLoad(stage, options, async (random) => {
      for (let round = 0; round < options.kills; round++) {
        await pause(2_000 + random.below(1_000));
        const victim = random.pick(stage.workers);
        victim.signal('SIGSTOP');
        await pause(frozenMs);
        victim.signal('SIGCONT');
      }
    });
    return [...commonFigures(judged), duplicates(judged.verdict.duplicates, options.kills)];
  },
};

export const rolling: Scenario = {
  name: 'rolling',
  about: 'SIGTERM of one process after another, each started again before the next',
  promises: 'P31',
  defaults: { rate: 50, seconds: 60, kills: 20 },
  stage,
  async run(stage, options) {
    const processes = [...stage.webs, ...stage.workers];
    const took: number[] = [];
    const judged = await underLoad(stage, options, async () => {
      for (let round = 0; round < options.kills; round++) took.push((await processes[round % processes.length]?.restart()) ?? 0);
    });
    const { 200: good = 0, ...others } = answers(stage.history.entries);
    return [
      ...commonFigures(judged),
      { promise: 'P31', asked: '0 answers but 200', reached: `${good} x 200, others ${JSON.stringify(others)}`, ok: Object.keys(others).length === 0 },
      { promise: 'P31', asked: '0 repeats', reached: String(judged.verdict.duplicates), ok: judged.verdict.duplicates === 0 },
      atMost('P31', 'a process ends in', 25, Math.max(...took) / 1000, ' s'),
      atMost('P15', 'acknowledged, p99', 500, acknowledgeMs(stage.history.entries).p99, ' ms'),
    ];
  },
};

/** Spreads the kills evenly over the load's time, with a little left at its end. */
async function spreadOver({ kills, seconds }: { kills: number; seconds: number }, act: () => Promise<void>): Promise<void> {
  const everyMs = (seconds * 1000 * 0.95) / Math.max(1, kills);
  for (let round = 0; round < kills; round++) {
    await pause(everyMs);
    await act();
  }
}

function duplicates(found: number, kills: number) {
  return atMost('P02', 'repeats, all with the same event id, ≤ kills x requests on the wire:', kills * inFlight, found);
}

function killed(stage: Stage, asked: number) {
  const count = stage.history.entries.filter((entry) => entry.kind === 'fault' && entry.what === 'SIGKILL').length;
  return { promise: 'P01', asked: `${asked} kills`, reached: String(count), ok: count >= asked * 0.9 };
}
