/**
 * One server of the comparison, in a process of its own; the first argument says which:
 * `rechannel`, the app's own web server; `bare`, node:http that only verifies the same signature; `one-insert`, the same
 * plus one INSERT and commit per request; `group-commit`, the same plus one multi-row INSERT of whatever waits by two
 * writers. The references neither check the JSON nor seal the body.
 */
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pool } from '#app/db.server.ts';
import { clientSecret, verifySignature } from '#app/recharge/signature.ts';
import { createWebServer } from '#app/web/server.server.ts';

export type ServerKind = 'rechannel' | 'bare' | 'one-insert' | 'group-commit';
export type ServerOrder = { secret: string; shopId: string; connectionId: string };

process.once('message', (order: ServerOrder) => {
  start(process.argv[2] as ServerKind, order).then((port) => process.send?.({ port }));
});

async function start(kind: ServerKind, order: ServerOrder): Promise<number> {
  if (kind === 'rechannel') return createWebServer().listen(0, '127.0.0.1');
  const keep = { bare: async () => {}, 'one-insert': insertOne, 'group-commit': groupCommit() }[kind];
  const trust = { secrets: [clientSecret(order.secret)], v1Only: false };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      const verdict = verifySignature({ rawHeaders: request.rawHeaders, topic: 'subscription/updated', body }, trust, new Date());
      if (!verdict.ok) return answer(response, 401);
      keep({ order, request, body }).then(() => answer(response, 200), () => answer(response, 503));
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

type Kept = { order: ServerOrder; request: IncomingMessage; body: Buffer };

const columns = '"shopId", "connectionId", "digest", "topic", "scheme", "bodySealed", "bodyBytes"';
const valuesOf = ({ order, body }: Kept) => [order.shopId, order.connectionId, hash('sha256', body, 'buffer'), 'subscription/updated', 'v1', body, body.length];

async function insertOne(kept: Kept): Promise<void> {
  const text = `insert into "InboundWebhook" (${columns}) values ($1,$2,$3,$4,$5,$6,$7) on conflict ("connectionId", "digest") do nothing`;
  await pool().query({ name: 'one', text, values: valuesOf(kept) });
}

function groupCommit(): (kept: Kept) => Promise<void> {
  const waiting: { kept: Kept; done: PromiseWithResolvers<void> }[] = [];
  let writers = 0;

  async function write(): Promise<void> {
    if (writers === 2 || waiting.length === 0) return;
    writers++;
    const batch = waiting.splice(0, 128);
    const tuples = batch.map((_, row) => `(${[1, 2, 3, 4, 5, 6, 7].map((column) => `$${row * 7 + column}`).join(',')})`);
    const text = `insert into "InboundWebhook" (${columns}) values ${tuples.join(',')} on conflict ("connectionId", "digest") do nothing`;
    try {
      await pool().query({ name: `group_${batch.length}`, text, values: batch.flatMap(({ kept }) => valuesOf(kept)) });
      for (const { done } of batch) done.resolve();
    } catch (error) {
      for (const { done } of batch) done.reject(error);
    }
    writers--;
    void write();
  }

  return (kept) => {
    const done = Promise.withResolvers<void>();
    waiting.push({ kept, done });
    void write();
    return done.promise;
  };
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': '0' });
  response.end();
}
