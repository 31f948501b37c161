import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deliver, epochNow, inParallel, makeConnection, newBody, pathOf, rowsOf, send, signV1, startServer } from './intake-kit.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let second: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  [server, second] = [await startServer(), await startServer()];
});
afterAll(() => Promise.all([server.stop(1_000), second.stop(1_000)]));

describe('copies of one webhook', () => {
  it('P17 1,000 of them, 50 at once over two servers, are all acknowledged and make one row, which counts them', async () => {
    const connection = await makeConnection();
    const body = newBody();
    const headers = signV1(connection.secret, body);

    const statuses = await inParallel(Array.from({ length: 1_000 }), 50, (_, index) => send(index % 2 ? server.port : second.port, { path: pathOf(connection), headers, body }).then(({ status }) => status));

    expect(new Set(statuses)).toEqual(new Set([200]));
    await vi.waitFor(async () => expect((await rowsOf(connection)).map(({ duplicates }) => duplicates)).toEqual([999]), { timeout: 10_000 });
  });

  it('P17 a copy that is stamped and signed anew is still a copy', async () => {
    const connection = await makeConnection();
    const body = newBody();

    for (const offset of [0, -60, -3600]) {
      expect((await send(server.port, { path: pathOf(connection), headers: signV1(connection.secret, body, epochNow() + offset), body })).status).toBe(200);
    }

    expect(await rowsOf(connection)).toHaveLength(1);
  });

  it('the same bytes from two shops are two webhooks', async () => {
    const [one, other] = [await makeConnection(), await makeConnection()];
    const body = newBody();

    await Promise.all([deliver(server.port, one, body), deliver(server.port, other, body)]);

    expect([await rowsOf(one), await rowsOf(other)].map((rows) => rows.length)).toEqual([1, 1]);
  });

  it('distinct webhooks at once from many senders are all kept, each once, copies among them or not', async () => {
    const connection = await makeConnection();
    const bodies = Array.from({ length: 400 }, newBody);

    await inParallel([...bodies, ...bodies], 64, (body, index) => deliver(index % 2 ? server.port : second.port, connection, body));

    const rows = await rowsOf(connection);
    expect(rows).toHaveLength(400);
    await vi.waitFor(async () => expect((await rowsOf(connection)).reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(400), { timeout: 10_000 });
  });

  it('a sender that waits for each answer finds its webhooks in the order it sent them', async () => {
    const connection = await makeConnection();
    const bodies = Array.from({ length: 40 }, newBody);

    const noise = inParallel(Array.from({ length: 200 }, newBody), 16, (body) => deliver(server.port, connection, body, 'order/created'));
    for (const [index, body] of bodies.entries()) await deliver(index % 2 ? server.port : second.port, connection, body, 'subscription/updated');
    await noise;

    const kept = (await rowsOf(connection)).filter(({ topic }) => topic === 'subscription/updated').map(({ digest }) => digest.toString('hex'));
    const { createHash } = await import('node:crypto');
    expect(kept).toEqual(bodies.map((body) => createHash('sha256').update('subscription/updated\u0000').update(body).digest('hex')));
  });
});

describe('the window of 48 hours', () => {
  it.each([
    [-172_801, 401], [-172_799, 200], [172_799, 200], [172_802, 401],
  ])('P17 a stamp %d s from now is answered %d', async (offset, status) => {
    const at = new Date();
    const frozen = await startServer({ intake: { now: () => at } });
    const connection = await makeConnection();
    const body = newBody();

    const answer = await send(frozen.port, { path: pathOf(connection), headers: signV1(connection.secret, body, Math.floor(at.getTime() / 1000) + offset), body });

    expect(answer.status).toBe(status);
    await frozen.stop(1_000);
  });
});
