/** Everything that is not on the hot path: Express with the built pages of Remix and their files. */
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRequestHandler } from '@remix-run/express';
import type { ServerBuild } from '@remix-run/node';
import express, { type ErrorRequestHandler } from 'express';
import { log } from '#app/log.server.ts';
import { addSecurityHeaders, type HeaderRules } from './security-headers.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export type PagesOptions = {
  build: ServerBuild;
  /** Directory of the files for browsers, `build/client`. */
  clientDirectory: string;
  /** The public address of the app. */
  appUrl: string;
  frameOrigin: string | undefined;
  production: boolean;
};

/** Reads the built pages. Throws an error of one line when there are none. */
export async function readBuild(buildDirectory: string): Promise<ServerBuild> {
  const file = path.resolve(buildDirectory, 'server', 'index.js');
  if (!existsSync(file)) throw new Error(`The pages are not built (${path.relative(process.cwd(), file)} is missing): run "npm run build" first`);
  return (await import(pathToFileURL(file).href)) as ServerBuild;
}

/** A form of a page is small; this keeps a stranger from filling the memory. */
export const mostPageBodyBytes = 8 * 1024 * 1024;

export function createPages({ build, clientDirectory, appUrl, frameOrigin, production }: PagesOptions): Handler {
  const address = new URL(appUrl);
  const rules: HeaderRules = { https: address.protocol === 'https:', frameOrigin };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    addHeadersWhenSent(response, rules);
    // Generated addresses follow the app's own address, never what a stranger writes into a forwarding header (P33).
    delete request.headers['x-forwarded-host'];
    if (request.headers.host === address.host) Object.defineProperty(request, 'protocol', { value: address.protocol.slice(0, -1) });
    if (Number(request.headers['content-length'] ?? 0) > mostPageBodyBytes) {
      response.status(413).set('Connection', 'close').end();
      return;
    }
    limitBody(request);
    next();
  });
  // File names of assets carry their content's hash.
  app.use('/assets', express.static(path.join(clientDirectory, 'assets'), { immutable: true, maxAge: '1y', index: false, redirect: false }));
  app.use(express.static(clientDirectory, { maxAge: '1h', index: false, redirect: false }));
  app.all('*', createRequestHandler({ build, mode: production ? 'production' : 'development' }));
  app.use(((error, _request, response, _next) => {
    log.error('A page failed', { error });
    if (response.headersSent) response.destroy();
    else response.status(500).type('text/plain').send('Something went wrong on our side. Please try again.\n');
  }) satisfies ErrorRequestHandler);
  return app;
}

/** Adds headers at the last moment: Shopify's package sets its own on responses that no route sees. */
function addHeadersWhenSent(response: ServerResponse, rules: HeaderRules): void {
  const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
  response.writeHead = ((...given: unknown[]) => {
    addSecurityHeaders(response, rules);
    return writeHead(...given);
  }) as typeof response.writeHead;
}

function limitBody(request: IncomingMessage): void {
  const push = request.push.bind(request);
  let bytes = 0;
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    bytes += chunk?.length ?? 0;
    if (bytes <= mostPageBodyBytes) return push(chunk, encoding);
    request.destroy();
    return false;
  };
}
