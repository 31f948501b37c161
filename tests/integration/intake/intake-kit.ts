/** A shop with a Recharge connection in the test's database, a web server, and requests as Recharge sends and signs them. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import http from 'node:http';
import { pool } from '#app/db.server.ts';
import { seal } from '#app/secrets.server.ts';
import { createWebServer, type WebServer, type WebServerOptions } from '#app/web/server.server.ts';

process.env.ENCRYPTION_KEYS ??= `test:${randomBytes(32).toString('base64')}`;
process.env.LOG_LEVEL ??= 'error';

export type TestConnection = { shopId: string; connectionId: string; connectionKey: string; secret: string };
export type Answer = { status: number; headers: http.IncomingHttpHeaders; rawHeaders: string[]; body: string; ms: number };

/** Inserts a shop and its connection. */
export async function makeConnection(given: { secret?: string; previousSecret?: string; previousSecretUntil?: Date; signedWithV1Since?: Date } = {}): Promise<TestConnection> {
  const connectionKey = randomBytes(20).toString('hex');
  const secret = given.secret ?? `rc_secret_${randomBytes(16).toString('hex')}`;
  const shop = await pool().query<{ id: string }>('insert into "Shop" (domain) values ($1) returning id', [`shop-${connectionKey.slice(0, 12)}.myshopify.com`]);
  const shopId = shop.rows[0]?.id as string;
  const connection = await pool().query<{ id: string }>(
    `insert into "Connection" ("shopId", "connectionKey", "clientSecretSealed", "previousClientSecretSealed", "previousSecretUntil", "signedWithV1Since", "updatedAt")
     values ($1, $2, $3, $4, $5, $6, now()) returning id`,
    [shopId, connectionKey, sealed(shopId, 'clientSecret', secret), given.previousSecret ? sealed(shopId, 'previousClientSecret', given.previousSecret) : null, given.previousSecretUntil ?? null, given.signedWithV1Since ?? null],
  );
  return { shopId, connectionId: connection.rows[0]?.id as string, connectionKey, secret };
}

export function sealed(shopId: string, column: string, secret: string): Buffer {
  return seal(secret, { shopId, table: 'Connection', column });
}

export async function startServer(options: WebServerOptions = {}): Promise<WebServer & { port: number }> {
  const web = createWebServer(options);
  return { ...web, port: await web.listen(0, '127.0.0.1') };
}

export const epochNow = () => Math.floor(Date.now() / 1000);

export function signV1(secret: string, body: string | Uint8Array, t: number | string = epochNow()): string[] {
  return ['X-Recharge-Webhook-Signature', `t=${t},v1=${createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex')}`];
}

export function signLegacy(secret: string, body: string | Uint8Array): string[] {
  return ['X-Recharge-Hmac-Sha256', createHash('sha256').update(secret).update(body).digest('hex')];
}

export const pathOf = (connection: { connectionKey: string }, topic = 'subscription/updated') => `/webhooks/recharge/${connection.connectionKey}/${topic}`;

let lastId = 500_000;
/** A body as Recharge sends it, new with each call. */
export const newBody = () => JSON.stringify({ subscription: { id: ++lastId, customer_id: 70000001, status: 'active', updated_at: '2026-11-20T10:00:00+00:00' } });

const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });

/** Sends one request; `headers` are names and values in turn, so that one can be sent twice. */
export function send(port: number, request: { path: string; method?: string; headers?: string[]; body?: string | Uint8Array }): Promise<Answer> {
  const { path, method = 'POST', body = '' } = request;
  const startedAt = performance.now();
  const headers = ['Host', '127.0.0.1', 'Content-Length', String(Buffer.byteLength(body)), ...(request.headers ?? [])];
  return new Promise((resolve, reject) => {
    const sent = http.request({ port, host: '127.0.0.1', path, method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, rawHeaders: response.rawHeaders, body: Buffer.concat(chunks).toString(), ms: performance.now() - startedAt }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends a webhook as Recharge signs it. */
export function deliver(port: number, connection: TestConnection, body: string | Uint8Array, topic?: string): Promise<Answer> {
  return send(port, { path: pathOf(connection, topic), headers: signV1(connection.secret, body), body });
}

export async function rowsOf(connection: TestConnection) {
  const { rows } = await pool().query<{ id: string; topic: string; digest: Buffer; scheme: string; bodySealed: Buffer; bodyBytes: number; duplicates: number; state: string }>(
    'select * from "InboundWebhook" where "shopId" = $1 and "connectionId" = $2 order by id', [connection.shopId, connection.connectionId]);
  return rows;
}

/** Runs work for each item, so many at once, and returns the results in the items' order. */
export async function inParallel<Item, Result>(items: readonly Item[], atOnce: number, work: (item: Item, index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as Item, index);
    }),
  );
  return results;
}
