/**
 * Takes Recharge's webhooks in: verifies the raw bytes, keeps them once, answers when they are committed. Nothing else
 * happens in the request; the worker turns what is kept into events. Runs on the bare server, before Express and Remix.
 *
 * Statuses follow from how Recharge counts (contract 6.5): twenty failures in 48 h and it deletes the registration. So a
 * signed JSON object is never refused for its shape or topic; 503 asks for another try; 401 for a forgery is final.
 */
import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type pg from 'pg';
import { pool as sharedPool } from '#app/db.server.ts';
import { diskNearlyFull } from '#app/disk.server.ts';
import { log } from '#app/log.server.ts';
import { counter, histogram } from '#app/metrics.server.ts';
import { clientSecret, verifySignature, type SignatureVerdict } from '#app/recharge/signature.ts';
import { seal } from '#app/secrets.server.ts';
import { answerEarly, readBody, released } from './body.server.ts';
import { createInboundStore } from './inbound-store.server.ts';
import { isJsonObject } from './json-object.ts';
import { rememberConnections, type KnownConnection } from './known-connections.server.ts';
import { createTallies } from './tallies.server.ts';

export type Intake = {
  /** True when the path is the intake's. */
  owns(path: string): boolean;
  /** Answers one request. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Waits until everything that arrived is committed or given up, and writes the last counts. */
  close(): Promise<void>;
};

export type IntakeOptions = {
  pool?: () => pg.Pool;
  now?: () => Date;
  /** Requests a second, and how many at once, that one connection may send to this process. */
  rate?: { perSecond: number; burst: number };
};

type Outcome = 'stored' | 'duplicate' | 'refused' | 'malformed' | 'too_large' | 'encoded' | 'wrong_method' | 'over_limit' | 'unavailable' | 'aborted';

export const mostBodyBytes = 2 * 1024 * 1024;
const retryAfterSeconds = '30';
/** For look-up and commit together; the answer is then out within 2 s (P15), of the 5 s that Recharge waits. */
const databaseLimitMs = 1_500;
const prefix = '/webhooks/recharge/';
const address = /^\/webhooks\/recharge\/([^/?]+)\/([A-Za-z0-9_.-]{1,64}\/[A-Za-z0-9_.-]{1,64})(?:\?|$)/;

/**
 * One noisy shop must not fill the database for all, yet each 429 counts as a failure towards losing the registration.
 * So the limit is far above any honest peak: a minute's charge run of 120,000 at once, then 2,000 a second.
 */
const generousRate = { perSecond: 2_000, burst: 120_000 };

const requests = counter('rechannel_intake_requests_total', 'Webhook requests of Recharge by outcome', ['outcome']);
const seconds = histogram('rechannel_intake_seconds', 'From the request to the answer, for what was stored', [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2]);
const schemes = counter('rechannel_intake_scheme_total', 'Accepted webhooks by signature scheme', ['scheme']);

export function createIntake({ pool = sharedPool, now = () => new Date(), rate = generousRate }: IntakeOptions = {}): Intake {
  const connections = rememberConnections(pool);
  const store = createInboundStore(pool);
  const tallies = createTallies(pool);
  const nobody: KnownConnection['secrets'] = [{ value: clientSecret(randomBytes(32)), validUntil: undefined }];
  let toldUnavailableAt = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const [, connectionKey, topic] = address.exec(request.url ?? '') ?? [];
    if (connectionKey === undefined || topic === undefined) return answerEarly(request, response, 404);
    let outcome: Outcome;
    try {
      outcome = await receive(request, response, connectionKey, topic);
    } catch (error) {
      outcome = 'unavailable';
      tellUnavailable(error);
      answer(response, 503, { 'Retry-After': retryAfterSeconds });
    }
    requests.inc({ outcome });
    if (outcome === 'stored') seconds.observe((performance.now() - startedAt) / 1000);
  }

  async function receive(request: IncomingMessage, response: ServerResponse, connectionKey: string, topic: string): Promise<Outcome> {
    if (request.method !== 'POST') return early('wrong_method', 405, { Allow: 'POST' });
    if (isEncoded(request)) return early('encoded', 415);
    if (diskNearlyFull()) return early('unavailable', 503, { 'Retry-After': retryAfterSeconds });
    const read = await readBody(request, mostBodyBytes);
    if (!read.ok) {
      if (read.reason === 'too_large') return early('too_large', 413);
      if (read.reason === 'no_room') return early('unavailable', 503, { 'Retry-After': retryAfterSeconds });
      response.destroy();
      return 'aborted';
    }
    try {
      return await keep(request, response, connectionKey, topic, read.body);
    } finally {
      released(read.body.length);
    }

    function early(outcome: Outcome, status: number, headers?: Record<string, string>): Outcome {
      answerEarly(request, response, status, headers);
      return outcome;
    }
  }

  async function keep(request: IncomingMessage, response: ServerResponse, connectionKey: string, topic: string, body: Buffer): Promise<Outcome> {
    const deadline = performance.now() + databaseLimitMs;
    const signed = { rawHeaders: request.rawHeaders, topic, body };
    const { connection, verdict } = await authenticate(signed, connectionKey, deadline);
    if (!connection || !verdict.ok) {
      answer(response, 401);
      if (connection && !verdict.ok) tallies.refused(connection, verdict.reason);
      return 'refused';
    }
    if (!isJsonObject(body)) {
      answer(response, 400);
      return 'malformed';
    }
    const waitMs = takeToken(connection);
    if (waitMs > 0) {
      answer(response, 429, { 'Retry-After': String(Math.ceil(waitMs / 1000)) });
      return 'over_limit';
    }
    // Before the answer, so that nobody can use the old scheme for this connection once the new one was acknowledged.
    if (verdict.scheme === 'v1' && !connection.v1Only) await within(connections.pinToV1(connection), deadline);

    const { shopId, connectionId } = connection;
    const digest = hash('sha256', Buffer.concat([Buffer.from(`${topic}\u0000`), body]), 'buffer');
    const bodySealed = seal(body, { shopId, table: 'InboundWebhook', column: 'body' });
    const arrival = { shopId, connectionId, topic, digest, scheme: verdict.scheme, bodySealed, bodyBytes: body.length };
    const outcome = await store.keep(arrival, Math.max(1, deadline - performance.now()));
    answer(response, 200);
    schemes.inc({ scheme: verdict.scheme });
    if (outcome === 'duplicate') tallies.duplicate(connection, digest);
    return outcome;
  }

  /**
   * Refuses nobody on old knowledge: before a refusal the connection is read from the database, once, whether it is known
   * or not. An unknown key is verified against a secret that nobody has. Both refusals so take the same way and time (RC-S3).
   */
  async function authenticate(signed: Parameters<typeof verifySignature>[0], connectionKey: string, deadline: number): Promise<{ connection: KnownConnection | undefined; verdict: SignatureVerdict }> {
    const remembered = connections.remembered(connectionKey);
    const first = remembered && verify(remembered);
    if (first?.ok) return { connection: remembered, verdict: first };
    const connection = await within(connections.read(connectionKey), deadline);
    if (first && connection?.secrets === remembered?.secrets && connection?.v1Only === remembered?.v1Only) return { connection, verdict: first };
    return { connection, verdict: verify(connection) };

    function verify(known: KnownConnection | undefined): SignatureVerdict {
      const at = now();
      const valid = (known?.secrets ?? nobody).filter(({ validUntil }) => validUntil === undefined || validUntil > at.getTime());
      return verifySignature(signed, { secrets: valid.map(({ value }) => value), v1Only: known?.v1Only ?? false }, at);
    }
  }

  /** 0 when the request may come, otherwise how long until one may. */
  function takeToken(connection: KnownConnection): number {
    const at = Date.now();
    connection.tokens = Math.min(rate.burst, connection.tokens + ((at - connection.tokensAtMs) / 1000) * rate.perSecond);
    connection.tokensAtMs = at;
    if (connection.tokens < 1) return ((1 - connection.tokens) / rate.perSecond) * 1000;
    connection.tokens--;
    return 0;
  }

  function tellUnavailable(error: unknown): void {
    const at = Date.now();
    if (at - toldUnavailableAt < 5_000) return;
    toldUnavailableAt = at;
    log.error('Webhooks cannot be stored and are answered 503; Recharge will send them again', { error });
  }

  return {
    owns: (path) => path.startsWith(prefix),
    handle,
    async close() {
      await store.drain();
      await tallies.close();
    },
  };
}

function isEncoded(request: IncomingMessage): boolean {
  const encoding = request.headers['content-encoding'];
  return encoding !== undefined && encoding.trim().toLowerCase() !== 'identity';
}

function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, 'Content-Length': '0' });
  response.end();
}

async function within<Result>(promise: Promise<Result>, deadline: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The database did not answer in time')), Math.max(1, deadline - performance.now()));
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
