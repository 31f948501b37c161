import { once } from 'node:events';
import net from 'node:net';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { deliver, inParallel, makeConnection, newBody, pathOf, rowsOf, send, signV1, startServer } from './intake-kit.ts';

/** A way to the database that can be closed, or can swallow everything without a word. */
async function startGate() {
  const target = new URL(process.env.DATABASE_URL as string);
  let state: 'open' | 'silent' = 'open';
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect({ host: target.hostname, port: Number(target.port) });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (chunk) => state === 'open' && far.write(chunk));
    far.on('data', (chunk) => state === 'open' && near.write(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const through = new URL(target);
  through.port = String(port);
  return {
    url: through.href,
    silence: () => (state = 'silent'),
    speak: () => (state = 'open'),
    async shut() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
    async reopen() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function startBehindGate() {
  const gate = await startGate();
  const own = new pg.Pool({ connectionString: gate.url, max: 5, connectionTimeoutMillis: 2_000 });
  own.on('error', () => {});
  const server = await startServer({ pool: () => own });
  ending.push(() => gate.shut().catch(() => {}), () => own.end(), () => server.stop(500));
  return { gate, server };
}

describe('while the database is away', () => {
  it('P15 a signed webhook is answered 503 with Retry-After within 2 s, never 200, never 4xx, whether its connection is known or not', async () => {
    const { gate, server } = await startBehindGate();
    const [known, unknown] = [await makeConnection(), await makeConnection()];
    expect((await deliver(server.port, known, newBody())).status).toBe(200);
    await gate.shut();

    const answers = await inParallel(Array.from({ length: 60 }), 30, (_, index) => deliver(server.port, index % 2 ? known : unknown, newBody()));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(new Set(answers.map(({ headers }) => headers['retry-after']))).toEqual(new Set(['30']));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(2_000);
    expect(await rowsOf(known)).toHaveLength(1);
  });

  it('P15 the same when the database is there and says nothing', async () => {
    const { gate, server } = await startBehindGate();
    const connection = await makeConnection();
    expect((await deliver(server.port, connection, newBody())).status).toBe(200);
    gate.silence();

    const answers = await inParallel(Array.from({ length: 20 }), 20, () => deliver(server.port, connection, newBody()));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(2_000);
    expect((await send(server.port, { path: '/healthz', method: 'GET' })).status).toBe(200);
    expect((await send(server.port, { path: '/readyz', method: 'GET' }))).toMatchObject({ status: 503, body: expect.stringContaining('"failing":["database"]') });
  });

  it('a forgery is not told that it is one, since nobody can tell', async () => {
    const { gate, server } = await startBehindGate();
    const connection = await makeConnection();
    await gate.shut();
    const body = newBody();

    expect((await send(server.port, { path: pathOf(connection), headers: signV1('wrong', body), body })).status).toBe(503);
  });

  it('a short interruption is waited out: the webhook is stored once and answered 200', async () => {
    const { gate, server } = await startBehindGate();
    const connection = await makeConnection();
    expect((await deliver(server.port, connection, newBody())).status).toBe(200);
    await gate.shut();

    const waiting = deliver(server.port, connection, newBody());
    await new Promise((resolve) => setImmediate(resolve));
    await gate.reopen();

    expect((await waiting).status).toBe(200);
    expect(await rowsOf(connection)).toHaveLength(2);
  });

  it('everything is taken again once it is back, and what was answered 503 can come again', async () => {
    const { gate, server } = await startBehindGate();
    const connection = await makeConnection();
    const bodies = Array.from({ length: 10 }, newBody);
    gate.silence();
    await inParallel(bodies, 10, (body) => deliver(server.port, connection, body));
    await gate.shut();
    gate.speak();
    await gate.reopen();

    await vi.waitFor(async () => expect(await inParallel(bodies, 5, (body) => deliver(server.port, connection, body).then(({ status }) => status))).toEqual(bodies.map(() => 200)), { timeout: 15_000 });

    expect(await rowsOf(connection)).toHaveLength(10);
    expect((await send(server.port, { path: '/readyz', method: 'GET' })).status).toBe(200);
  });
});
