/**
 * Every request to another system leaves through here: bounded in time and size, its address judged again at the moment
 * of connecting, never redirected, never through a proxy from the environment.
 */
import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Http, HttpRequest } from './destinations/contract.ts';
import { isPublicAddress, judgeUrl, privateReason, type EgressPolicy } from './egress.ts';
import { Failure } from './errors.ts';

export type { Http, HttpAnswer, HttpRequest } from './destinations/contract.ts';
export type { EgressPolicy } from './egress.ts';

export type HttpLimits = {
  /** Name look-up, TCP and TLS together. */
  connectMs: number;
  /** From the request leaving to the end of the answer's headers. */
  headersMs: number;
  /** Everything; a request's own `timeoutMs` replaces it. */
  totalMs: number;
  /** Of the answer, after inflation. */
  maxBodyBytes: number;
};

/** design/reliability P09 and OU-D1: what a hung or hostile peer may cost. */
const defaultLimits: HttpLimits = { connectMs: 3_000, headersMs: 10_000, totalMs: 15_000, maxBodyBytes: 64 * 1024 };
const maxHeaderBytes = 16 * 1024;
/** A repetitive answer inflates to a hundred times its size at most, once it is past this. */
const inflationFloorBytes = 64 * 1024;

/** For tests: their own name look-up and certificate authority. */
export type Network = { lookup?: LookupFunction; ca?: string };

/**
 * Makes a sender for one policy. Connections are kept alive and shared by all senders of the process.
 * It answers whatever came whole, redirects and error statuses included. It throws Failure:
 * `rejected` when the policy forbids the address, `transient` when surely nothing left, `unknown_outcome` when the request
 * left and no whole answer came (with `status` where one was read; code `answer_too_large` for a body over the limit).
 * No failure ever holds the address's path or query, a header or a body.
 */
export function createHttp(policy: EgressPolicy, limits: Partial<HttpLimits> = {}, network: Network = {}): Http {
  const bounds = { ...defaultLimits, ...limits };
  return async (request) => {
    const verdict = judgeUrl(request.url, policy);
    if (!verdict.ok) throw new Failure('rejected', verdict.reason, { code: 'egress_refused' });
    const agent = agentFor(verdict.guarded, bounds.connectMs, network);
    const raw = await exchange(agent, verdict.url, request, { ...bounds, totalMs: request.timeoutMs ?? bounds.totalMs });
    return { status: raw.status, headers: raw.headers, text: await inflate(raw, verdict.url.host, bounds.maxBodyBytes) };
  };
}

type RawAnswer = { status: number; headers: Record<string, string>; body: Buffer };

function exchange(agent: Agent, url: URL, request: HttpRequest, limits: HttpLimits): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let left: Dispatcher.DispatchController | undefined;
    let settled = false;
    let headersTimer: NodeJS.Timeout | undefined;
    let status = 0;
    let headers: Record<string, string> = {};
    const chunks: Buffer[] = [];
    let bytes = 0;

    const settle = (act: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(totalTimer);
      clearTimeout(headersTimer);
      act();
    };
    const fail = (failure: Failure) =>
      settle(() => {
        reject(failure);
        if (left && !left.aborted) left.abort(failure);
      });
    const lost = (code: string, message: string) => new Failure('unknown_outcome', `${url.host} ${message}`, { code, ...(status ? { status } : {}) });
    const totalTimer = setTimeout(() => {
      if (left) fail(lost('answer_late', `did not finish its answer within ${limits.totalMs / 1000} s.`));
      else fail(notReached(url.host, 'connect_late', `could not be reached within ${limits.totalMs / 1000} s.`));
    }, limits.totalMs);

    const handler: Dispatcher.DispatchHandler = {
      // Called when the connection stands and before the first byte is written: from here on the request may have had its effect.
      onRequestStart(controller) {
        if (settled) return controller.abort(new Error('the caller has gone'));
        left = controller;
        headersTimer = setTimeout(() => fail(lost('headers_late', `did not answer within ${limits.headersMs / 1000} s.`)), limits.headersMs);
      },
      onResponseStart(_controller, statusCode, received) {
        if (statusCode < 200) return;
        clearTimeout(headersTimer);
        status = statusCode;
        headers = Object.fromEntries(Object.entries(received).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        if (bytes > limits.maxBodyBytes) fail(tooLarge(url.host, status, limits.maxBodyBytes));
        else chunks.push(chunk);
      },
      onResponseEnd: () => settle(() => resolve({ status, headers, body: Buffer.concat(chunks) })),
      onResponseError: (_controller, error) => fail(left ? lost('answer_lost', 'broke off before its answer was complete.') : connectFailure(url.host, error, limits.connectMs)),
    };
    try {
      agent.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: request.method,
          headers: { 'user-agent': 'Rechannel', 'accept-encoding': 'gzip, deflate, br', ...request.headers },
          body: request.body ?? null,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      fail(connectFailure(url.host, error, limits.connectMs));
    }
  });
}

const inflaters: Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
};

async function inflate({ status, headers, body }: RawAnswer, host: string, maxBodyBytes: number): Promise<string> {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (body.length === 0 || encoding === '' || encoding === 'identity') return decode(body);
  const inflater = inflaters[encoding];
  if (!inflater) throw new Failure('unknown_outcome', `${host} answered in an encoding that was not asked for.`, { code: 'answer_unreadable', status });
  const maxOutputLength = Math.min(maxBodyBytes, Math.max(inflationFloorBytes, body.length * 100));
  try {
    return decode(await inflater(body, { maxOutputLength }));
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(host, status, maxOutputLength);
    throw new Failure('unknown_outcome', `${host} broke off before its answer was complete.`, { code: 'answer_lost', status });
  }
}

function decode(body: Buffer): string {
  return new TextDecoder().decode(body);
}

function tooLarge(host: string, status: number, limit: number): Failure {
  return new Failure('unknown_outcome', `${host} answered with more than ${Math.round(limit / 1024)} kB.`, { code: 'answer_too_large', status });
}

function notReached(host: string, cause: string, message: string): Failure {
  return new Failure('transient', `${host} ${message} Nothing was sent.`, { code: 'not_reached', cause });
}

class EgressRefused extends Error {}

/** Nothing left yet. The cause keeps the error's code only: messages and properties of network errors may quote what was sent. */
function connectFailure(host: string, error: unknown, connectMs: number): Failure {
  if (error instanceof EgressRefused) return new Failure('rejected', privateReason(host), { code: 'egress_refused' });
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG') {
    return new Failure('rejected', 'The request could not be formed: a key or an address contains characters that cannot be sent. Type it again.', { code: 'request_malformed' });
  }
  if (code === 'ENOTFOUND' || code === 'ENODATA') return notReached(host, code, 'has no address. Check the spelling of the host.');
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return notReached(host, code, `did not accept a connection within ${connectMs / 1000} s.`);
  if (code === 'ECONNREFUSED') return notReached(host, code, 'refused the connection.');
  if (/CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO/.test(code)) return notReached(host, code, 'has a certificate that could not be verified.');
  return notReached(host, code, 'could not be reached.');
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? (error instanceof AggregateError ? codeOf(error.errors[0]) : 'unknown');
}

const agents = new Map<string, Agent>();
const ownNetworks = new WeakMap<Network, Map<string, Agent>>();
const everyAgent = new Set<Agent>();

// A guarded sender must never find a connection that an unguarded one opened, so the two have pools of their own.
function agentFor(guarded: boolean, connectMs: number, network: Network): Agent {
  let pool = agents;
  if (network.lookup || network.ca) {
    pool = ownNetworks.get(network) ?? new Map();
    ownNetworks.set(network, pool);
  }
  const key = `${guarded ? 'guarded' : 'open'} ${connectMs}`;
  const known = pool.get(key);
  if (known) return known;
  const agent = new Agent({ connect: connector(guarded, connectMs, network), maxHeaderSize: maxHeaderBytes, pipelining: 1, connections: 128, allowH2: false });
  pool.set(key, agent);
  everyAgent.add(agent);
  return agent;
}

function connector(guarded: boolean, connectMs: number, network: Network): buildConnector.connector {
  const lookup = network.lookup ?? (dns.lookup as LookupFunction);
  const connect = buildConnector({
    timeout: connectMs,
    allowH2: false,
    // Said aloud so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes nothing.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    lookup: guarded ? publicOnly(lookup) : lookup,
    ...(network.ca ? { ca: network.ca } : {}),
  } as buildConnector.BuildOptions);
  return (options, callback) => {
    const literal = options.hostname.replace(/^\[|\]$/g, '');
    // A literal address is connected to without any look-up.
    if (guarded && /^[\d.]+$|:/.test(literal) && !isPublicAddress(literal)) callback(new EgressRefused(), null);
    else connect(options, callback);
  };
}

/** A look-up that answers public addresses only; the socket connects to one of those and asks nobody again. */
function publicOnly(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 0);
      const allowed = (Array.isArray(found) ? found : []).filter(({ address }) => isPublicAddress(address));
      const first = allowed[0];
      if (!first) callback(new EgressRefused(), '', 0);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** Closes every connection; for the end of a process and of a test. */
export async function closeHttp(): Promise<void> {
  const open = [...everyAgent];
  everyAgent.clear();
  agents.clear();
  await Promise.all(open.map((agent) => agent.destroy()));
}
