/**
 * Sends opened notices through every channel the operator set up. A notice is claimed by moving its due time behind a lease:
 * one sender at a time has it, and when that one dies the lease runs out and another sends it, late rather than never.
 * Only a crash between the receiver's answer and our record makes a second copy, with the same id.
 */
import { pool } from '#app/db.server.ts';
import { env, type AlertSettings, type Settings } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';
import { sendMail } from './mail.server.ts';
import { pageOf, type Notice } from './notice.ts';
import { sendWebhook } from './webhook.server.ts';
import { noticeWords } from './words.ts';

type ChannelName = 'email' | 'webhook';
export type Claimed = Notice & { sendTries: number; sentTo: ChannelName[] };

/** Both channels together take less. */
export const leaseMs = 120_000;
const firstWaitMs = 60_000;
const longestWaitMs = 3_600_000;
const giveUpAfterMs = 72 * 3_600_000;
/** One round of a watcher; what is left waits for the next. */
const mostInARound = 100;
const failuresThatEndARound = 3;

/** Sends what is due at `now`, oldest first. Returns how many notices went through every channel. */
export async function sendDueNotices(now: () => Date, stopped: () => boolean = () => false): Promise<number> {
  let sent = 0;
  let failures = 0;
  for (let round = 0; round < mostInARound && failures < failuresThatEndARound && !stopped(); round++) {
    const notice = await claimNotice(now());
    if (!notice) break;
    if (await sendNotice(notice, now)) sent++;
    else failures++;
  }
  return sent;
}

/** Claims the oldest notice that is due; of one subject the earlier always goes first, so nobody reads of an end before its beginning. */
export async function claimNotice(now: Date): Promise<Claimed | null> {
  const rows = await pool().query<Claimed>(
    `with due as (
       select n.id from "Notice" n where n."sendDueAt" <= $1
         and not exists (select 1 from "Notice" before where before.subject = n.subject and before."shopId" is not distinct from n."shopId" and before."sendDueAt" is not null and before.id < n.id)
       order by n.id limit 1 for update skip locked),
     claimed as (
       update "Notice" n set "sendDueAt" = $1::timestamptz + $2::float8 * interval '1 ms', "sendTries" = n."sendTries" + 1 from due where n.id = due.id returning n.*)
     select c.id as "noticeId", c."shopId", s.domain as shop, c.subject, d.type as destination, c.kind, c.since, c."openedAt", c."resolvedAt", c.detail, c."sentAt", c."sendTries", c."sentTo"
     from claimed c left join "Shop" s on s.id = c."shopId" left join "Destination" d on c.subject = 'destination:' || d.id and d."shopId" = c."shopId"`,
    [now, leaseMs],
  );
  return rows.rows[0] ?? null;
}

/** Sends a claimed notice through the channels that do not have it yet. True when all have it. */
export async function sendNotice(notice: Claimed, now: () => Date): Promise<boolean> {
  const settings = env();
  const wanted = channels(settings).filter(({ name }) => !notice.sentTo.includes(name));
  const results = await Promise.allSettled(wanted.map(async ({ name, send }) => {
    await send(notice);
    await pool().query(`update "Notice" set "sentTo" = array_append("sentTo", $2) where id = $1 and not $2 = any("sentTo")`, [notice.noticeId, name]);
  }));
  const failed = wanted.filter((_, index) => results[index]?.status === 'rejected').map(({ name }) => name);
  if (failed.length === 0) {
    await pool().query(`update "Notice" set "sendDueAt" = null, "sentAt" = $3 where id = $1 and "sendTries" = $2`, [notice.noticeId, notice.sendTries, now()]);
    return true;
  }
  const giveUp = now().getTime() - notice.openedAt.getTime() > giveUpAfterMs;
  const waitMs = Math.min(firstWaitMs * 2 ** (notice.sendTries - 1), longestWaitMs);
  log[giveUp ? 'error' : 'warn'](giveUp ? 'A notice could not be sent for three days and stays in the admin only' : 'A notice could not be sent yet', {
    noticeId: notice.noticeId, shopId: notice.shopId, kind: notice.kind, channels: failed, waitMs, error: results.find((result) => result.status === 'rejected')?.reason,
  });
  await pool().query(`update "Notice" set "sendDueAt" = $3 where id = $1 and "sendTries" = $2`, [notice.noticeId, notice.sendTries, giveUp ? null : new Date(now().getTime() + waitMs)]);
  return false;
}

function channels({ alerts, shopify }: Settings): { name: ChannelName; send: (notice: Notice) => Promise<void> }[] {
  const { email, webhook, language } = alerts;
  return [
    ...(email ? [{ name: 'email' as const, send: (notice: Notice) => sendMail(email, mailOf(notice, language, shopify)) }] : []),
    ...(webhook ? [{ name: 'webhook' as const, send: (notice: Notice) => sendWebhook(webhook, messageOf(notice, language, shopify)) }] : []),
  ];
}

function mailOf(notice: Notice, language: AlertSettings['language'], shopify: Settings['shopify']) {
  const { title, text } = noticeWords(notice, language);
  const url = adminUrl(notice, shopify);
  const lines = [...(notice.shop ? [notice.shop, ''] : []), text, ...(url ? ['', url] : [])];
  return { messageId: `<notice-${notice.noticeId}.${notice.openedAt.getTime()}@${new URL(shopify.appUrl).hostname}>`, subject: notice.shop ? `${title} (${notice.shop})` : title, text: `${lines.join('\n')}\n`, date: notice.openedAt };
}

function messageOf(notice: Notice, language: AlertSettings['language'], shopify: Settings['shopify']) {
  const { title, text } = noticeWords(notice, language);
  return {
    id: `notice_${notice.noticeId}_${notice.openedAt.getTime()}`,
    body: {
      type: `notice.${notice.kind}`,
      timestamp: notice.openedAt.toISOString(),
      data: {
        noticeId: notice.noticeId, kind: notice.kind, shop: notice.shop, subject: notice.subject, destination: notice.destination,
        since: notice.since.toISOString(), openedAt: notice.openedAt.toISOString(), title, text, detail: notice.detail, url: adminUrl(notice, shopify),
      },
    },
  };
}

/** The page inside Shopify's admin where something can be done. */
function adminUrl(notice: Notice, { apiKey }: Settings['shopify']): string | null {
  return notice.shop ? `https://${notice.shop}/admin/apps/${apiKey}${pageOf(notice)}` : null;
}
