/**
 * The web server. Webhook intake, the portal hop and the operators' routes are answered on bare node:http; only pages go
 * through Express and Remix, which cost ten to twenty times as much per request (docs/performance.md).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import { pool as sharedPool } from '#app/db.server.ts';
import { createIntake, mostBodyBytes, type Intake, type IntakeOptions } from '#app/intake/receive.server.ts';
import { announcedBytes } from '#app/intake/body.server.ts';
import { log } from '#app/log.server.ts';
import { gauge } from '#app/metrics.server.ts';
import { createHealth } from './health.server.ts';
import { answerMetrics } from './metrics-route.server.ts';
import type { Handler } from './pages.server.ts';

export type WebServerOptions = {
  /** Answers everything that no other handler owns; without it such requests get 404. */
  remixHandler?: Handler;
  /** Answers /proxy/portal and what lies below it. */
  portalHandler?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  pool?: () => pg.Pool;
  metricsToken?: string;
  intake?: Omit<IntakeOptions, 'pool'>;
};

export type WebServer = {
  server: Server;
  intake: Intake;
  /** Resolves with the port; rejects with an error that says what to do when it is taken. */
  listen(port: number, host: string): Promise<number>;
  /**
   * Tells every caller to close for `lingerMs`, then stops accepting, lets running requests finish for `drainMs`, cuts the rest, and
   * writes what the intake still holds. Without the lingering a request that just arrives on an idle connection is cut.
   */
  stop(drainMs?: number, lingerMs?: number): Promise<void>;
};

const mostSockets = 2_000;
/** Longer than the minute for which common proxies keep connections, so that they close them and not we. */
const keepAliveMs = 65_000;

export function createWebServer({ remixHandler, portalHandler, pool = sharedPool, metricsToken, intake: intakeOptions }: WebServerOptions = {}): WebServer {
  const intake = createIntake({ ...intakeOptions, pool });
  const health = createHealth(pool);
  const unanswered = new Set<ServerResponse>();
  let stopping = false;
  let sockets = 0;

  const server = createServer({
    // Node's own limits (60 s, 300 s, checked every 30 s) leave a slow client its socket for five minutes (P19).
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    connectionsCheckingInterval: 2_000,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: 16 * 1024,
  });
  server.maxConnections = mostSockets;
  server.on('request', handle);
  // A sender that asks first is told at once that its body is too long, instead of being invited to send it.
  server.on('checkContinue', (request, response) => {
    if (!intake.owns(pathOf(request)) || announcedBytes(request) <= mostBodyBytes) response.writeContinue();
    handle(request, response);
  });
  server.on('connection', (socket) => {
    sockets++;
    socket.once('close', () => sockets--);
    // Idle connections make room before honest senders are turned away.
    if (sockets > mostSockets * 0.9) server.closeIdleConnections();
  });
  gauge('rechannel_web_sockets', 'Open connections to the web server', [], function () {
    this.set(sockets);
  });

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (stopping) response.shouldKeepAlive = false;
    unanswered.add(response);
    response.on('close', () => unanswered.delete(response));
    const path = pathOf(request);
    if (intake.owns(path)) return void intake.handle(request, response);
    const answered = route(path, request, response);
    answered?.catch((error: unknown) => {
      log.error('A request failed', { path, error });
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'Content-Length': '0' }).end();
    });
  }

  function route(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    if (portalHandler && (path === '/proxy/portal' || path.startsWith('/proxy/portal/'))) return portalHandler(request, response);
    if (path === '/healthz') return void health.alive(request, response);
    if (path === '/readyz') return health.ready(request, response);
    if (path === '/metrics') return answerMetrics(request, response, metricsToken);
    if (remixHandler) return void remixHandler(request, response);
    response.writeHead(404, { 'Content-Length': '0', 'X-Content-Type-Options': 'nosniff' }).end();
    return undefined;
  }

  return {
    server,
    intake,
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, port, host)));
        server.listen({ port, host, backlog: 1024 }, () => {
          server.removeAllListeners('error');
          server.on('error', (error) => log.error('The web server met an error', { error }));
          resolve((server.address() as AddressInfo).port);
        });
      }),
    async stop(drainMs = 25_000, lingerMs = 0) {
      stopping = true;
      health.stopping();
      if (lingerMs > 0) await new Promise((resolve) => setTimeout(resolve, lingerMs));
      // Whoever is still answered is told not to send more on this connection.
      for (const response of unanswered) response.shouldKeepAlive = false;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const idle = setInterval(() => server.closeIdleConnections(), 100);
      const cut = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
      await intake.close();
    },
  };
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function explained(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === 'EADDRINUSE') return new Error(`Port ${port} on ${host} is in use by another program: stop it, or set PORT to another one`, { cause: error });
  if (error.code === 'EACCES') return new Error(`Port ${port} may not be opened by this user: set PORT to one above 1023`, { cause: error });
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return new Error(`This machine has no address ${host}: set HOST to one it has, such as 127.0.0.1 or 0.0.0.0`, { cause: error });
  return error;
}
