/** `npm run bench`: measures the app beside what the machine allows and prints the ratios, which hold better than the figures. */
import os from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { pool } from '#app/db.server.ts';
import { openBenchDatabase } from './database.ts';
import { benchDelivery, type DeliveryResult } from './delivery.ts';
import { benchIntake, serverKinds, type IntakeResult } from './intake.ts';

const usage = `npm run bench -- [--seconds N] [--rounds N] [--connections 1,16,64] [--rates 50,200] [--delivery-seconds N]
  --seconds      how long each slice loads a server (0.5)
  --rounds       how many slices each server gets (8)
  --connections  how many senders at once (1,16,64)
  --rates        webhooks a second on their way to Bloomreach (50,200)
  --delivery-seconds  how long each of these rates is held (15)`;

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '0.5' }, rounds: { type: 'string', default: '8' }, connections: { type: 'string', default: '1,16,64' }, rates: { type: 'string', default: '50,200' }, 'delivery-seconds': { type: 'string', default: '15' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

console.log(`${new Date().toISOString()}  ${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, load average ${os.loadavg()[0]?.toFixed(1)}`);
const database = await openBenchDatabase();
try {
  const connections = values.connections.split(',').map(Number);
  const results = await benchIntake(database.shop, {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    connections,
    onRun: ({ kind, connections: count, report }) => process.stderr.write(`  ${kind}, ${count} connections: ${Math.round(report.perSecond)}/s\n`),
  });
  printIntake(results, connections);
  await pool().query('truncate "InboundWebhook"');
  printDelivery(await benchDelivery(database.shop, values.rates.split(',').map(Number), Number(values['delivery-seconds'])));
} finally {
  await database.close();
}

function printIntake(results: IntakeResult[], connections: number[]): void {
  const titles = { rechannel: 'Rechannel', bare: 'node:http, verified only', 'one-insert': 'one INSERT per request', 'group-commit': 'multi-row INSERT, 2 writers' };
  const table = new Table({ head: ['intake', ...connections.flatMap((count) => [`c=${count} per s`, 'p50 / p99 ms', 'Rechannel : this'])], style: { head: [], border: [] } });
  const rateOf = (kind: (typeof serverKinds)[number], count: number) => results.find((result) => result.kind === kind && result.connections === count)?.report;
  for (const kind of serverKinds) {
    const cells = connections.flatMap((count) => {
      const report = rateOf(kind, count);
      const ours = rateOf('rechannel', count);
      if (!report || !ours) return ['', '', ''];
      return [Math.round(report.perSecond), `${report.p50Ms.toFixed(1)} / ${report.p99Ms.toFixed(1)}`, (ours.perSecond / report.perSecond).toFixed(2)];
    });
    table.push([titles[kind], ...cells]);
  }
  console.log(table.toString());
}

function printDelivery(results: DeliveryResult[]): void {
  const table = new Table({ head: ['webhook to Bloomreach', 'sent', 'arrived', 'acknowledged p50 / p99 ms', 'arrived p50 / p99 / max ms'], style: { head: [], border: [] } });
  for (const { perSecond, sent, arrived, acknowledgeMs, arriveMs } of results) {
    table.push([`${perSecond} per s`, sent, arrived, `${acknowledgeMs.p50.toFixed(1)} / ${acknowledgeMs.p99.toFixed(1)}`, `${arriveMs.p50.toFixed(1)} / ${arriveMs.p99.toFixed(1)} / ${arriveMs.max.toFixed(0)}`]);
  }
  console.log(table.toString());
}
