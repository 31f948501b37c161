import { createHash, createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver, epochNow, inParallel, makeConnection, newBody, pathOf, rowsOf, send, signLegacy, signV1, startServer, type TestConnection } from './intake-kit.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let connection: TestConnection;
let other: TestConnection;

beforeAll(async () => {
  server = await startServer();
  connection = await makeConnection();
  other = await makeConnection();
});
afterAll(() => server.stop(1_000));

type Forgery = { path?: string; headers: string[]; body: string | Uint8Array };

const hmac = (key: string, text: string | Uint8Array) => createHmac('sha256', key).update(text);

/** One forgery of each kind, made from an honest webhook that was never sent. */
function forgeries(round: number): Record<string, Forgery> {
  const body = newBody();
  const bytes = Buffer.from(body);
  const t = epochNow();
  const [name, value] = signV1(connection.secret, body, t) as [string, string];
  const [oldName, oldValue] = signLegacy(connection.secret, body) as [string, string];
  const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
  const bent = Buffer.from(bytes);
  bent[round % bent.length] = (bent[round % bent.length] as number) ^ (1 << (round & 7));
  return {
    'a bit of the body': { headers: [name, value], body: bent },
    'a bit of the body, old scheme': { headers: [oldName, oldValue], body: bent },
    'a digit of the signature': { headers: [name, flip(value, value.length - 1 - (round % 64))], body },
    'a digit of the old signature': { headers: [oldName, flip(oldValue, round % 64)], body },
    'a truncated signature': { headers: [name, value.slice(0, -1 - (round % 60))], body },
    'a truncated old signature': { headers: [oldName, oldValue.slice(round % 63 + 1)], body },
    'a truncated body': { headers: [name, value], body: bytes.subarray(0, round % bytes.length) },
    'another stamp': { headers: [name, value.replace(`t=${t}`, `t=${t + 1 + (round % 100)}`)], body },
    'another shop\'s secret': { headers: signV1(other.secret, body), body },
    'another shop\'s secret, old scheme': { headers: signLegacy(other.secret, body), body },
    'another shop\'s path': { path: pathOf(other), headers: [name, value], body },
    'base64 for hex': { headers: [name, `t=${t},v1=${hmac(connection.secret, `${t}.${body}`).digest('base64')}`], body },
    'upper case': { headers: [name, value.toUpperCase()], body },
    'an HMAC in the old header': { headers: [oldName, hmac(connection.secret, body).digest('hex')], body },
    'a plain hash in the new header': { headers: [name, `t=${t},v1=${createHash('sha256').update(connection.secret).update(body).digest('hex')}`], body },
    'the body without the stamp': { headers: [name, `t=${t},v1=${hmac(connection.secret, body).digest('hex')}`], body },
    'a doubled header': { headers: [name, value, name, value], body },
    'a doubled old header': { headers: [oldName, oldValue, oldName, oldValue], body },
    'a wrong new header beside a right old one': { headers: [name, flip(value, value.length - 1), oldName, oldValue], body },
    'no header': { headers: [], body },
    'an empty header': { headers: [name, ''], body },
    'an empty old header': { headers: [oldName, ''], body },
    'an unknown version': { headers: [name, value.replace('v1=', 'v9=')], body },
    'beyond ASCII': { headers: [name, `t=${t},v1=${'é'.repeat(64)}`], body },
    'long': { headers: [name, `t=${t},${Array.from({ length: 100 }, () => `v1=${randomBytes(32).toString('hex')}`).join(',')}`], body },
    'an old stamp': { headers: signV1(connection.secret, body, t - 172_801 - round), body },
    'a stamp to come': { headers: signV1(connection.secret, body, t + 172_900 + round), body },
    'a key that is the connection\'s': { headers: signV1(connection.connectionKey, body), body },
    'an empty key': { headers: signV1('', body), body },
    'an unknown connection': { path: pathOf({ connectionKey: randomBytes(20).toString('hex') }), headers: [name, value], body },
    'Shopify\'s header': { headers: ['X-Shopify-Hmac-Sha256', hmac(connection.secret, body).digest('base64')], body },
    'a topic that differs': { headers: [name, value, 'X-Recharge-Topic', 'charge/paid'], body },
  };
}

describe('forged webhooks', () => {
  it('P16 10,000 of 32 kinds are refused with 401, and none leaves a row', async () => {
    const batch = Array.from({ length: 313 }, (_, round) => Object.entries(forgeries(round))).flat();
    expect(batch.length).toBeGreaterThan(10_000);

    const statuses = await inParallel(batch, 50, ([, { path, headers, body }]) => send(server.port, { path: path ?? pathOf(connection), headers: headers.map((text) => Buffer.from(text).toString('latin1')), body }).then((answer) => answer.status));

    const accepted = batch.map(([kind], index) => `${kind}: ${statuses[index]}`).filter((line) => !line.endsWith(': 401'));
    expect(accepted).toEqual([]);
    expect(await rowsOf(connection)).toEqual([]);
    expect(await rowsOf(other)).toEqual([]);
  });

  it('P16 a header of 1 MB is refused before anything is read', async () => {
    const answer = await send(server.port, { path: pathOf(connection), headers: ['X-Recharge-Webhook-Signature', `t=1,v1=${'0'.repeat(1_000_000)}`], body: '{}' }).then(({ status }) => status, (error: NodeJS.ErrnoException) => error.code);

    // The server hangs up on the rest of such a header; whether the client still reads the 431 is up to its socket.
    expect([431, 'ECONNRESET', 'EPIPE']).toContain(answer);
  });

  it('P16 a forgery whose first byte is right takes as long as one whose first byte is wrong', async () => {
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < 600; round++) {
      const body = newBody();
      const [name, value] = signV1(connection.secret, body) as [string, string];
      const [head, hex] = value.split('v1=') as [string, string];
      const right = hex.slice(0, 62) + hex.slice(62).replace(/./g, (digit) => (digit === '0' ? '1' : '0'));
      const wrong = hex.slice(0, 2).replace(/./g, (digit) => (digit === '0' ? '1' : '0')) + hex.slice(2);
      times[0].push((await send(server.port, { path: pathOf(connection), headers: [name, `${head}v1=${right}`], body })).ms);
      times[1].push((await send(server.port, { path: pathOf(connection), headers: [name, `${head}v1=${wrong}`], body })).ms);
    }

    const [right, wrong] = times.map((values) => values.sort((a, b) => a - b)[300] as number) as [number, number];
    // The code compares in constant time; over HTTP on a shared machine the medians show no more than this.
    expect(right / wrong).toBeGreaterThan(0.8);
    expect(right / wrong).toBeLessThan(1.25);
  });

  it('a length extension of the old scheme carries a right signature and is still refused', async () => {
    // The attacker knows hash and length of secret plus body, not the secret: the extended hash is what SHA-256 would give.
    const captured = '{"subscription":{"id":1}}';
    const length = connection.secret.length + captured.length;
    const padding = Buffer.alloc((length % 64 < 56 ? 64 : 128) - (length % 64));
    padding[0] = 0x80;
    padding.writeBigUInt64BE(BigInt(length) * 8n, padding.length - 8);
    const extended = Buffer.concat([Buffer.from(captured), padding, Buffer.from('{"subscription":{"id":2}}')]);
    const fresh = await makeConnection({ secret: connection.secret });

    const answer = await send(server.port, { path: pathOf(fresh), headers: signLegacy(fresh.secret, extended), body: extended });

    expect(answer.status).toBe(400);
    expect(await rowsOf(fresh)).toEqual([]);
  });

  it('an honest webhook still passes after all that', async () => {
    expect((await deliver(server.port, connection, newBody())).status).toBe(200);
    expect(await rowsOf(connection)).toHaveLength(1);
  });
});
