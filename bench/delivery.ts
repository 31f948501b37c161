/**
 * From the moment a signed webhook is sent until Bloomreach has the event, at a steady rate: web and worker in processes
 * of their own, a sink that answers as Bloomreach's batch call does. The acknowledgement is timed in the same run.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pool } from '#app/db.server.ts';
import { seal } from '#app/secrets.server.ts';
import type { BenchShop } from './database.ts';
import type { ServerOrder } from './intake-server.ts';

export type DeliveryResult = { perSecond: number; sent: number; arrived: number; acknowledgeMs: Spread; arriveMs: Spread };
export type Spread = { p50: number; p99: number; max: number };

const customers = 500;
const settleMs = 30_000;

/** Sends `seconds` of webhooks at each rate and waits until all have arrived or half a minute has passed. */
export async function benchDelivery(shop: BenchShop, rates: readonly number[], seconds: number): Promise<DeliveryResult[]> {
  const arrivals = new Map<string, number>();
  const sink = await startSink(arrivals);
  const sinkUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  await makeDestination(shop);
  const web = fork(path.join(import.meta.dirname, 'intake-server.ts'), ['rechannel'], { stdio: 'inherit' });
  const worker = spawn(process.execPath, [...process.execArgv, path.join(import.meta.dirname, '..', 'processes', 'worker.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, BLOOMREACH_API_URL: sinkUrl, LOG_LEVEL: 'warn', RECHANNEL_ROLE: 'worker' },
  });
  try {
    const answered = once(web, 'message');
    web.send({ secret: shop.secret, shopId: shop.shopId, connectionId: shop.connectionId } satisfies ServerOrder);
    const [{ port }] = (await answered) as [{ port: number }];
    const results: DeliveryResult[] = [];
    await run(shop, port, arrivals, 20, 3);
    for (const rate of rates) results.push(await run(shop, port, arrivals, rate, seconds));
    return results;
  } finally {
    web.kill('SIGKILL');
    await stopped(worker);
    sink.close();
  }
}

async function run(shop: BenchShop, port: number, arrivals: Map<string, number>, perSecond: number, seconds: number): Promise<DeliveryResult> {
  const sentAt = new Map<string, number>();
  const acknowledged: number[] = [];
  const wanted = Math.round(perSecond * seconds);
  const startedAt = performance.now();
  const answers: Promise<void>[] = [];
  for (let made = 0; made < wanted; made++) {
    const dueMs = (made / perSecond) * 1000 - (performance.now() - startedAt);
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    const id = nextId();
    const began = performance.now();
    sentAt.set(id, began);
    answers.push(send(shop, port, id).then(() => void acknowledged.push(performance.now() - began)));
  }
  await Promise.all(answers);
  const limit = performance.now() + settleMs;
  while (performance.now() < limit && [...sentAt.keys()].some((id) => !arrivals.has(id))) await new Promise((resolve) => setTimeout(resolve, 20));
  const delays = [...sentAt].flatMap(([id, began]) => { const at = arrivals.get(id); return at === undefined ? [] : [at - began]; });
  return { perSecond, sent: wanted, arrived: delays.length, acknowledgeMs: spread(acknowledged), arriveMs: spread(delays) };
}

let lastId = 500_000_000;
const nextId = () => String((lastId += 1));

async function send(shop: BenchShop, port: number, id: string): Promise<void> {
  const now = new Date().toISOString();
  const body = JSON.stringify({
    subscription: {
      id: Number(id), address_id: 1, customer_id: Number(id) % customers, status: 'active', product_title: 'Coffee beans 1 kg', variant_title: 'Whole bean', price: '18.50', quantity: 2,
      order_interval_unit: 'day', order_interval_frequency: 30, charge_interval_frequency: 30, next_charge_scheduled_at: '2026-12-01', created_at: now, updated_at: now, properties: [{ name: 'note', value: 'x'.repeat(1500) }],
    },
  });
  const stamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', shop.secret).update(`${stamp}.`).update(body).digest('hex');
  const answer = await fetch(`http://127.0.0.1:${port}/webhooks/recharge/${shop.connectionKey}/subscription/created`, {
    method: 'POST', body, headers: { 'x-recharge-webhook-timestamp': String(stamp), 'x-recharge-webhook-signature': `t=${stamp},v1=${signature}` },
  });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`The intake answered ${answer.status}`);
}

/** Answers as Bloomreach does and notes when each subscription's event was first there. */
async function startSink(arrivals: Map<string, number>): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const at = performance.now();
      const { commands } = JSON.parse(Buffer.concat(chunks).toString()) as { commands: { command_id: string; data: { properties: Record<string, unknown> } }[] };
      for (const { data } of commands) {
        const id = data.properties['subscription_id'];
        if (typeof id === 'string' && !arrivals.has(id)) arrivals.set(id, at);
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ results: commands.map(({ command_id }) => ({ success: true, command_id })), success: true }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function makeDestination(shop: BenchShop): Promise<void> {
  const secrets = seal(JSON.stringify({ apiSecret: 'secret' }), { shopId: shop.shopId, table: 'Destination', column: 'secrets' });
  await pool().query(
    `insert into "Destination" ("shopId", type, settings, "secretsSealed", "updatedAt") values ($1, 'bloomreach', $2, $3, now()) on conflict do nothing`,
    [shop.shopId, { apiBaseUrl: 'https://api.exponea.com', projectToken: 'bench-project', apiKeyId: 'key', customerId: 'recharge_id', emailIdName: 'registered', rechargeIdName: 'recharge_id', linkBoth: false, importActiveProperty: false, extendedEvents: [] }, secrets],
  );
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
