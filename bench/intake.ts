/**
 * Acknowledged webhooks a second, and how long an acknowledgement takes, at 1, 16 and 64 connections: the app's web server
 * beside three servers that show what the machine allows. Every server takes its turn in each round, so that a busy moment
 * of the machine hits all of them.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pool } from '#app/db.server.ts';
import type { BenchShop } from './database.ts';
import type { ServerKind, ServerOrder } from './intake-server.ts';
import type { LoadOrder, LoadReport } from './load.ts';

export type IntakeResult = { kind: ServerKind; connections: number; report: LoadReport };

export const serverKinds = ['rechannel', 'bare', 'one-insert', 'group-commit'] as const satisfies ServerKind[];
const warmUpSeconds = 0.5;
let nextId = 1_000_000_000;

/** Returns one result per server and number of connections: the middle one of the rounds, by rate. */
export async function benchIntake(shop: BenchShop, options: { seconds: number; connections: number[]; rounds: number; onRun?: (done: IntakeResult) => void }): Promise<IntakeResult[]> {
  const results: IntakeResult[] = [];
  for (const connections of options.connections) {
    const runs: IntakeResult[] = [];
    for (let round = 0; round < options.rounds; round++) {
      for (const kind of serverKinds) {
        const done = { kind, connections, report: await measure(kind, shop, connections, options.seconds) };
        options.onRun?.(done);
        runs.push(done);
      }
    }
    for (const kind of serverKinds) {
      const own = runs.filter((run) => run.kind === kind).sort((a, b) => a.report.perSecond - b.report.perSecond);
      results.push(own[Math.floor(own.length / 2)] as IntakeResult);
    }
  }
  return results;
}

async function measure(kind: ServerKind, shop: BenchShop, connections: number, seconds: number): Promise<LoadReport> {
  await pool().query('truncate "InboundWebhook"');
  await pool().query('checkpoint');
  const server = fork(path.join(import.meta.dirname, 'intake-server.ts'), [kind], { stdio: 'inherit' });
  try {
    const { port } = await ask<{ port: number }>(server, { secret: shop.secret, shopId: shop.shopId, connectionId: shop.connectionId } satisfies ServerOrder);
    await load({ port, shop, connections, seconds: warmUpSeconds });
    const before = await countRows();
    const report = await load({ port, shop, connections, seconds });
    const stored = (await countRows()) - before;
    if (kind !== 'bare' && stored !== report.acknowledged) throw new Error(`${kind} acknowledged ${report.acknowledged} webhooks and kept ${stored}`);
    if (Object.keys(report.others).length > 0) throw new Error(`${kind} answered ${JSON.stringify(report.others)}`);
    return report;
  } finally {
    server.kill('SIGKILL');
  }
}

async function load({ port, shop, connections, seconds }: { port: number; shop: BenchShop; connections: number; seconds: number }): Promise<LoadReport> {
  const child = fork(path.join(import.meta.dirname, 'load.ts'), { stdio: 'inherit' });
  const order: LoadOrder = { port, path: `/webhooks/recharge/${shop.connectionKey}/subscription/updated`, secret: shop.secret, connections, seconds, firstId: nextId };
  nextId += 1_000_000;
  return ask<LoadReport>(child, order);
}

/** Sends one message and returns the first answer; throws when the process ends without one. */
async function ask<Answer>(child: ChildProcess, order: object): Promise<Answer> {
  const ended = once(child, 'exit').then(([code, signal]) => Promise.reject(new Error(`${child.spawnargs.slice(1).join(' ')} ended without an answer (${code ?? signal})`)));
  const answered = once(child, 'message').then(([answer]) => answer as Answer);
  child.send(order, (error) => error && process.stderr.write(`${error.message}\n`));
  return Promise.race([answered, ended]);
}

async function countRows(): Promise<number> {
  const { rows } = await pool().query<{ count: string }>('select count(*) as count from "InboundWebhook"');
  return Number(rows[0]?.count);
}
