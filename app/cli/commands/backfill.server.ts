/** `backfill`: tells what happened at Recharge since a time and was never told. */
import { backfill } from '#app/schedule/backfill.server.ts';
import { shopOption, text, type CliCommand } from '../command.ts';
import { readShop, readSince, wrong } from '../options.ts';
import { eventTable } from './run-job.server.ts';

const waitMs = 60_000;

export const backfillCommand: CliCommand = {
  usage: 'backfill',
  summary: 'tells what happened at Recharge since a time and was never told; repeatable',
  options: (command) => void command.option(...shopOption).option('--since <time>', 'from then on, such as 2026-11-20T10:00:00Z').option('--dry-run', 'only counts'),
  async run(_, options) {
    const [shop, since] = [text(options.shop), text(options.since)];
    if (!shop) throw wrong('--shop', 'is needed');
    if (!since) throw wrong('--since', 'is needed, such as --since 2026-11-20T10:00:00Z');
    const from = readSince(since);
    if (from > new Date()) throw wrong('--since', 'should be in the past');
    const { shopId } = await readShop(shop);
    const report = await backfill(shopId, { since: from, dryRun: options.dryRun === true, waitMs });
    const { accepted, dryRun, customers, subscriptions, charges, orders } = report;
    const read = `Read ${customers} customers, ${subscriptions} subscriptions, ${charges} charges and ${orders} orders that changed since ${report.since}.`;
    const said = dryRun ? `${accepted} events would be told; nothing was.` : `${accepted} events were missing and are told now, in ${report.deliveries} deliveries.`;
    return { json: report, text: [read, said, eventTable(report.events)].filter(Boolean).join('\n') };
  },
};
