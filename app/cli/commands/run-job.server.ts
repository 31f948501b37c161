/** `run-job`: runs one scheduled job of a shop now and waits for it. */
import { runJob, runnableJobs, type JobReport } from '#app/schedule/jobs.server.ts';
import { shopOption, text, type CliCommand } from '../command.ts';
import { readShop, wrong } from '../options.ts';
import { lines, table } from '../output.ts';

export const runJobCommand: CliCommand = {
  usage: 'run-job <name>',
  summary: `runs one scheduled job now and waits for it: ${runnableJobs.join(', ')}`,
  options: (command) => void command.option(...shopOption).option('--slot <day>', 'the day it is for, such as 2026-11-20; the work of a day is done once'),
  async run([name = ''], { shop, slot }) {
    const named = text(shop);
    if (!named) throw wrong('--shop', 'is needed');
    const { shopId } = await readShop(named);
    const report = await runJob(name, shopId, text(slot));
    return { json: report, text: inWords(name, report) };
  },
};

function inWords(name: string, report: JobReport): string {
  if (report['ran'] === false) return `${name}: the work of that day was done before, so nothing was done.`;
  const pairs = Object.entries(report).flatMap(([word, value]): [string, string | number][] => (typeof value === 'number' || typeof value === 'string' ? [[word, value]] : Array.isArray(value) && value.length > 0 ? [[word, value.map(oneWord).join(', ')]] : []));
  return [lines(pairs), eventTable(report['events'])].filter(Boolean).join('\n');
}

function oneWord(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Events by type, for reports that count them. */
export function eventTable(events: unknown): string {
  const rows = Object.entries((events ?? {}) as Record<string, number>);
  return rows.length === 0 ? '' : table(['event', 'count'], rows, '');
}
