/** Which notices stand on the home page: outages that go on, and what mended itself within a day. Both languages, as the page chooses late. */
import { pageOf, toneOf, type Notice, type Tone } from '#app/alerts/notice.ts';
import { noticeWords, type NoticeWords } from '#app/alerts/words.ts';

export type HomeBanner = { noticeId: string; tone: Tone; page: string; words: { en: NoticeWords; de: NoticeWords } };

const freshMs = 24 * 60 * 60_000;
/** The other kinds are states that the list of things to do shows already, as they are now. */
const outages: readonly Notice['kind'][] = ['failing_15_minutes', 'failing_1_hour', 'failing_24_hours', 'failing_72_hours'];

export function homeBanners(notices: readonly Notice[], now: Date): HomeBanner[] {
  return notices
    .filter(({ kind, resolvedAt, openedAt }) => (outages.includes(kind) ? resolvedAt === null : kind === 'webhooks_mended' && now.getTime() - openedAt.getTime() < freshMs))
    .map((notice) => ({ noticeId: notice.noticeId, tone: toneOf(notice.kind), page: pageOf(notice), words: { en: noticeWords(notice, 'en'), de: noticeWords(notice, 'de') } }));
}
