/** Trouble at the destination: away, throttling, answering anything, silent for one shop, and poison among good events. */
import { seededRandom } from '#sandbox/kit.ts';
import { acknowledgeMs, answers, arriveMs } from '../settle.ts';
import { atMost, commonFigures, pause, underLoad, type Figure, type Scenario } from '../scenario.ts';
import type { Behaviour, Request } from '../sink.ts';

/** The probe distance of the breaker is the longest delay: here two seconds stand for five minutes, 1 : 150. */
const scaled = { delays: '0.2,0.5,1,2,2,2,2,2,2,2,2,2', probeSeconds: 2 };

export const outage: Scenario = {
  name: 'outage',
  about: 'the destination is away for half the run; one probe distance (5 min) is scaled to 2 s',
  promises: 'P07 P01 P03',
  defaults: { rate: 50, seconds: 60, kills: 0 },
  stage: { shops: 2, webs: 1, workers: 2, retryDelays: scaled.delays },
  async run(stage, options) {
    let [awayFrom, backAt] = [0, 0];
    const judged = await underLoad(stage, options, async () => {
      await pause(options.seconds * 250);
      awayFrom = stage.history.now();
      stage.sink.behave(() => ({ do: 'answer', status: 503 }));
      stage.history.record({ kind: 'fault', what: 'answers 503', on: 'sink' });
      await pause(options.seconds * 500);
      stage.sink.behave(() => ({ do: 'take' }));
      backAt = stage.history.now();
      stage.history.record({ kind: 'fault', what: 'is back', on: 'sink' });
    });
    const wasted = stage.sink.requests.filter(({ at }) => at >= awayFrom && at < backAt).length;
    const probes = ((backAt - awayFrom) / 1000 / scaled.probeSeconds) * stage.shops.length;
    const first = stage.history.entries.find((entry) => entry.kind === 'arrived' && entry.at >= backAt);
    return [
      ...commonFigures(judged),
      { promise: 'P07', asked: '0 given up', reached: `${judged.left.dead} dead`, ok: judged.left.dead === 0 },
      atMost('P07', 'requests to the dead host: 5 a shop, then one each probe distance', 5 * stage.shops.length + probes + 4, wasted),
      atMost('P07', 'first delivery after recovery within one probe distance (and the second that a look may take)', scaled.probeSeconds + 1, ((first?.at ?? Infinity) - backAt) / 1000, ' s'),
    ];
  },
};

export const throttle: Scenario = {
  name: 'throttle',
  about: 'four of five requests are answered 429 with Retry-After: 3',
  promises: 'P08 P01 P03',
  defaults: { rate: 50, seconds: 60, kills: 0 },
  stage: { shops: 2, webs: 1, workers: 2, retryDelays: scaled.delays },
  async run(stage, options) {
    const random = seededRandom(`${options.seed} throttle`);
    const closedUntil = new Map<string, number>();
    let inside = 0;
    stage.sink.behave(({ shop, at }) => {
      if (at < (closedUntil.get(shop) ?? 0)) inside++;
      if (random.chance(0.2)) return { do: 'take' };
      // The answer needs a moment to arrive, and the seconds are counted from there.
      closedUntil.set(shop, at + 2_900);
      return { do: 'answer', status: 429, headers: { 'retry-after': '3' } };
    });
    const judged = await underLoad(stage, options, async () => {
      await pause(options.seconds * 1000);
      stage.sink.behave(() => ({ do: 'take' }));
    });
    return [
      ...commonFigures(judged),
      { promise: 'P08', asked: '0 requests inside a closed window', reached: String(inside), ok: inside === 0 },
      { promise: 'P08', asked: '0 given up', reached: `${judged.left.dead} dead`, ok: judged.left.dead === 0 },
      atMost('P08', 'requests ≤ 1.3 x events:', judged.verdict.sent * 1.3, stage.sink.requests.length),
    ];
  },
};

const oddities: readonly ((random: ReturnType<typeof seededRandom>) => Behaviour)[] = [
  () => ({ do: 'answer', status: 500 }),
  () => ({ do: 'answer', status: 502, body: '<html>Bad \u0000 gateway</html>', headers: { 'content-type': 'text/html' } }),
  () => ({ do: 'answer', status: 503, headers: { 'retry-after': '1' } }),
  () => ({ do: 'answer', status: 429, headers: { 'retry-after': '1' } }),
  () => ({ do: 'answer', status: 408 }),
  () => ({ do: 'lose-answer' }),
  () => ({ do: 'hang', ms: 2_000 }),
  (random) => ({ do: 'take', ms: random.below(1_500) }),
];

export const answersOfAllKinds: Scenario = {
  name: 'answers',
  about: 'a third of the requests meet 500, 502, 503, 429, 408, a lost answer, silence or slowness',
  promises: 'P03 P01 P02',
  defaults: { rate: 50, seconds: 60, kills: 0 },
  stage: { shops: 3, webs: 1, workers: 2, retryDelays: '0.2,0.5,0.5,0.5,0.5,0.5,1,1,1,1,1,1,1,1,1,1,1,1,1,1' },
  async run(stage, options) {
    const random = seededRandom(`${options.seed} answers`);
    stage.sink.behave(() => (random.chance(0.35) ? random.pick(oddities)(random) : { do: 'take' }));
    const judged = await underLoad(stage, options, () => pause(options.seconds * 1000));
    const { duplicates, answersLost } = judged.verdict;
    return [
      ...commonFigures(judged),
      { promise: 'P02', asked: 'repeats ≤ events whose answer the destination lost', reached: `${duplicates} of ${answersLost}`, ok: duplicates <= answersLost },
      { promise: 'P03', asked: '0 given up', reached: `${judged.left.dead} dead`, ok: judged.left.dead === 0 },
    ];
  },
};

/** Words a vendor might really say, and ones that no database likes. */
const poisons = ['refused item', 'zero byte', '400 for all', '413 for all'] as const;

export const poison: Scenario = {
  name: 'poison',
  about: 'one event in a hundred is refused by the destination, in four ways',
  promises: 'P05 P01 P03',
  defaults: { rate: 50, seconds: 40, kills: 0 },
  stage: { shops: 2, webs: 1, workers: 2, retryDelays: '0.2,0.5,1' },
  async run(stage, options) {
    const poisonous = new Map<string, string>();
    stage.sink.behave((request) => answerTo(request, poisonous));
    const random = seededRandom(`${options.seed} poison`);
    const seen = stage.history.entries;
    let read = 0;
    const learn = setInterval(() => {
      for (; read < seen.length; read++) {
        const entry = seen[read];
        if (entry?.kind === 'sent' && entry.poison) poisonous.set(entry.event, entry.poison);
      }
    }, 1);
    let poisoned = 0;
    const judged = await underLoad(stage, options, () => pause(options.seconds * 1000), {
      poison: () => (random.chance(0.01) ? { why: poisons[poisoned++ % poisons.length] as string } : undefined),
    });
    clearInterval(learn);
    const asked = poisonous.size;
    return [
      ...commonFigures(judged),
      { promise: 'P05', asked: `${asked} dead, the poison and nothing else`, reached: `${judged.left.dead} dead`, ok: judged.left.dead === asked },
      atMost('P05', 'acknowledged to delivered, p99', 5, arriveMs(seen).p99 / 1000, ' s'),
    ];
  },
};

function answerTo({ events }: Request, poisonous: ReadonlyMap<string, string>): Behaviour {
  const among = events.flatMap((event) => poisonous.get(event) ?? []);
  if (among.includes('400 for all')) return { do: 'answer', status: 400, body: JSON.stringify({ errors: ['One of these is not right'] }) };
  if (among.includes('413 for all')) return { do: 'answer', status: 413, body: '' };
  const refuse = new Map(events.flatMap((event) => (poisonous.has(event) ? [[event, poisonous.get(event) === 'zero byte' ? 'not \u0000 valid \ud800' : 'value is not valid'] as const] : [])));
  return { do: 'take', refuse };
}

export const neighbour: Scenario = {
  name: 'neighbour',
  about: "one shop's destination hangs under a backlog; the other shop sends five a second",
  promises: 'P06 P15',
  defaults: { rate: 50, seconds: 60, kills: 0 },
  stage: { shops: 2, webs: 1, workers: 1, retryDelays: scaled.delays },
  async run(stage, options) {
    const [hanging, quick] = stage.shops;
    if (!hanging || !quick) throw new Error('This scenario needs two shops');
    const shops = [{ ...hanging, share: 9 }, quick];
    const quarter = options.seconds * 250;
    let from = 0;
    let until = 0;
    const judged = await underLoad(stage, options, async () => {
      await pause(quarter);
      from = stage.history.now();
      stage.history.record({ kind: 'fault', what: 'hangs', on: hanging.name });
      stage.sink.behave(({ shop }) => (shop === hanging.name ? { do: 'hang', ms: 30_000 } : { do: 'take' }));
      await pause(quarter * 3);
      until = stage.history.now();
      stage.sink.behave(() => ({ do: 'take' }));
    }, { shops });
    const entries = stage.history.entries;
    const before = arriveMs(entries, quick.name, [0, from]);
    const meanwhile = arriveMs(entries, quick.name, [from, until]);
    const { 200: good = 0, ...others } = answers(entries);
    return [
      ...commonFigures(judged),
      atMost('P06', `the other shop's p95 (${meanwhile.count} events) ≤ 5 s and ≤ twice its own before (${Math.round(before.p95)} ms, floor 200 ms)`, Math.min(5_000, 2 * Math.max(200, before.p95)), meanwhile.p95, ' ms'),
      atMost('P15', 'acknowledged, p99', 500, acknowledgeMs(entries).p99, ' ms'),
      atMost('P15', 'acknowledged, longest', 2_000, acknowledgeMs(entries).max, ' ms'),
      { promise: 'P15', asked: '0 answers but 200', reached: `${good} x 200, others ${JSON.stringify(others)}`, ok: Object.keys(others).length === 0 } satisfies Figure,
    ];
  },
};
