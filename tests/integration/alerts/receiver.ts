/** Takes webhooks and believes only those that the standardwebhooks library verifies. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type ReceivedNotice = { id: string; body: { type: string; timestamp: string; data: Record<string, unknown> } };
export type Receiver = { url: string; accepted: ReceivedNotice[]; refused: number; /** What it answers to a message that verified. */ status: number; close(): Promise<void> };

export async function startReceiver(secret: string): Promise<Receiver> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      try {
        const verified = new Webhook(secret).verify(body, request.headers as Record<string, string>) as ReceivedNotice['body'];
        if (receiver.status < 300) receiver.accepted.push({ id: String(request.headers['webhook-id']), body: verified });
        response.writeHead(receiver.status).end();
      } catch {
        receiver.refused++;
        response.writeHead(401).end();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`,
    accepted: [],
    refused: 0,
    status: 204,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}
