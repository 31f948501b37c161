import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver, makeConnection, newBody, pathOf, rowsOf, signV1, startServer, type TestConnection } from '#tests/integration/intake/intake-kit.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let connection: TestConnection;

beforeAll(async () => {
  server = await startServer();
  connection = await makeConnection();
});
afterAll(() => server.stop(1_000));

type Slow = { livedMs: number; answer: string };

/** Sends `start` at once, then one byte of `rest` every half second, until the server hangs up. */
function slowly(start: string, rest: string): Promise<Slow> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const socket = net.connect({ port: server.port, host: '127.0.0.1' });
    let answer = '';
    let at = 0;
    const drip = setInterval(() => socket.write(rest[at++ % rest.length] as string), 500);
    socket.on('connect', () => socket.write(start));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(drip);
      resolve({ livedMs: performance.now() - startedAt, answer });
    });
  });
}

describe('slow clients', () => {
  it('P19 300 of them lose their sockets within 30 s while honest webhooks are answered 200 in under a second', async () => {
    const body = newBody();
    const head = `POST ${pathOf(connection)} HTTP/1.1\r\nHost: x\r\n`;
    const [name, value] = signV1(connection.secret, body) as [string, string];
    const slow = Array.from({ length: 100 }, () => [
      slowly('POST /', 'a'),
      slowly(head, 'X-A: b\r\n'),
      slowly(`${head}${name}: ${value}\r\nContent-Length: ${body.length}\r\n\r\n`, body),
    ]).flat();
    let open = slow.length;
    for (const one of slow) void one.then(() => open--);

    const honest: number[] = [];
    const statuses = new Set<number>();
    while (open > 0) {
      const answer = await deliver(server.port, connection, newBody());
      statuses.add(answer.status);
      honest.push(answer.ms);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    const lives = await Promise.all(slow);
    expect(Math.max(...lives.map(({ livedMs }) => livedMs))).toBeLessThan(30_000);
    expect([...new Set(lives.map(({ answer }) => answer.slice(0, 12)))]).toEqual(['HTTP/1.1 408']);
    expect(statuses).toEqual(new Set([200]));
    expect(honest.sort((a, b) => a - b)[Math.floor(honest.length * 0.99)]).toBeLessThan(1_000);
    expect(await rowsOf(connection)).toHaveLength(honest.length);
  });

  it('P19 a client that says nothing loses its socket too', async () => {
    const startedAt = performance.now();
    await new Promise((resolve) => net.connect({ port: server.port, host: '127.0.0.1' }).on('data', () => {}).on('close', resolve));

    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it('P19 2,100 connections that did their work and idle make room for those who come after', async () => {
    const crowd: net.Socket[] = [];
    for (let count = 0; count < 2_100; count++) {
      const socket = net.connect({ port: server.port, host: '127.0.0.1' }).on('error', () => {});
      crowd.push(socket);
      socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
    }

    const answers = await Promise.all(Array.from({ length: 40 }, () => deliver(server.port, connection, newBody())));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const socket of crowd) socket.destroy();
  });
});
