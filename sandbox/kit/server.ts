// A simulator's HTTP server: reads a request, records it, applies a fault if one is due, lets the simulator answer.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerControl, setSwitches } from './control.ts';
import { FaultBook } from './faults.ts';
import type { RecordedRequest } from './request-log.ts';
import { RequestLog } from './request-log.ts';
import { respond } from './respond.ts';
import { seededRandom } from './seeded-random.ts';

export interface SimRequest {
  /** Upper case. */
  method: string;
  /** As it came, still percent-encoded, without the query. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case; repeated headers joined with ", ". */
  headers: Record<string, string>;
  rawBody: Buffer;
  /** The parsed body; throws SyntaxError when it is not JSON. An empty body is undefined. */
  json(): unknown;
}

export interface SimResponse {
  status: number;
  headers?: Record<string, string>;
  /** Text and bytes go out as they are, an object as JSON. */
  body?: string | Buffer | object;
}

export interface SimulatorOptions<S extends object = Record<string, never>> {
  name: string;
  /** 0 or absent: the system chooses. */
  port?: number;
  host?: string;
  handle(request: SimRequest): Promise<SimResponse> | SimResponse;
  /** Further control routes, asked before the common ones; undefined means "not mine". */
  control?(request: SimRequest): SimResponse | undefined | Promise<SimResponse | undefined>;
  /** Shown and changed in place by /_sim/switches; POST /_sim/reset puts the first values back. */
  switches?: S;
  /** Called by POST /_sim/reset, after faults, requests and switches are back as at the start. */
  reset?(): void | Promise<void>;
  seed?: number | string;
  /** How many requests are remembered. */
  recordedRequests?: number;
}

export interface Simulator<S extends object = Record<string, never>> {
  name: string;
  url: string;
  port: number;
  faults: FaultBook;
  /** Newest last. */
  readonly requests: readonly RecordedRequest[];
  requestLog: RequestLog;
  switches: S;
  reset(): Promise<void>;
  /** Stops listening and cuts what is still open. */
  close(): Promise<void>;
}

/** Starts a simulator on loopback. Control requests are neither recorded nor hit by faults. */
export async function startSimulator<S extends object = Record<string, never>>(options: SimulatorOptions<S>): Promise<Simulator<S>> {
  const faults = new FaultBook(seededRandom(options.seed ?? options.name));
  const requestLog = new RequestLog(options.recordedRequests ?? 50_000);
  const switches = options.switches ?? ({} as S);
  const firstSwitches = structuredClone(switches);
  const reset = async (): Promise<void> => {
    setSwitches(switches, structuredClone(firstSwitches));
    await options.reset?.();
  };
  const parts = { name: options.name, faults, requests: requestLog, switches, reset, ...(options.control && { control: options.control }) };

  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing).catch((error: unknown) => {
      process.stderr.write(`${options.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      if (!outgoing.headersSent) outgoing.writeHead(500, { 'content-type': 'text/plain' });
      outgoing.end('simulator fault, see its standard error');
    });
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    if (request === undefined) return;
    if (request.path.startsWith('/_sim/')) return respond(outgoing, await answerControl(parts, request));
    const startedAt = performance.now();
    const due = faults.take(request);
    const record = requestLog.add({
      at: new Date().toISOString(),
      method: request.method,
      path: request.path,
      url: incoming.url ?? '/',
      query: Object.fromEntries(request.query),
      headers: request.headers,
      body: request.rawBody.toString('utf8'),
      bodyBytes: request.rawBody.length,
      status: null,
      fault: due?.rule.id ?? null,
      executed: false,
      durationMs: null,
    });
    const execute = async (): Promise<SimResponse> => {
      record.executed = true;
      return options.handle(request);
    };
    try {
      await respond(outgoing, execute, due?.fault, (status) => (record.status = status));
    } finally {
      record.durationMs = performance.now() - startedAt;
      requestLog.settle();
    }
  }

  const host = options.host ?? '127.0.0.1';
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    name: options.name,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    faults,
    get requests() {
      return requestLog.all;
    },
    requestLog,
    switches,
    async reset() {
      faults.clear();
      requestLog.clear();
      await reset();
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<SimRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return undefined; // the caller went away while sending
  }
  const rawBody = Buffer.concat(chunks);
  const [path = '/', search = ''] = splitOnce(incoming.url ?? '/', '?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return {
    method: (incoming.method ?? 'GET').toUpperCase(),
    path,
    query: new URLSearchParams(search),
    headers,
    rawBody,
    json: () => (rawBody.length === 0 ? undefined : (JSON.parse(rawBody.toString('utf8')) as unknown)),
  };
}

function splitOnce(text: string, by: string): [string, string] {
  const index = text.indexOf(by);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + by.length)];
}
