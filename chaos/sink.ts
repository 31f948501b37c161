/**
 * Stands where Bloomreach would be: takes batches of commands, records each event that it takes, and answers as its script
 * says, be it refusals, silence or a broken connection.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { History } from './history.ts';

export type Behaviour =
  /** Takes everything, after `ms` if given; items named in `refuse` are answered with their words and not taken. */
  | { do: 'take'; ms?: number; refuse?: ReadonlyMap<string, string> }
  /** Takes nothing. */
  | { do: 'answer'; status: number; headers?: Record<string, string>; body?: string; ms?: number }
  /** Takes nothing and stays silent for that long. */
  | { do: 'hang'; ms: number }
  /** Takes everything and breaks the connection instead of answering. */
  | { do: 'lose-answer' };

export type Request = { shop: string; at: number; events: readonly string[] };
export type Script = (request: Request) => Behaviour;

export type Sink = {
  port: number;
  /** Requests so far, refused ones too. */
  requests: readonly Request[];
  behave(script: Script): void;
  close(): Promise<void>;
};

type Command = { command_id: string; data: { properties?: Record<string, unknown> } };

/** Projects are named like the shops they belong to, so that an event at the wrong one is noticed. */
export async function startSink(history: History): Promise<Sink> {
  const requests: Request[] = [];
  let script: Script = () => ({ do: 'take' });
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const shop = /\/projects\/([^/]+)\/batch$/.exec(request.url ?? '')?.[1] ?? '';
    const { commands } = JSON.parse(Buffer.concat(chunks).toString()) as { commands: Command[] };
    const noted: Request = { shop, at: history.now(), events: commands.map(eventOf) };
    requests.push(noted);
    const behaviour = script(noted);
    if ('ms' in behaviour && behaviour.ms) await new Promise((resolve) => setTimeout(resolve, behaviour.ms));
    act(behaviour, shop, commands, response);
  }

  function act(behaviour: Behaviour, shop: string, commands: readonly Command[], response: ServerResponse): void {
    switch (behaviour.do) {
      case 'take': {
        const refused = (command: Command) => behaviour.refuse?.get(eventOf(command));
        take(shop, commands.filter((command) => refused(command) === undefined));
        const results = commands.map((command) => {
          const words = refused(command);
          return words === undefined ? { success: true, command_id: command.command_id } : { success: false, command_id: command.command_id, errors: [words] };
        });
        return answer(response, 200, {}, JSON.stringify({ results, success: true }));
      }
      case 'answer':
        return answer(response, behaviour.status, behaviour.headers ?? {}, behaviour.body ?? JSON.stringify({ errors: ['not now'], success: false }));
      case 'lose-answer':
        take(shop, commands);
        for (const command of commands) history.record({ kind: 'answer-lost', shop, event: eventOf(command) });
        return void response.socket?.resetAndDestroy();
      case 'hang':
        return void response.destroy();
    }
  }

  function take(shop: string, commands: readonly Command[]): void {
    for (const command of commands) {
      const bytes = JSON.stringify(command);
      const eventId = command.data.properties?.event_id;
      history.record({
        kind: 'arrived', shop, event: eventOf(command), eventId: typeof eventId === 'string' ? eventId : '', commandId: command.command_id,
        digest: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
      });
    }
  }

  return {
    port: (server.address() as AddressInfo).port,
    requests,
    behave: (next) => (script = next),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function eventOf(command: Command): string {
  const id = command.data.properties?.subscription_id;
  return typeof id === 'string' ? id : '';
}

function answer(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}
