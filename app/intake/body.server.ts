/** Reads a request's body as bytes, up to a limit, and gives up early on what is too long. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export type ReadBody = { ok: true; body: Buffer } | { ok: false; reason: 'too_large' | 'no_room' | 'aborted' };

/** Bytes of bodies that this process holds for requests that are not answered yet. */
let heldBytes = 0;
const mostHeldBytes = 256 * 1024 * 1024;

/**
 * Resolves with the bytes; with `too_large` as soon as the announced or the arrived length passes `limit`; with `no_room`
 * when this process already holds too much; with `aborted` when the sender goes away. Never rejects.
 * Call `released` with the body's length once the bytes are not needed.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<ReadBody> {
  if (announcedBytes(request) > limit) return Promise.resolve({ ok: false, reason: 'too_large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let ended = false;
    const end = (result: ReadBody) => {
      if (ended) return;
      ended = true;
      request.removeListener('data', onData);
      if (!result.ok) released(bytes);
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      if (bytes + chunk.length > limit) return end({ ok: false, reason: 'too_large' });
      if (heldBytes + chunk.length > mostHeldBytes) return end({ ok: false, reason: 'no_room' });
      bytes += chunk.length;
      heldBytes += chunk.length;
      chunks.push(chunk);
    };
    request.on('data', onData);
    request.on('end', () => end({ ok: true, body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) }));
    // Also after an error, which Node does not throw when nobody listens for it.
    request.on('close', () => end({ ok: false, reason: 'aborted' }));
  });
}

export function released(bytes: number): void {
  heldBytes -= bytes;
}

export function announcedBytes(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

const lingerMs = 1_000;
const lingerBytes = 4 * 1024 * 1024;

/**
 * Answers while the sender may still be sending, then hangs up. The rest is thrown away for a moment first: a connection
 * closed with unread bytes is reset, and many clients then never see the answer.
 */
export function answerEarly(request: IncomingMessage, response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, 'Content-Length': '0', Connection: 'close' });
  response.flushHeaders();
  let thrownAway = 0;
  const hangUp = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(hangUp, lingerMs);
  request.on('data', (chunk: Buffer) => {
    thrownAway += chunk.length;
    if (thrownAway > lingerBytes) hangUp();
  });
  request.once('end', hangUp);
  request.once('close', hangUp);
  request.resume();
}
