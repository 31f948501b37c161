// Writes an answer to the wire, honestly or as a fault demands.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { Fault } from './faults.ts';
import type { SimResponse } from './server.ts';

/** Answers with `answer`, which is carried out only when the fault leaves it standing. `told` hears the status that went out. */
export async function respond(out: ServerResponse, answer: SimResponse | (() => Promise<SimResponse>), fault?: Fault, told: (status: number) => void = () => {}): Promise<void> {
  const carryOut = async (): Promise<SimResponse> => (typeof answer === 'function' ? answer() : answer);
  const send = (response: SimResponse): void => {
    told(response.status);
    write(out, response);
  };
  switch (fault?.kind) {
    case undefined:
      return send(await carryOut());
    case 'status':
      if (fault.execute) await carryOut();
      return send({ status: fault.status, ...(fault.headers && { headers: fault.headers }), ...(fault.body !== undefined && fault.body !== null && { body: asBody(fault.body) }) });
    case 'delay':
      await sleep(fault.ms, undefined, { ref: false });
      return send(await carryOut());
    case 'hang':
      return;
    case 'reset':
      return drop(out);
    case 'executeThenDrop':
      await carryOut();
      return drop(out);
    case 'redirect':
      return send({ status: fault.status ?? 302, headers: { location: fault.location } });
    case 'body': {
      const response = await carryOut();
      return send({ ...response, body: asBody(fault.body), headers: { ...response.headers, ...fault.headers } });
    }
    case 'cut': {
      const { status, headers, bytes } = encode(await carryOut());
      const cut = bytes.subarray(0, fault.bytes ?? Math.floor(bytes.length / 2));
      told(status);
      if (fault.declare !== 'full') return void out.writeHead(status, { ...headers, 'content-length': String(cut.length) }).end(cut);
      out.writeHead(status, headers);
      out.write(cut, () => out.socket?.destroy());
      return;
    }
    case 'gzipBomb':
      told(200);
      return sendBomb(out, fault.inflatedBytes);
    case 'drip':
      return drip(out, await carryOut(), fault.bytesPerSecond, told);
  }
}

function asBody(value: unknown): string | Buffer | object {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  return typeof value === 'object' && value !== null ? value : JSON.stringify(value);
}

function encode(response: SimResponse): { status: number; headers: Record<string, string>; bytes: Buffer } {
  const { body } = response;
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(isJson ? JSON.stringify(body) : body);
  const headers: Record<string, string> = { ...(body !== undefined && { 'content-type': isJson ? 'application/json' : 'text/html; charset=utf-8' }) };
  for (const [name, value] of Object.entries(response.headers ?? {})) headers[name.toLowerCase()] = value;
  if (response.status !== 204 && response.status !== 304) headers['content-length'] = String(bytes.length);
  return { status: response.status, headers, bytes };
}

function write(out: ServerResponse, response: SimResponse): void {
  const { status, headers, bytes } = encode(response);
  out.writeHead(status, headers).end(status === 204 ? undefined : bytes);
}

function drop(out: ServerResponse): void {
  out.socket?.resetAndDestroy();
}

function sendBomb(out: ServerResponse, inflatedBytes: number): void {
  out.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
  const gzip = createGzip();
  gzip.pipe(out);
  out.on('close', () => gzip.destroy());
  const block = Buffer.alloc(1 << 20, ' ');
  let left = inflatedBytes;
  const more = (): void => {
    while (left > 0) {
      const size = Math.min(left, block.length);
      left -= size;
      if (!gzip.write(block.subarray(0, size))) return void gzip.once('drain', more);
    }
    gzip.end('{}');
  };
  more();
}

async function drip(out: ServerResponse, response: SimResponse, bytesPerSecond: number, told: (status: number) => void): Promise<void> {
  const { status, headers, bytes } = encode(response);
  told(status);
  out.writeHead(status, headers);
  const tickMs = Math.max(20, 1000 / bytesPerSecond);
  const perTick = Math.max(1, Math.round((bytesPerSecond * tickMs) / 1000));
  for (let at = 0; at < bytes.length && !out.destroyed; at += perTick) {
    out.write(bytes.subarray(at, at + perTick));
    await sleep(tickMs, undefined, { ref: false });
  }
  out.end();
}
