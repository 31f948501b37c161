/**
 * Acknowledged webhooks a second, and how long an acknowledgement takes, at 1, 16 and 64 connections: the app's web server
 * beside three servers that show what the machine allows. All four run at once and are loaded in turn for short slices, so
 * that a busy moment of the machine hits each of them and the ratios hold.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pool } from '#app/db.server.ts';
import type { BenchShop } from './database.ts';
import type { ServerKind, ServerOrder } from './intake-server.ts';
import type { LoadOrder, LoadReport } from './load.ts';

export type IntakeReport = { perSecond: number; p50Ms: number; p99Ms: number };
export type IntakeResult = { kind: ServerKind; connections: number; report: IntakeReport };

export const serverKinds = ['rechannel', 'bare', 'one-insert', 'group-commit'] as const satisfies ServerKind[];
const warmUpSeconds = 1;
let nextId = 1_000_000_000;

/** Loads each server `rounds` times for `seconds` at each number of connections. Throws when one keeps fewer than it acknowledged. */
export async function benchIntake(shop: BenchShop, options: { seconds: number; connections: number[]; rounds: number; onRun?: (done: IntakeResult) => void }): Promise<IntakeResult[]> {
  const load = fork(path.join(import.meta.dirname, 'load.ts'), { stdio: 'inherit' });
  const servers = serverKinds.map((kind) => ({ kind, process: fork(path.join(import.meta.dirname, 'intake-server.ts'), [kind], { stdio: 'inherit' }), port: 0 }));
  const results: IntakeResult[] = [];
  try {
    const order: ServerOrder = { secret: shop.secret, shopId: shop.shopId, connectionId: shop.connectionId };
    await Promise.all(servers.map(async (server) => (server.port = (await ask<{ port: number }>(server.process, order)).port)));
    for (const connections of options.connections) {
      await pool().query('truncate "InboundWebhook"');
      for (const { kind, port } of servers) await slice(load, kind, { port, shop, connections, seconds: warmUpSeconds });
      const slices = new Map<ServerKind, LoadReport[]>(serverKinds.map((kind) => [kind, []]));
      for (let round = 0; round < options.rounds; round++) {
        for (const { kind, port } of servers) slices.get(kind)?.push(await slice(load, kind, { port, shop, connections, seconds: options.seconds }));
      }
      for (const [kind, reports] of slices) {
        const done = { kind, connections, report: summary(reports) };
        options.onRun?.(done);
        results.push(done);
      }
    }
    return results;
  } finally {
    for (const child of [load, ...servers.map((server) => server.process)]) child.kill('SIGKILL');
  }
}

type Slice = { port: number; shop: BenchShop; connections: number; seconds: number };

async function slice(load: ChildProcess, kind: ServerKind, { port, shop, connections, seconds }: Slice): Promise<LoadReport> {
  const lastRow = await newestRow();
  const order: LoadOrder = { port, path: `/webhooks/recharge/${shop.connectionKey}/subscription/updated`, secret: shop.secret, connections, seconds, firstId: nextId };
  nextId += 1_000_000;
  const report = await ask<LoadReport>(load, order);
  const { rows } = await pool().query<{ count: string }>('select count(*) as count from "InboundWebhook" where id > $1', [lastRow]);
  if (kind !== 'bare' && Number(rows[0]?.count) !== report.latenciesMs.length) throw new Error(`${kind} acknowledged ${report.latenciesMs.length} webhooks and kept ${rows[0]?.count}`);
  if (Object.keys(report.others).length > 0) throw new Error(`${kind} answered ${JSON.stringify(report.others)}`);
  return report;
}

function summary(reports: LoadReport[]): IntakeReport {
  const latencies = reports.flatMap((report) => report.latenciesMs).sort((a, b) => a - b);
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN;
  return { perSecond: latencies.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function newestRow(): Promise<string> {
  const { rows } = await pool().query<{ id: string }>('select coalesce(max(id), 0) as id from "InboundWebhook"');
  return rows[0]?.id ?? '0';
}

/** Sends one message and returns the answer; throws when the process ends without one. */
async function ask<Answer>(child: ChildProcess, order: object): Promise<Answer> {
  const waiting = new AbortController();
  const ended = once(child, 'exit', { signal: waiting.signal }).then(([code, signal]) => Promise.reject(new Error(`${child.spawnargs.slice(1).join(' ')} ended without an answer (${code ?? signal})`)));
  const answered = once(child, 'message').then(([answer]) => answer as Answer);
  child.send(order, (error) => error && process.stderr.write(`${error.message}\n`));
  try {
    return await Promise.race([answered, ended]);
  } finally {
    waiting.abort();
    ended.catch(() => {});
  }
}
