/** The table of notices: opened once, resolved once, listed for the admin and the command line. */
import type pg from 'pg';
import { pool } from '#app/db.server.ts';
import { env } from '#app/env.server.ts';
import { forBanners, type Notice, type NoticeDetail } from './notice.ts';
import { isSent, type KnownNotice, type NoticeKind } from './thresholds.ts';

type Database = pg.Pool | pg.PoolClient;

export type NewNotice = { shopId: string | null; subject: string; kind: NoticeKind; since: Date; detail: NoticeDetail; /** Kept for the admin only when false. */ sent: boolean; /** Over as soon as told. */ over?: boolean };

const columns = `n.id as "noticeId", n."shopId", s.domain as shop, n.subject, d.type as destination, n.kind, n.since, n."openedAt", n."resolvedAt", n.detail, n."sentAt"`;
const tables = `"Notice" n left join "Shop" s on s.id = n."shopId" left join "Destination" d on n.subject = 'destination:' || d.id and d."shopId" = n."shopId"`;

/** For a shop's banners: what is open, one for each trouble, then what ended or happened within a week. */
export async function listNotices(shopId: string, limit = 20): Promise<Notice[]> {
  const rows = await pool().query<Notice>(
    `select ${columns} from ${tables} where n."shopId" = $1 and (n."resolvedAt" is null or n."openedAt" > now() - interval '7 days') order by (n."resolvedAt" is null) desc, n.id desc limit 200`,
    [shopId],
  );
  return forBanners(rows.rows).slice(0, limit);
}

/** For the operator: what concerns the machines, the same way. */
export async function listMachineNotices(limit = 20): Promise<Notice[]> {
  const rows = await pool().query<Notice>(
    `select ${columns} from ${tables} where n."shopId" is null and (n."resolvedAt" is null or n."openedAt" > now() - interval '7 days') order by (n."resolvedAt" is null) desc, n.id desc limit 200`,
  );
  return forBanners(rows.rows).slice(0, limit);
}

/** What was told and may matter still: all that is open, and what was opened within a day; by subject, the shop's id in front. */
export async function knownNotices(database: Database, now: Date): Promise<Map<string, KnownNotice[]>> {
  const rows = await database.query<KnownNotice & { shopId: string | null; subject: string }>(
    `select id as "noticeId", "shopId", subject, kind, since, "openedAt", "resolvedAt" from "Notice" where "resolvedAt" is null or "openedAt" > $1::timestamptz - interval '1 day' order by id`,
    [now],
  );
  return Map.groupBy(rows.rows, ({ shopId, subject }) => subjectKey(shopId, subject));
}

export function subjectKey(shopId: string | null, subject: string): string {
  return `${shopId ?? '-'} ${subject}`;
}

/** Opens a notice. False when one like it is open: among any number of processes one opens it. */
export async function openNotice(database: Database, { shopId, subject, kind, since, detail, sent, over = false }: NewNotice, now: Date): Promise<boolean> {
  const { email, webhook } = env().alerts;
  const opened = await database.query(
    `insert into "Notice" ("shopId", subject, kind, since, "openedAt", "resolvedAt", "onceKey", detail, "sendDueAt") values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict ("onceKey") do nothing`,
    [shopId, subject, kind, since, now, over ? now : null, over ? null : `${subjectKey(shopId, subject)} ${kind}`, detail, sent && isSent(kind) && (email || webhook) ? now : null],
  );
  return opened.rowCount === 1;
}

/** Ends notices. Returns how many were still open: somebody else may have ended them. */
export async function resolveNotices(database: Database, noticeIds: readonly string[], now: Date): Promise<number> {
  if (noticeIds.length === 0) return 0;
  const resolved = await database.query(`update "Notice" set "resolvedAt" = $2, "onceKey" = null where id = any($1) and "resolvedAt" is null`, [noticeIds, now]);
  return resolved.rowCount ?? 0;
}

/** Ends what nobody can mend any more, and forgets what is over for 90 days. */
export async function tidyNotices(database: Database, now: Date): Promise<void> {
  await database.query(
    `update "Notice" n set "resolvedAt" = $1, "onceKey" = null where n."resolvedAt" is null and (
       -- A machine that is gone tells nobody so; one that is still in trouble says it again.
       (n."shopId" is null and n."openedAt" < $1::timestamptz - interval '7 days')
       or (n."shopId" is not null and not exists (select 1 from "Shop" s where s.id = n."shopId" and s."uninstalledAt" is null))
       or (n.subject like 'destination:%' and not exists (select 1 from "Destination" d where 'destination:' || d.id = n.subject)))`,
    [now],
  );
  await database.query(`delete from "Notice" n where n."openedAt" < $1::timestamptz - interval '90 days' and n."resolvedAt" is not null or n."shopId" is not null and not exists (select 1 from "Shop" s where s.id = n."shopId")`, [now]);
}
