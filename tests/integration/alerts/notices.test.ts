import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listMachineNotices, listNotices } from '#app/alerts/notices.server.ts';
import { lookAround } from '#app/alerts/look.server.ts';
import { claimNotice, leaseMs, sendDueNotices, sendNotice } from '#app/alerts/send.server.ts';
import { startAlerts } from '#app/alerts/watch.server.ts';
import { pool } from '#app/db.server.ts';
import { refreshEnv } from '#app/env.server.ts';
import { until } from '#tests/support/rig.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import { startSmtpSink, type SmtpSink } from './smtp-sink.ts';
import { addDeliveries, fails, healthy, hour, minute, newDestination, newShop, round, succeeds } from './stage.ts';

const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
let smtp: SmtpSink;
let receiver: Receiver;

beforeAll(async () => {
  smtp = await startSmtpSink();
  receiver = await startReceiver(secret);
});
afterAll(async () => {
  await smtp.close();
  await receiver.close();
});
beforeEach(async () => {
  Object.assign(process.env, {
    SMTP_URL: `smtp://robot:pa%24s@127.0.0.1:${smtp.port}`, ALERT_EMAIL_FROM: 'Rechannel <alerts@example.com>', ALERT_EMAIL_TO: 'ops@example.com, lead@example.com',
    ALERT_WEBHOOK_URL: receiver.url, ALERT_WEBHOOK_SECRET: secret, ALERT_LANGUAGE: 'en', SHOPIFY_APP_URL: 'https://rechannel.example.com', LOG_LEVEL: 'error',
  });
  refreshEnv();
  await pool().query(`truncate "Notice"`);
  await pool().query(`delete from "Shop"`);
  Object.assign(smtp, { mails: [], logins: [], down: false });
  Object.assign(receiver, { accepted: [], refused: 0, status: 204 });
});

const start = new Date();
const at = (ms: number) => new Date(start.getTime() + ms);
const subjects = () => smtp.mails.map(({ headers }) => headers.subject);

describe('an outage of a destination (P11)', () => {
  test('is told by mail and signed webhook once at each threshold, its end once, whoever looks and how often', async () => {
    const { shopId, domain } = await newShop();
    const destinationId = await newDestination(shopId);
    await addDeliveries(shopId, destinationId, 3, { reason: 'Bloomreach answered 503' });

    for (const ms of [10 * minute, 20 * minute, 30 * minute, 61 * minute, 90 * minute, 5 * hour, 24 * hour, 25 * hour, 72 * hour, 73 * hour]) {
      await fails(destinationId, start, at(ms));
      await round(at(ms));
      await round(at(ms + 10_000));
    }
    expect((await listNotices(shopId)).map(({ kind }) => kind)).toEqual(['failing_72_hours']);
    await succeeds(destinationId, at(74 * hour));
    await round(at(74 * hour + minute));
    await round(at(74 * hour + 2 * minute));

    const told = receiver.accepted.map(({ body }) => body.type);
    expect(told).toEqual(['notice.failing_1_hour', 'notice.failing_24_hours', 'notice.failing_72_hours', 'notice.recovered']);
    expect(receiver.refused).toBe(0);
    expect(subjects()).toEqual([
      `Bloomreach Engagement has not accepted anything for an hour (${domain})`, `Bloomreach Engagement has not accepted anything for 24 hours (${domain})`,
      `Bloomreach Engagement has not accepted anything for 72 hours (${domain})`, `Bloomreach Engagement is well again (${domain})`,
    ]);
    expect(smtp.mails[2]?.text).toContain('3 events wait.');
    expect(smtp.mails[2]?.text).toContain('Last answer: Bloomreach answered 503.');
    expect(smtp.mails[2]?.text).toContain(`https://${domain}/admin/apps/sandbox-api-key/app/destinations/bloomreach`);
    expect(smtp.mails[0]).toMatchObject({ from: 'alerts@example.com', to: ['ops@example.com', 'lead@example.com'] });
    expect(new Set(smtp.logins)).toEqual(new Set(['robot:pa$s']));
  });

  test('of thirty minutes is a banner and, once over, a line in the admin; nobody is written to', async () => {
    const { shopId } = await newShop();
    const destinationId = await newDestination(shopId);
    await fails(destinationId, start, at(30 * minute));
    await round(at(30 * minute));
    expect((await listNotices(shopId)).map(({ kind, resolvedAt }) => [kind, resolvedAt])).toEqual([['failing_15_minutes', null]]);

    await succeeds(destinationId, at(31 * minute));
    await round(at(32 * minute));

    expect((await listNotices(shopId)).filter(({ resolvedAt }) => resolvedAt === null)).toEqual([]);
    expect((await listNotices(shopId)).map(({ kind }) => kind).sort()).toEqual(['failing_15_minutes', 'recovered']);
    expect([...smtp.mails, ...receiver.accepted]).toEqual([]);
  });

  test('a refused key is told at once, in German where the operator reads German', async () => {
    process.env.ALERT_LANGUAGE = 'de';
    refreshEnv();
    const { shopId, domain } = await newShop();
    const destinationId = await newDestination(shopId);
    await pool().query(`update "Destination" set status = 'stopped', "statusReason" = 'Bloomreach refused the key of jane@example.com (401)' where id = $1`, [destinationId]);

    await round(at(0));

    const [mail] = smtp.mails;
    expect(decodeHeader(mail?.headers.subject ?? '')).toBe(`Bloomreach Engagement weist seinen Schlüssel zurück (${domain})`);
    expect(mail?.text).toContain('keine geht verloren');
    expect(JSON.stringify([smtp.mails, receiver.accepted])).not.toContain('jane@');
    expect(receiver.accepted[0]?.body.data).toMatchObject({ kind: 'key_refused', shop: domain, destination: 'bloomreach', subject: `destination:${destinationId}` });
  });

  test('one shop sees its own notices only', async () => {
    const [first, second] = [await newShop(), await newShop()];
    await fails(await newDestination(first.shopId), start, at(hour));
    await round(at(hour));

    expect(await listNotices(first.shopId)).toHaveLength(1);
    expect(await listNotices(second.shopId)).toEqual([]);
  });
});

describe('several watchers', () => {
  test('three at once open and send everything once', async () => {
    const { shopId } = await newShop();
    for (const type of ['bloomreach', 'kustomer', 'ometria', 'webhook']) await fails(await newDestination(shopId, type), start, at(2 * hour));

    await Promise.all([round(at(2 * hour)), round(at(2 * hour)), round(at(2 * hour))]);
    await Promise.all([round(at(2 * hour + minute)), round(at(2 * hour + minute)), round(at(2 * hour + minute))]);

    expect(smtp.mails).toHaveLength(4);
    expect(receiver.accepted).toHaveLength(4);
    expect(new Set(smtp.mails.map(({ headers }) => headers['message-id'])).size).toBe(4);
  });

  test('as loops in one process they tell the same once and stop at a word', async () => {
    const { shopId } = await newShop();
    const now = new Date();
    await fails(await newDestination(shopId), new Date(now.getTime() - 2 * hour), now);

    const watchers = [1, 2, 3].map(() => startAlerts({ intervalMs: 25 }));
    await until('the notice is sent', async () => (await listNotices(shopId))[0]?.sentAt);
    await Promise.all(watchers.map((watcher) => watcher.stop()));

    expect(smtp.mails).toHaveLength(1);
    expect(receiver.accepted).toHaveLength(1);
  });
});

describe('when sending goes wrong', () => {
  async function openOne(): Promise<string> {
    const { shopId } = await newShop();
    const destinationId = await newDestination(shopId);
    await fails(destinationId, start, at(2 * hour));
    await lookAround(at(2 * hour), healthy);
    return destinationId;
  }

  test('a sender that dies between claim and send: nobody else sends within its lease, afterwards one does', async () => {
    await openOne();
    const dying = await claimNotice(at(2 * hour));
    expect(dying).toMatchObject({ kind: 'failing_1_hour', sendTries: 1 });

    await sendDueNotices(() => at(2 * hour + leaseMs - 1));
    expect(smtp.mails).toEqual([]);
    await Promise.all([1, 2, 3].map(() => sendDueNotices(() => at(2 * hour + leaseMs))));

    expect(smtp.mails).toHaveLength(1);
    expect(receiver.accepted).toHaveLength(1);
  });

  test('a sender that died after its mail and before its webhook: the next one sends the webhook only', async () => {
    await openOne();
    const first = await claimNotice(at(2 * hour));
    if (!first) throw new Error('Nothing to claim');
    receiver.status = 503;
    await sendNotice(first, () => at(2 * hour));
    receiver.status = 200;

    await sendDueNotices(() => at(2 * hour + minute));

    expect(smtp.mails).toHaveLength(1);
    expect(receiver.accepted).toHaveLength(1);
  });

  test('a late sender whose lease another took over records nothing, and its copy has the same ids', async () => {
    await openOne();
    const late = await claimNotice(at(2 * hour));
    const next = await claimNotice(at(2 * hour + leaseMs));
    if (!late || !next) throw new Error('Nothing to claim');
    smtp.down = true;
    await sendNotice(late, () => at(2 * hour + leaseMs));
    smtp.down = false;
    const held = await pool().query<{ sendDueAt: Date }>(`select "sendDueAt" from "Notice"`);
    await sendNotice(next, () => at(2 * hour + leaseMs));

    expect(held.rows[0]?.sendDueAt).toEqual(at(2 * hour + 2 * leaseMs));
    expect(smtp.mails).toHaveLength(1);
    expect(new Set(receiver.accepted.map(({ id }) => id)).size).toBe(1);
  });

  test('a mail server that is down is asked again after growing waits; the end is never told before the beginning', async () => {
    const destinationId = await openOne();
    smtp.down = true;
    await round(at(2 * hour));
    await succeeds(destinationId, at(2 * hour + 30_000));
    await round(at(2 * hour + minute));
    await round(at(2 * hour + 2 * minute));
    expect(smtp.mails).toEqual([]);
    smtp.down = false;

    await round(at(2 * hour + 3 * minute));

    expect(subjects().map((subject) => subject?.replace(/ \(.*/, ''))).toEqual(['Bloomreach Engagement has not accepted anything for an hour', 'Bloomreach Engagement is well again']);
    expect(receiver.accepted.map(({ body }) => body.type)).toEqual(['notice.failing_1_hour', 'notice.recovered']);
  });

  test('without mail server and webhook nothing is sent later either: the admin has it', async () => {
    for (const name of ['SMTP_URL', 'ALERT_EMAIL_FROM', 'ALERT_EMAIL_TO', 'ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET']) delete process.env[name];
    refreshEnv();
    await openOne();

    expect(await claimNotice(at(3 * hour))).toBeNull();
    const kept = await pool().query(`select kind from "Notice"`);
    expect(kept.rows).toEqual([{ kind: 'failing_1_hour' }]);
  });
});

describe('dead letters, connections, machines', () => {
  test('deliveries that die are told once an hour for each destination, with how many and why', async () => {
    const { shopId } = await newShop();
    const destinationId = await newDestination(shopId);
    const die = (count: number, when: Date) => addDeliveries(shopId, destinationId, count, { state: 'dead', reason: 'Bloomreach refused: unknown property', settledAt: when });
    await die(2, at(-minute));
    await round(at(0));
    await die(3, at(10 * minute));
    await round(at(11 * minute));
    expect(receiver.accepted.map(({ body }) => body.data.detail)).toEqual([{ count: 2, reason: 'Bloomreach refused: unknown property' }]);

    await round(at(61 * minute));
    await round(at(3 * hour));

    expect(receiver.accepted.map(({ body }) => (body.data.detail as { count: number }).count)).toEqual([2, 3]);
    expect((await listNotices(shopId)).filter(({ resolvedAt }) => resolvedAt === null)).toEqual([]);
  });

  test('a refused Recharge token, missing and mended registrations are told, and their end', async () => {
    const { shopId } = await newShop();
    await pool().query(`insert into "Connection" ("shopId", "connectionKey", status, "statusReason", "webhooksWanted", "webhooksPresent", "webhooksCheckedAt", "updatedAt") values ($1, $2, 'unauthorised', 'Recharge refused the token (401)', 12, 12, now(), now())`, [shopId, `key-${shopId}`]);
    await round(at(0));
    await pool().query(`update "Connection" set status = 'active', "statusReason" = null, "webhooksPresent" = 9 where "shopId" = $1`, [shopId]);
    await round(at(minute));
    const recovered = { at: at(15 * minute).toISOString(), missing: ['charge/paid', 'subscription/created'], since: start.toISOString(), accepted: 4, events: {}, deliveries: 4 };
    await pool().query(`update "Connection" set "webhooksPresent" = 12, "webhooksReport" = $2 where "shopId" = $1`, [shopId, { recovered }]);
    for (const minutes of [16, 17, 90]) await round(at(minutes * minute));

    expect(receiver.accepted.map(({ body }) => body.type)).toEqual(['notice.recharge_refused', 'notice.webhooks_missing', 'notice.recovered', 'notice.webhooks_mended']);
    expect(receiver.accepted[3]?.body.data.text).toBe('Missing were: charge/paid, subscription/created. What happened meanwhile was read from Recharge: 4 events were recovered.');
  });

  test('a disk that fills up (OP-D1) and a clock that runs off (QU-X1) are told to the operator, each once, and their end', async () => {
    const machine = (usedPart: number, skewMs: number) => ({ name: 'worker-1', disk: { usedPart, freeBytes: (1 - usedPart) * 50e9 }, skewMs });
    await round(at(0), machine(0.79, 4_900));
    expect(await listMachineNotices()).toEqual([]);
    await round(at(minute), machine(0.83, -5_600));
    await round(at(2 * minute), machine(0.79, 4_500));
    await round(at(3 * minute), machine(0.92, 100));
    await round(at(4 * minute), machine(0.5, 100));

    expect(receiver.accepted.map(({ body }) => [body.type, body.data.title])).toEqual([
      ['notice.disk_filling', 'The disk of worker-1 is 83 % full'],
      ['notice.clock_skew', 'The clock of worker-1 is 6 s off'],
      ['notice.disk_full', 'The disk of worker-1 is full: webhooks are refused'],
      ['notice.recovered', 'worker-1 is well again'],
    ]);
  });

  test('what belonged to a removed destination or an uninstalled shop is put away without a word', async () => {
    const [gone, left] = [await newShop(), await newShop()];
    const destinationId = await newDestination(gone.shopId);
    await fails(destinationId, start, at(2 * hour));
    await fails(await newDestination(left.shopId), start, at(2 * hour));
    await round(at(2 * hour));
    await pool().query(`delete from "Destination" where id = $1`, [destinationId]);
    await pool().query(`update "Shop" set "uninstalledAt" = now() where id = $1`, [left.shopId]);
    await round(at(2 * hour + minute));

    const open = await pool().query(`select 1 from "Notice" where "resolvedAt" is null`);
    expect(open.rowCount).toBe(0);
    expect(smtp.mails).toHaveLength(2);
  });
});

/** RFC 2047, as far as our own mails use it. */
function decodeHeader(text: string): string {
  return text.replace(/\?=\s+=\?/g, '?==?').replace(/=\?UTF-8\?(B|Q)\?([^?]*)\?=/gi, (_, kind: string, data: string) =>
    kind.toUpperCase() === 'B' ? Buffer.from(data, 'base64').toString() : Buffer.from(data.replace(/_/g, ' ').replace(/=([0-9A-F]{2})/gi, (__, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString());
}
