/** `npm run chaos`: runs a scenario against real processes and a real PostgreSQL, judges its history, and prints asked beside reached. */
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { check, isBroken } from './checker.ts';
import { openHistory, readHistory } from './history.ts';
import type { Figure, RunOptions, Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { acknowledgeMs, answers, arriveMs } from './settle.ts';
import { openStage } from './stage.ts';

const names = scenarios.map(({ name, about, promises }) => `    ${name.padEnd(12)} ${about} (${promises})`).join('\n');
const usage = `npm run chaos -- [--scenario NAME|all] [--seconds N] [--rate N] [--kills N] [--seed S] [--json]
npm run chaos -- --check FILE     judges a recorded history again
  --scenario   (kill)
${names}
  --rate       webhooks a second: 50 is the load L0 for machines with two cores, 200 is L1
  --seconds, --kills   the scenario's own unless given
  --seed       repeats the choices of a run, not its timing`;

const { values } = parseArgs({
  options: { scenario: { type: 'string', default: 'kill' }, seconds: { type: 'string' }, rate: { type: 'string' }, kills: { type: 'string' }, seed: { type: 'string' }, check: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help) {
  say(usage);
  process.exit(0);
}
if (values.check) {
  const verdict = check(readHistory(values.check));
  say(JSON.stringify(verdict, null, 2));
  process.exit(isBroken(verdict) ? 1 : 0);
}
const chosen = values.scenario === 'all' ? scenarios : scenarios.filter(({ name }) => name === values.scenario);
if (chosen.length === 0) {
  complain(`There is no scenario "${values.scenario}".\n${usage}`);
  process.exit(2);
}

let broken = false;
for (const scenario of chosen) broken = !(await runOne(scenario)) || broken;
process.exit(broken ? 1 : 0);

/** True when every figure was reached. */
async function runOne(scenario: Scenario): Promise<boolean> {
  const options: RunOptions = {
    rate: Number(values.rate ?? scenario.defaults.rate),
    seconds: Number(values.seconds ?? scenario.defaults.seconds),
    kills: Number(values.kills ?? scenario.defaults.kills),
    seed: values.seed ?? String(Date.now() % 1_000_000),
  };
  const folder = path.resolve(import.meta.dirname, '..', 'test-results', 'chaos', scenario.name);
  const file = path.join(folder, `${options.seed}.jsonl`);
  const history = openHistory(file);
  const stage = await openStage(history, { ...scenario.stage, logDirectory: folder });
  let figures: Figure[];
  try {
    figures = await scenario.run(stage, options);
  } finally {
    await stage.close();
    await history.close();
  }
  report(scenario, options, figures, file, history.entries);
  return figures.every(({ ok }) => ok);
}

function report(scenario: Scenario, options: RunOptions, figures: Figure[], file: string, entries: Parameters<typeof check>[0]): void {
  const verdict = check(entries);
  if (values.json) {
    say(JSON.stringify({ scenario: scenario.name, options, figures, verdict, history: path.relative(process.cwd(), file) }));
    return;
  }
  say(`\n${scenario.name}: ${scenario.about}`);
  say(`seed ${options.seed}, ${options.rate} webhooks/s for ${options.seconds} s; ${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown processor'}, load average ${os.loadavg()[0]?.toFixed(1)}`);
  say(`sent ${verdict.sent}, acknowledged ${verdict.acknowledged}, delivered ${verdict.delivered}, repeats ${verdict.duplicates}, recovered ${verdict.recovered}; answers ${JSON.stringify(answers(entries))}`);
  const spread = ({ p50, p99, max }: ReturnType<typeof arriveMs>) => `${p50.toFixed(0)} / ${p99.toFixed(0)} / ${max.toFixed(0)} ms`;
  say(`acknowledged in p50 / p99 / max ${spread(acknowledgeMs(entries))}; from there to the destination ${spread(arriveMs(entries))}`);
  const table = new Table({ head: ['promise', 'asked', 'reached', ''], style: { head: [], border: [] }, wordWrap: true, colWidths: [9, 44, 56, 4] });
  for (const { promise, asked, reached, ok } of figures) table.push([promise, asked, reached, ok ? '' : '!!']);
  say(table.toString());
  say(`history: ${path.relative(process.cwd(), file)}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}
