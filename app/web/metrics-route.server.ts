/** GET /metrics, Prometheus text: with the operator's token, or without one to this machine alone. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { metrics } from '#app/metrics.server.ts';

/** Headers by which a proxy says that somebody else asked. A forwarded request is not from this machine, whatever its socket. */
const forwardedBy = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via', 'cf-connecting-ip', 'true-client-ip'];
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;
const loopbackAddress = /^(::1|(::ffff:)?127\.)/;

export async function answerMetrics(request: IncomingMessage, response: ServerResponse, token: string | undefined): Promise<void> {
  const refusal = refuse(request, token);
  if (refusal) {
    const text = `${refusal.message}\n`;
    response.writeHead(refusal.status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text), ...refusal.headers }).end(text);
    return;
  }
  const registry = metrics();
  const text = await registry.metrics();
  response.writeHead(200, { 'Content-Type': registry.contentType, 'Content-Length': Buffer.byteLength(text), 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  response.end(request.method === 'HEAD' ? undefined : text);
}

type Refusal = { status: number; message: string; headers?: Record<string, string> };

function refuse(request: IncomingMessage, token: string | undefined): Refusal | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, message: 'Only GET', headers: { Allow: 'GET, HEAD' } };
  if (token !== undefined) {
    const given = request.headers.authorization ?? '';
    // Digests have one length, so the comparison takes the same time for every guess.
    const right = timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', `Bearer ${token}`, 'buffer'));
    return right ? undefined : { status: 401, message: 'A bearer token is needed', headers: { 'WWW-Authenticate': 'Bearer' } };
  }
  const local =
    loopbackAddress.test(request.socket.remoteAddress ?? '') && loopbackHost.test(request.headers.host ?? '') && !forwardedBy.some((name) => request.headers[name] !== undefined);
  return local ? undefined : { status: 403, message: 'Without METRICS_TOKEN this answers on the same machine only' };
}
