/** A mail server that keeps what it is given: plain SMTP on loopback, with PLAIN authentication where asked for. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export type ReceivedMail = { from: string; to: string[]; headers: Record<string, string>; text: string };
export type SmtpSink = {
  port: number;
  mails: ReceivedMail[];
  /** User and password that were given, if any. */
  logins: string[];
  /** Answers 421 to everybody while true. */
  down: boolean;
  close(): Promise<void>;
};

export async function startSmtpSink(): Promise<SmtpSink> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    if (sink.down) return void socket.end('421 closed for today\r\n');
    converse(socket, sink);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sink: SmtpSink = {
    port: (server.address() as AddressInfo).port,
    mails: [],
    logins: [],
    down: false,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return sink;
}

function converse(socket: Socket, sink: SmtpSink): void {
  let buffer = '';
  let envelope = { from: '', to: [] as string[] };
  let inData = false;
  const say = (line: string) => socket.write(`${line}\r\n`);
  say('220 sink ESMTP');
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    buffer += chunk;
    for (;;) {
      const end = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n');
      if (end === -1) return;
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + (inData ? 5 : 2));
      if (inData) {
        sink.mails.push({ ...envelope, ...readMessage(line) });
        envelope = { from: '', to: [] };
        inData = false;
        say('250 kept');
      } else answer(line);
    }
  });

  function answer(line: string): void {
    const [, address = ''] = /<([^>]*)>/.exec(line) ?? [];
    const word = line.split(' ')[0]?.toUpperCase();
    if (word === 'EHLO') say('250-sink\r\n250-AUTH PLAIN\r\n250 8BITMIME');
    else if (word === 'AUTH') {
      sink.logins.push(Buffer.from(line.split(' ')[2] ?? '', 'base64').toString().split('\0').slice(1).join(':'));
      say('235 welcome');
    } else if (word === 'MAIL') {
      envelope.from = address;
      say('250 ok');
    } else if (word === 'RCPT') {
      envelope.to.push(address);
      say('250 ok');
    } else if (word === 'DATA') {
      inData = true;
      say('354 go on');
    } else if (word === 'QUIT') {
      say('221 bye');
      socket.end();
    } else say('250 ok');
  }
}

function readMessage(raw: string): { headers: Record<string, string>; text: string } {
  const split = raw.indexOf('\r\n\r\n');
  const unfolded = raw.slice(0, split).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = Object.fromEntries(unfolded.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const body = raw.slice(split + 4);
  const encoding = headers['content-transfer-encoding'];
  if (encoding === 'base64') return { headers, text: Buffer.from(body, 'base64').toString() };
  if (encoding !== 'quoted-printable') return { headers, text: body };
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return { headers, text: Buffer.from(bytes, 'latin1').toString() };
}
