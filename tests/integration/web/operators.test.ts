import http from 'node:http';
import os from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { pool } from '#app/db.server.ts';
import { createHealth } from '#app/web/health.server.ts';
import { createWebServer, type WebServerOptions } from '#app/web/server.server.ts';
import { deliver, makeConnection, newBody, pathOf, send } from '#tests/integration/intake/intake-kit.ts';

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

async function start(options: WebServerOptions = {}, host = '127.0.0.1') {
  const web = createWebServer(options);
  ending.push(() => web.stop(500));
  return web.listen(0, host);
}

const get = (port: number, path: string, headers: string[] = []) => send(port, { path, method: 'GET', headers });

describe('GET /healthz', () => {
  it('answers 200 while the process is up, and names no version', async () => {
    const answer = await get(await start(), '/healthz');

    expect(answer).toMatchObject({ status: 200, body: '{"status":"ok"}\n' });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('server');
  });
});

describe('GET /readyz', () => {
  it('answers 200 when database, migrations and clock are fine', async () => {
    expect(await get(await start(), '/readyz')).toMatchObject({ status: 200, body: '{"status":"ready"}\n' });
  });

  it('answers 503 and names the migrations when one is missing', async () => {
    await pool().query('update _prisma_migrations set rolled_back_at = now()');
    const answer = await get(await start(), '/readyz');
    await pool().query('update _prisma_migrations set rolled_back_at = null');

    expect(answer).toMatchObject({ status: 503, body: '{"status":"not ready","failing":["migrations"]}\n' });
  });

  it.each([[59_000, 200], [61_000, 503], [-61_000, 503]])('QU-X1 with a clock %d ms off the database\'s answers %d', async (skewMs, status) => {
    const health = createHealth(pool, () => Date.now() + skewMs);
    const server = http.createServer((request, response) => void health.ready(request, response));
    const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)));
    ending.push(() => new Promise((resolve) => void server.close(resolve).closeAllConnections()));

    const answer = await get(port, '/readyz');

    expect(answer.status).toBe(status);
    expect(answer.body.includes('"failing":["clock"]')).toBe(status === 503);
  });
});

describe('GET /metrics', () => {
  it('tells what came in, by outcome', async () => {
    const port = await start();
    const connection = await makeConnection();
    await deliver(port, connection, newBody());
    await send(port, { path: pathOf(connection), body: '{}' });

    const answer = await get(port, '/metrics');

    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    expect(answer.body).toMatch(/rechannel_intake_requests_total\{outcome="stored"\} [1-9]/);
    expect(answer.body).toMatch(/rechannel_intake_requests_total\{outcome="refused"\} [1-9]/);
    expect(answer.body).toMatch(/rechannel_intake_flush_rows_count [1-9]/);
    expect(answer.body).not.toContain(connection.connectionKey);
  });

  it.each([
    ['X-Forwarded-For', '203.0.113.9'], ['Forwarded', 'for=203.0.113.9'], ['X-Real-IP', '203.0.113.9'], ['Via', '1.1 proxy'], ['X-Forwarded-Host', 'app.example.com'],
  ])('OP-E1 without a token refuses a request that was forwarded (%s), though it comes from this machine', async (name, value) => {
    expect((await get(await start(), '/metrics', [name, value])).status).toBe(403);
  });

  it('OP-E1 without a token refuses a public host name and another machine\'s address', async () => {
    const port = await start({}, '0.0.0.0');
    const outward = Object.values(os.networkInterfaces()).flat().find((address) => address?.family === 'IPv4' && !address.internal)?.address;

    expect((await fetchStatus('127.0.0.1', port, 'app.example.com'))).toBe(403);
    expect((await fetchStatus('127.0.0.1', port, `localhost:${port}`))).toBe(200);
    // Seen from its own outward address this machine is as foreign as any other.
    if (outward) expect(await fetchStatus(outward, port, `localhost:${port}`)).toBe(403);
  });

  it('OP-E1 with a token answers its bearer alone, wherever from', async () => {
    const port = await start({ metricsToken: 'a-long-metrics-token' });

    const status = async (headers: string[]) => (await get(port, '/metrics', headers)).status;
    expect(await status([])).toBe(401);
    expect(await status(['Authorization', 'Bearer a-long-metrics-toke'])).toBe(401);
    expect(await status(['Authorization', 'a-long-metrics-token'])).toBe(401);
    expect(await status(['Authorization', 'Bearer a-long-metrics-token', 'X-Forwarded-For', '203.0.113.9'])).toBe(200);
  });

  it.each(['/healthz', '/readyz', '/metrics'])('405 for a POST to %s', async (path) => {
    expect((await send(await start(), { path })).status).toBe(405);
  });
});

function fetchStatus(address: string, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http.get({ host: address, port, path: '/metrics', headers: { Host: host }, agent: false }, (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject);
  });
}
