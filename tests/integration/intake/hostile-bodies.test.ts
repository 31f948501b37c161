import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver, inParallel, makeConnection, newBody, pathOf, rowsOf, send, signLegacy, signV1, startServer, type TestConnection } from './intake-kit.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let connection: TestConnection;

beforeAll(async () => {
  server = await startServer();
  connection = await makeConnection();
});
afterAll(() => server.stop(1_000));

/** A signed body of each kind that Recharge cannot have sent. */
function malformed(round: number): (string | Uint8Array)[] {
  const deep = 65 + round * 97;
  return [
    '['.repeat(deep), `${'['.repeat(deep)}${']'.repeat(deep)}`, `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`, `{"a":${'['.repeat(deep)}`,
    '', ' ', 'null', 'true', '0', '"text"', '[]', '[{"subscription":{}}]', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,}', "{'a':1}", '{a:1}', '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":NaN}', '{"a":Infinity}',
    '{"a":undefined}', '{"a":"\u0000"}', '{"a":"\\x"}', '{"a":"\\u12"}', '{}{}', '{}x', '\uFEFF{}', '<xml/>', 'a=1&b=2', '{"a":1}//', '/**/{}', '{"a":1;}', '{"a":"\t"}',
    Buffer.from('{"a":"\xe9"}', 'latin1'), Buffer.from('{}', 'utf16le'), Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d]), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xf8 + (round % 8)]), Buffer.from('"}')]), Buffer.alloc(100 + round), Buffer.alloc(100_000, 0xff),
    `{"${'k'.repeat(round)}":`, `{"a":[${'1,'.repeat(round)}`, `{"n":${'9'.repeat(round)}e}`, `${' '.repeat(50_000)}`, `"${'\\"'.repeat(10_000)}`, `{"a":"${'{['.repeat(50)}`,
  ];
}

describe('bodies that nobody honest sends', () => {
  it('P18 1,000 malformed ones are all answered 4xx, signed or not, while health answers and memory stays', async () => {
    const bodies = Array.from({ length: 20 }, (_, round) => malformed(round)).flat();
    expect(bodies.length).toBeGreaterThanOrEqual(1_000);
    const memoryBefore = process.memoryUsage().rss;
    const health: number[] = [];

    const statuses = await inParallel(bodies, 20, async (body, index) => {
      if (index % 20 === 0) health.push((await send(server.port, { path: '/healthz', method: 'GET' })).ms);
      const headers = [[], signV1(connection.secret, body), signLegacy('wrong', body), signV1(connection.secret, body)][index % 4] as string[];
      return (await send(server.port, { path: pathOf(connection), headers, body })).status;
    });

    expect(statuses.filter((status) => status !== 400 && status !== 401)).toEqual([]);
    expect(statuses.filter((status) => status === 400).length).toBe(bodies.length / 2);
    expect(await rowsOf(connection)).toEqual([]);
    expect(health.sort((a, b) => a - b)[Math.floor(health.length * 0.95)]).toBeLessThan(500);
    expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(100 * 1024 * 1024);
    expect((await deliver(server.port, connection, newBody())).status).toBe(200);
  });

  it('P18 broken HTTP is answered 4xx and the next request is served', async () => {
    const head = `POST ${pathOf(connection)} HTTP/1.1\r\nHost: x\r\n`;
    const broken = [
      `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, `${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, `${head}Content-Length: -1\r\n\r\n`, `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
      `${head}Transfer-Encoding: gzip\r\n\r\n`, `${head} folded: x\r\n\r\n`, `${head}A\0B: c\r\n\r\n`, 'POST / HTTP/9.9\r\n\r\n', 'nonsense\r\n\r\n', `POST ${pathOf(connection)} HTTP/1.1\r\n\r\n`,
      `${head}X: ${'y'.repeat(20_000)}\r\n\r\n`, `${head}Content-Length: 99999999999999999999\r\n\r\n`,
    ];

    for (const text of broken) {
      const answer = await raw(text);
      expect(answer, text.slice(0, 120)).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
    expect((await deliver(server.port, connection, newBody())).status).toBe(200);
  });

  it('a header above 16 kB is answered 431', async () => {
    expect(await raw(`POST ${pathOf(connection)} HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('bodies that are too long', () => {
  it('413 comes before the body when its length is announced', async () => {
    const answer = await raw(`POST ${pathOf(connection)} HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('413 comes instead of "100 Continue" for a sender that asks first', async () => {
    const answer = await raw(`POST ${pathOf(connection)} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('413 comes while an endless body of unknown length is still being sent, and the server hangs up', async () => {
    const sent = http.request({ port: server.port, host: '127.0.0.1', method: 'POST', path: pathOf(connection), headers: { 'Transfer-Encoding': 'chunked' } });
    const answered = once(sent, 'response') as Promise<[http.IncomingMessage]>;
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    let bytes = 0;
    const more = () => {
      while (!sent.destroyed && bytes < 64 * 1024 * 1024) {
        bytes += chunk.length;
        if (!sent.write(chunk)) return void sent.once('drain', more);
      }
    };
    const closed = new Promise((resolve) => sent.on('close', resolve));
    sent.on('error', () => {});
    more();

    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    await closed;
    expect(bytes).toBeLessThan(64 * 1024 * 1024);
  });
});

/** Writes bytes as they are and returns what comes back until the server hangs up or has answered. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: server.port, host: '127.0.0.1' });
    let answer = '';
    socket.setTimeout(8_000, () => socket.destroy(new Error('No answer')));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', (error) => (answer ? resolve(answer) : reject(error)));
    socket.on('close', () => resolve(answer));
    socket.write(text, 'latin1');
  });
}
