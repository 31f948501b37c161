import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServerBuild } from '@remix-run/node';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { createPages, readBuild, type PagesOptions } from '#app/web/pages.server.ts';
import { createWebServer, type WebServerOptions } from '#app/web/server.server.ts';
import { deliver, makeConnection, newBody, rowsOf, send, signV1, pathOf } from '#tests/integration/intake/intake-kit.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'rechannel-client-'));
mkdirSync(path.join(directory, 'assets'));
writeFileSync(path.join(directory, 'assets', 'entry-abc123.js'), 'export {}');
writeFileSync(path.join(directory, 'favicon.ico'), 'icon');
afterAll(() => rmSync(directory, { recursive: true }));

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

async function start(options: WebServerOptions) {
  const web = createWebServer(options);
  ending.push(() => web.stop(500));
  return { web, port: await web.listen(0, '127.0.0.1') };
}

/** The smallest build that Remix runs: one resource route for every path. */
function buildOf(loader: (given: { request: Request }) => Response | Promise<Response>): ServerBuild {
  const module = { loader, action: loader } as never;
  return {
    entry: { module: { default: () => new Response('document') } as never },
    routes: { 'routes/$': { id: 'routes/$', path: '*', module } },
    assets: { entry: { module: '', imports: [] }, routes: {}, url: '', version: '1' } as never,
    future: {} as never, assetsBuildDirectory: directory, basename: '/', publicPath: '/', mode: 'production', isSpaMode: false,
  };
}

const pages = (loader: Parameters<typeof buildOf>[0], given: Partial<PagesOptions> = {}) =>
  createPages({ build: buildOf(loader), clientDirectory: directory, appUrl: 'https://app.example.com', frameOrigin: undefined, production: true, ...given });

describe('pages', () => {
  it('carry security headers and no sign of the framework', async () => {
    const { port } = await start({ remixHandler: pages(() => new Response('page')) });

    const answer = await send(port, { path: '/app', method: 'GET' });

    expect(answer).toMatchObject({ status: 200, body: 'page' });
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff', 'content-security-policy': "frame-ancestors 'none'", 'strict-transport-security': 'max-age=31536000', 'referrer-policy': 'strict-origin-when-cross-origin',
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  });

  it('may be framed by Shopify where they say so, and by the simulated admin only where the operator set one', async () => {
    const shopify = 'frame-ancestors https://acme-usa.myshopify.com https://admin.shopify.com;';
    const framed = () => new Response('page', { headers: { 'Content-Security-Policy': shopify } });
    const real = await start({ remixHandler: pages(framed) });
    const sandbox = await start({ remixHandler: pages(framed, { frameOrigin: 'http://127.0.0.1:4100' }) });

    expect((await send(real.port, { path: '/app', method: 'GET' })).headers['content-security-policy']).toBe(shopify);
    expect((await send(sandbox.port, { path: '/app', method: 'GET' })).headers['content-security-policy']).toBe('frame-ancestors https://acme-usa.myshopify.com https://admin.shopify.com http://127.0.0.1:4100;');
  });

  it('serve built files for a year and others for an hour', async () => {
    const { port } = await start({ remixHandler: pages(() => new Response('page')) });

    expect((await send(port, { path: '/assets/entry-abc123.js', method: 'GET' })).headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect((await send(port, { path: '/favicon.ico', method: 'GET' })).headers['cache-control']).toBe('public, max-age=3600');
    expect((await send(port, { path: '/assets/../../../etc/passwd', method: 'GET' })).body).toBe('page');
  });

  it('P33 follow the app\'s own address, not what a request claims to be forwarded from', async () => {
    const { port } = await start({ remixHandler: pages(({ request }) => new Response(request.url)) });

    const answer = await send(port, { path: '/app?x=1', method: 'GET', headers: ['X-Forwarded-Host', 'evil.example:8443', 'X-Forwarded-Proto', 'https'] });

    expect(answer.body).toBe('http://127.0.0.1/app?x=1');
  });

  it('say that something went wrong, without a stack, when a route breaks outside Remix', async () => {
    const broken = { ...buildOf(() => new Response('')), routes: undefined } as never;
    const { port } = await start({ remixHandler: createPages({ build: broken, clientDirectory: directory, appUrl: 'https://app.example.com', frameOrigin: undefined, production: true }) });

    const answer = await send(port, { path: '/app', method: 'GET' });

    expect(answer).toMatchObject({ status: 500, body: 'Something went wrong on our side. Please try again.\n' });
  });

  it('refuse a form that is announced too long', async () => {
    const { port } = await start({ remixHandler: pages(async ({ request }) => new Response(String((await request.arrayBuffer()).byteLength))) });

    expect((await send(port, { path: '/app', body: 'x'.repeat(1_000_000) })).body).toBe('1000000');
    expect((await send(port, { path: '/app', body: Buffer.alloc(8 * 1024 * 1024 + 1) }).then(({ status }) => status, (error: NodeJS.ErrnoException) => error.code))).toSatisfy((outcome) => [413, 'ECONNRESET', 'EPIPE'].includes(outcome as never));
  });

  it('are answered 404 where there are none, and a missing build says what to do', async () => {
    const { port } = await start({});

    expect((await send(port, { path: '/app', method: 'GET' })).status).toBe(404);
    await expect(readBuild(path.join(directory, 'nowhere'))).rejects.toThrow(/nowhere\/server\/index\.js is missing\): run "npm run build" first/);
  });
});

describe('the portal', () => {
  it('is handed over before Express, and its failure is a plain 500', async () => {
    const { port } = await start({
      portalHandler: async (request, response) => {
        if (request.url?.includes('fail')) throw new Error('broken');
        response.writeHead(302, { Location: '/account/login', 'Content-Length': '0' }).end();
      },
    });

    expect(await send(port, { path: '/proxy/portal?shop=a', method: 'GET' })).toMatchObject({ status: 302, headers: { location: '/account/login' } });
    expect(await send(port, { path: '/proxy/portal?fail', method: 'GET' })).toMatchObject({ status: 500, body: '' });
  });
});

describe('stopping', () => {
  it('P31 finishes the request that is under way, refuses new ones, and loses nothing', async () => {
    const { web, port } = await start({});
    const connection = await makeConnection();
    const body = newBody();
    const late = http.request({ port, host: '127.0.0.1', method: 'POST', path: pathOf(connection), headers: [...signV1(connection.secret, body), 'Host', 'x', 'Content-Length', String(body.length)] });
    late.write(body.slice(0, 10));
    await vi.waitFor(async () => expect(await new Promise((resolve) => web.server.getConnections((_, count) => resolve(count)))).toBeGreaterThan(0));

    const stopped = web.stop(5_000);
    const answered = once(late, 'response') as Promise<[http.IncomingMessage]>;
    late.end(body.slice(10));

    const [response] = await answered;
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    await stopped;
    await expect(deliver(port, connection, newBody())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await rowsOf(connection)).toHaveLength(1);
  });

  it('cuts what does not finish in time', async () => {
    const { web, port } = await start({});
    const stuck = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/webhooks/recharge/x/a/b', headers: { 'Content-Length': 10 } });
    const cut = once(stuck, 'error');
    stuck.write('1');
    await vi.waitFor(async () => expect(await new Promise((resolve) => web.server.getConnections((_, count) => resolve(count)))).toBeGreaterThan(0));

    const startedAt = performance.now();
    await web.stop(300);

    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await cut;
  });
});

describe('listening', () => {
  it('names a port that is taken, and the setting', async () => {
    const { port } = await start({});

    await expect(createWebServer().listen(port, '127.0.0.1')).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use by another program: stop it, or set PORT to another one`);
  });
});
