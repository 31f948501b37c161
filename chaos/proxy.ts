/**
 * Stands between two parts and makes the network between them bad: slow, narrow, cut, silent or half dead. Without a fault
 * it is a plain balancer, which tries the next address when one refuses the connection.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Toxic =
  | { kind: 'none' }
  /** Every piece arrives that much later. */
  | { kind: 'latency'; ms: number }
  | { kind: 'bandwidth'; bytesPerSecond: number }
  /** Pieces of a few bytes each. */
  | { kind: 'slicer'; bytes: number }
  /** Nothing passes until the fault is over; then everything does. */
  | { kind: 'stall' }
  /** Connections that stand are dead for ever, and neither side is told. New ones wait until the fault is over. */
  | { kind: 'half-open' }
  /** Cuts what stands and whatever comes, with a reset. */
  | { kind: 'reset' }
  /** Cuts each connection after so many bytes of the answer. */
  | { kind: 'cut'; afterBytes: number };

export type Proxy = { port: number; set(toxic: Toxic): void; close(): Promise<void> };

type Pair = { client: Socket; server: Socket; dead: boolean; passed: number };

/** `ports` says where to, each time anew; the first that accepts gets the connection. */
export async function startProxy(ports: () => readonly number[]): Promise<Proxy> {
  const pairs = new Set<Pair>();
  const waiting = new Set<() => void>();
  let toxic: Toxic = { kind: 'none' };
  let turn = 0;

  const listener = createServer((client) => {
    client.on('error', () => {});
    if (toxic.kind === 'reset') return void client.resetAndDestroy();
    void whenOpen().then(() => join(client));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  /** Resolves at once unless nothing may pass. */
  async function whenOpen(): Promise<void> {
    while (toxic.kind === 'stall' || toxic.kind === 'half-open') await new Promise<void>((resolve) => waiting.add(resolve));
  }

  async function join(client: Socket): Promise<void> {
    const server = await reach();
    if (!server || client.destroyed) {
      client.resetAndDestroy();
      return void server?.destroy();
    }
    const pair: Pair = { client, server, dead: false, passed: 0 };
    pairs.add(pair);
    void pump(pair, client, server, false);
    void pump(pair, server, client, true);
    const end = () => {
      if (pair.dead) return;
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    client.once('close', end);
    server.once('close', end);
  }

  async function reach(): Promise<Socket | undefined> {
    const candidates = ports();
    const first = turn++;
    for (let offset = 0; offset < candidates.length; offset++) {
      const socket = connect({ host: '127.0.0.1', port: candidates[(first + offset) % candidates.length] as number, noDelay: true });
      socket.on('error', () => {});
      const stands = await Promise.race([once(socket, 'connect').then(() => true, () => false), once(socket, 'close').then(() => false)]);
      if (stands) return socket;
    }
    return undefined;
  }

  async function pump(pair: Pair, from: Socket, to: Socket, answering: boolean): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (const piece of pieces(chunk)) {
          await delay(piece.length);
          await whenOpen();
          // Swallowed: to the one side it looks received, to the other as if nothing had been said.
          if (pair.dead) continue;
          if (answering && toxic.kind === 'cut' && (pair.passed += piece.length) > toxic.afterBytes) return cut(pair);
          if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
        }
      }
      if (!pair.dead) to.end();
    } catch {
      // One side is gone; the other learns it from `close`.
    }
  }

  function* pieces(chunk: Buffer): Generator<Buffer> {
    if (toxic.kind !== 'slicer') return yield chunk;
    for (let start = 0; start < chunk.length; start += toxic.bytes) yield chunk.subarray(start, start + toxic.bytes);
  }

  async function delay(bytes: number): Promise<void> {
    if (toxic.kind === 'latency') await pause(toxic.ms);
    else if (toxic.kind === 'bandwidth') await pause((bytes / toxic.bytesPerSecond) * 1000);
    else if (toxic.kind === 'slicer') await new Promise(setImmediate);
  }

  return {
    port: (listener.address() as AddressInfo).port,
    set(next) {
      toxic = next;
      if (next.kind === 'half-open') for (const pair of pairs) pair.dead = true;
      if (next.kind === 'reset') for (const pair of pairs) cut(pair);
      for (const go of waiting) go();
      waiting.clear();
    },
    async close() {
      listener.close();
      for (const pair of pairs) cut(pair);
    },
  };
}

function cut({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
