import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeHttp, createHttp, type HttpLimits, type Network } from '#app/http.server.ts';

const short: Partial<HttpLimits> = { connectMs: 300, headersMs: 300, totalMs: 900 };
const closers: (() => Promise<void>)[] = [];

/** A web server on loopback that lives as long as the test. */
async function serve(answer: http.RequestListener): Promise<{ origin: string; requests: http.IncomingMessage[] }> {
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  return { origin: `http://127.0.0.1:${await listen(server)}`, requests };
}

/** A bare socket that says exactly these bytes to whoever wrote something. */
async function raw(reply: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => reply(socket));
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(closeHttp);

const to = (origin: string, limits: Partial<HttpLimits> = short) => createHttp({ kind: 'operator', origin }, limits);

describe('answers', () => {
  it('sends method, headers and body, and hands over status, headers and text', async () => {
    const { origin, requests } = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk)).on('end', () => response.writeHead(201, { 'x-one': '1', 'set-cookie': ['a', 'b'] }).end(`${request.method} ${request.url} ${body} é`));
    });

    const answer = await to(origin)({ method: 'POST', url: `${origin}/things?x=1`, headers: { 'content-type': 'application/json' }, body: '{"a":1}' });

    expect(answer).toMatchObject({ status: 201, text: 'POST /things?x=1 {"a":1} é' });
    expect(answer.headers).toMatchObject({ 'x-one': '1', 'set-cookie': 'a, b' });
    expect(requests[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '7', 'user-agent': 'Rechannel' });
  });

  it('keeps connections alive between requests', async () => {
    const { origin, requests } = await serve((_request, response) => response.end('ok'));
    const send = to(origin);

    for (let i = 0; i < 10; i++) await send({ method: 'GET', url: origin });

    // An answer is handed over a moment before its connection is free, so two may take turns.
    expect(requests).toHaveLength(10);
    expect(new Set(requests.map((request) => request.socket.remotePort)).size).toBeLessThanOrEqual(2);
  });

  it.each([
    ['gzip', zlib.gzipSync('packed é')],
    ['deflate', zlib.deflateSync('packed é')],
    ['br', zlib.brotliCompressSync('packed é')],
  ])('reads %s', async (encoding, packed) => {
    const { origin } = await serve((_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(packed));
    expect(await to(origin)({ method: 'GET', url: origin })).toMatchObject({ text: 'packed é' });
  });

  it('answers an empty body that claims an encoding, and a 204', async () => {
    const { origin } = await serve((request, response) => response.writeHead(request.url === '/none' ? 204 : 200, { 'content-encoding': 'gzip' }).end());
    expect(await to(origin)({ method: 'DELETE', url: `${origin}/none` })).toMatchObject({ status: 204, text: '' });
    expect(await to(origin)({ method: 'GET', url: `${origin}/empty` })).toMatchObject({ status: 200, text: '' });
  });

  it('passes over an interim answer', async () => {
    const origin = await raw((socket) => socket.end('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
    expect(await to(origin)({ method: 'GET', url: origin })).toMatchObject({ status: 200, text: 'ok' });
  });

  it.each([301, 302, 303, 307, 308])('OU-T1 hands over a %i as it came and visits nobody', async (status) => {
    const canary = await serve((_request, response) => response.end());
    const { origin } = await serve((_request, response) => response.writeHead(status, { location: `${canary.origin}/second-hop` }).end());

    const answer = await to(origin)({ method: 'POST', url: origin, headers: { 'x-recharge-access-token': 'secret' }, body: '{}' });

    expect(answer.status).toBe(status);
    expect(canary.requests).toHaveLength(0);
  });

  it('OU-T1 takes no proxy from the environment', async () => {
    const proxy = await serve((_request, response) => response.writeHead(502).end('the proxy'));
    const { origin } = await serve((_request, response) => response.end('direct'));
    const names = ['http_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'https_proxy', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.origin;
    try {
      expect(await to(origin, { ...short, connectMs: 301 })({ method: 'GET', url: origin })).toMatchObject({ text: 'direct' });
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect(proxy.requests).toHaveLength(0);
  });
});

describe('failures', () => {
  it('says transient when nothing can have left: nobody listens, the name has no address, connecting takes too long', async () => {
    const { origin } = await serve(() => {});
    for (const close of closers.splice(0)) await close();
    const noName: LookupFunction = (_host, _options, callback) => callback(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), '', 0);
    const never: LookupFunction = () => {};
    const named = 'http://vendor.example:9';

    await expect(to(origin)({ method: 'POST', url: origin, body: '{}' })).rejects.toMatchObject({ kind: 'transient', cause: 'ECONNREFUSED' });
    await expect(createHttp({ kind: 'operator', origin: named }, short, { lookup: noName })({ method: 'POST', url: named })).rejects.toMatchObject({ kind: 'transient', cause: 'ENOTFOUND', message: expect.stringContaining('Check the spelling') });
    await expect(createHttp({ kind: 'operator', origin: named }, short, { lookup: never })({ method: 'POST', url: named })).rejects.toMatchObject({ kind: 'transient' });
  });

  it('P09 says unknown outcome when the request left and no headers came in time', async () => {
    const { origin, requests } = await serve(() => {});
    const started = Date.now();

    await expect(to(origin)({ method: 'POST', url: origin, body: '{}' })).rejects.toMatchObject({ kind: 'unknown_outcome', code: 'headers_late' });

    expect(requests).toHaveLength(1);
    expect(Date.now() - started).toBeLessThan(800);
  });

  it('P09 says unknown outcome when the answer drips on past the limit', async () => {
    const { origin } = await serve((request, response) => {
      response.writeHead(200).write('x');
      const drip = setInterval(() => response.write('x'), 50);
      request.socket.on('close', () => clearInterval(drip));
    });
    const started = Date.now();

    await expect(to(origin)({ method: 'POST', url: origin })).rejects.toMatchObject({ kind: 'unknown_outcome', code: 'answer_late', status: 200 });
    await expect(to(origin)({ method: 'POST', url: origin, timeoutMs: 100 })).rejects.toMatchObject({ kind: 'unknown_outcome', code: 'answer_late' });

    expect(Date.now() - started).toBeLessThan(2000);
  });

  it.each<[string, (socket: net.Socket) => void]>([
    ['reset before any answer', (socket) => socket.resetAndDestroy()],
    ['closed before any answer', (socket) => socket.end()],
    ['reset inside the headers', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-le', () => socket.resetAndDestroy())],
    ['cut inside a measured body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":')],
    ['cut inside a chunked body', (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{"half":\r\n')],
    ['no HTTP at all', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    ['cut inside gzip', (socket) => { const half = zlib.gzipSync('x'.repeat(1000)).subarray(0, 15); socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${half.length}\r\n\r\n`); socket.end(half); }],
    ['an encoding nobody asked for', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-encoding: compress\r\ncontent-length: 1\r\n\r\nx')],
    ['an upgrade nobody asked for', (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n')],
  ])('says unknown outcome: %s', async (_what, reply) => {
    const origin = await raw(reply);
    await expect(to(origin)({ method: 'POST', url: origin, body: '{}' })).rejects.toMatchObject({ kind: 'unknown_outcome' });
  });

  it('OU-D1 stops reading an endless answer, a bomb and endless headers, and tells the status where it knows it', async () => {
    const endless = await serve((request, response) => {
      response.writeHead(200);
      const pour = () => { while (!request.socket.destroyed && response.write('x'.repeat(10_000))); };
      response.on('drain', pour);
      pour();
    });
    const bomb = zlib.gzipSync(Buffer.alloc(50_000_000));
    const bombs = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const shout = await raw((socket) => socket.write(`HTTP/1.1 200 OK\r\n${Array.from({ length: 400 }, (_, i) => `x-${i}: ${'y'.repeat(100)}\r\n`).join('')}\r\n`));
    const before = process.memoryUsage().rss;

    await expect(to(endless.origin)({ method: 'GET', url: endless.origin })).rejects.toMatchObject({ kind: 'unknown_outcome', code: 'answer_too_large', status: 200 });
    await expect(to(bombs.origin)({ method: 'GET', url: bombs.origin })).rejects.toMatchObject({ kind: 'unknown_outcome', code: 'answer_too_large', status: 200 });
    await expect(to(bombs.origin, { ...short, maxBodyBytes: 10_000_000 })({ method: 'GET', url: bombs.origin })).rejects.toMatchObject({ code: 'answer_too_large' });
    await expect(to(shout)({ method: 'GET', url: shout })).rejects.toMatchObject({ kind: 'unknown_outcome' });

    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  });

  it('reads a large answer where the limit allows it', async () => {
    const { origin } = await serve((_request, response) => response.end('x'.repeat(300_000)));
    expect((await to(origin, { ...short, maxBodyBytes: 400_000 })({ method: 'GET', url: origin })).text).toHaveLength(300_000);
    await expect(to(origin)({ method: 'GET', url: origin })).rejects.toMatchObject({ code: 'answer_too_large' });
  });

  it('frees the connection after a failure: the next request is served at once', async () => {
    let calls = 0;
    const { origin } = await serve((_request, response) => { if (calls++ > 0) response.end('ok'); });
    const send = to(origin);
    await expect(send({ method: 'GET', url: origin })).rejects.toMatchObject({ code: 'headers_late' });
    expect(await send({ method: 'GET', url: origin })).toMatchObject({ text: 'ok' });
  });

  it('refuses a header that cannot be sent, and says what to do', async () => {
    const { origin, requests } = await serve((_request, response) => response.end());
    await expect(to(origin)({ method: 'GET', url: origin, headers: { 'x-key': 'canary\r\nx: y' } })).rejects.toMatchObject({ kind: 'rejected', code: 'request_malformed' });
    expect(requests).toHaveLength(0);
  });

  it('P30 never lets query, headers or body into an error', async () => {
    const silent = await serve(() => {});
    const reset = await raw((socket) => socket.resetAndDestroy());
    const garbage = await raw((socket) => socket.end('canary canary\r\n\r\n'));
    const dead = 'http://127.0.0.1:1';
    for (const [origin, headers] of [[silent.origin, {}], [reset, {}], [garbage, {}], [dead, {}], [silent.origin, { 'x-key': 'canary\n' }]] as const) {
      const thrown: Error = await to(origin)({ method: 'POST', url: `${origin}/canary?canary=1`, headers: { authorization: 'Bearer canary', ...headers }, body: '{"canary":true}' }).then(() => new Error('it answered'), (error: Error) => error);
      const everything = [thrown.message, thrown.stack, JSON.stringify(thrown), JSON.stringify(Object.getOwnPropertyDescriptors(thrown)), String(thrown.cause)].join('\n').replaceAll(import.meta.filename, '');
      expect(thrown).toMatchObject({ name: 'Failure' });
      expect(everything).not.toContain('canary');
    }
  });
});

describe('the guard at connect', () => {
  let visits = 0;
  let port = 0;
  beforeEach(async () => {
    visits = 0;
    const canary = net.createServer(() => (visits += 1));
    port = await listen(canary);
  });

  const resolving = (...answers: string[][]): { network: Network; asked: () => number } => {
    let asked = 0;
    const lookup: LookupFunction = (_host, options, callback) => {
      const found = (answers[Math.min(asked++, answers.length - 1)] ?? []).map((address) => ({ address, family: net.isIP(address) }));
      if (options.all) callback(null, found);
      else callback(null, found[0]?.address ?? '', found[0]?.family ?? 4);
    };
    return { network: { lookup }, asked: () => asked };
  };

  it.each([[['127.0.0.1']], [['::1']], [['::ffff:127.0.0.1']], [['10.0.0.1', '127.0.0.1']], [['169.254.169.254']], [['100.64.0.1']], [['0.0.0.0']], [['64:ff9b::7f00:1']], [[]]])(
    'P23 refuses a public name that resolves to %s',
    async (addresses) => {
      const { network } = resolving(addresses);
      for (const policy of [{ kind: 'public', allowOrigins: [] }, { kind: 'vendor', hosts: [/rebind\.example/] }] as const) {
        const url = policy.kind === 'vendor' ? 'https://rebind.example/x' : `https://rebind.example:${port}/x`;
        await expect(createHttp(policy, short, network)({ method: 'POST', url, body: '{}' })).rejects.toMatchObject({ kind: 'rejected', code: 'egress_refused' });
      }
      expect(visits).toBe(0);
    },
  );

  it('P23 asks the name once for each connection and connects to what it was told: rebinding 50 times reaches nobody', async () => {
    for (let i = 0; i < 50; i++) {
      // The first answer is public (and unreachable here), every later one is loopback.
      const { network, asked } = resolving(['8.8.8.8'], ['127.0.0.1']);
      const send = createHttp({ kind: 'public', allowOrigins: [] }, { connectMs: 40, totalMs: 80, headersMs: 80 }, network);
      await expect(send({ method: 'POST', url: `https://rebind.example:${port}/x`, body: '{}' })).rejects.toMatchObject({ kind: 'transient' });
      expect(asked()).toBe(1);
      await expect(send({ method: 'POST', url: `https://rebind.example:${port}/x`, body: '{}' })).rejects.toMatchObject({ kind: 'rejected' });
    }
    expect(visits).toBe(0);
  });

  it('P23 connects only to the public ones among mixed addresses', async () => {
    const { network } = resolving(['127.0.0.1', '8.8.8.8', '::1']);
    await expect(createHttp({ kind: 'public', allowOrigins: [] }, { connectMs: 100, totalMs: 200 }, network)({ method: 'GET', url: `https://mixed.example:${port}/` })).rejects.toMatchObject({ kind: 'transient' });
    expect(visits).toBe(0);
  });

  it("P23 the machine's own resolver is guarded too", async () => {
    await expect(createHttp({ kind: 'public', allowOrigins: [] }, short)({ method: 'GET', url: `https://localhost:${port}/` })).rejects.toMatchObject({ kind: 'rejected', code: 'egress_refused' });
    expect(visits).toBe(0);
  });

  it("P23 a connection that the operator's list opened is never lent to a guarded sender", async () => {
    const { origin, requests } = await serve((_request, response) => response.end('ok'));
    await createHttp({ kind: 'public', allowOrigins: [origin] }, short)({ method: 'GET', url: origin });
    await expect(createHttp({ kind: 'public', allowOrigins: [] }, short)({ method: 'GET', url: origin.replace('http:', 'https:') })).rejects.toMatchObject({ kind: 'rejected' });
    expect(requests).toHaveLength(1);
  });
});

describe('TLS', () => {
  const openssl = ['/usr/bin/openssl', '/usr/local/bin/openssl', '/opt/homebrew/bin/openssl'].find((file) => { try { readFileSync(file); return true; } catch { return false; } });

  it.runIf(openssl)('OU-S1 verifies certificates, whatever NODE_TLS_REJECT_UNAUTHORIZED says (needs openssl to make one)', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'rechannel-tls-'));
    const [key, cert] = [path.join(directory, 'key.pem'), path.join(directory, 'cert.pem')];
    execFileSync(openssl!, ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=vendor.example', '-addext', 'subjectAltName=DNS:vendor.example'], { stdio: 'ignore' });
    let requests = 0;
    const port = await listen(https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => { requests += 1; response.end('secure'); }));
    const lookup: LookupFunction = (_host, options, callback) => (options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4));
    const ca = readFileSync(cert, 'utf8');
    const call = (host: string, network: Network) => createHttp({ kind: 'operator', origin: `https://${host}:${port}` }, short, network)({ method: 'GET', url: `https://${host}:${port}/` });
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      await expect(call('vendor.example', { lookup })).rejects.toMatchObject({ kind: 'transient', message: expect.stringContaining('certificate') });
      await expect(call('other.example', { lookup, ca })).rejects.toMatchObject({ kind: 'transient', message: expect.stringContaining('certificate') });
      expect(requests).toBe(0);
      expect(await call('vendor.example', { lookup, ca })).toMatchObject({ text: 'secure' });
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });
});
