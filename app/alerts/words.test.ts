import { describe, expect, test } from 'vitest';
import { forBanners, type Notice } from './notice.ts';
import { noticeKinds, type NoticeKind } from './thresholds.ts';
import { noticeWords } from './words.ts';

const notice = (kind: NoticeKind, change: Partial<Notice> = {}): Notice => ({
  noticeId: '1', shopId: '1', shop: 'acme-usa.myshopify.com', subject: 'destination:12', destination: 'bloomreach', kind,
  since: new Date('2026-05-01T10:20:30Z'), openedAt: new Date('2026-05-01T11:20:30Z'), resolvedAt: null, detail: {}, sentAt: null, ...change,
});

describe('what a notice says', () => {
  test.each(noticeKinds.flatMap((kind) => (['en', 'de'] as const).map((language) => ({ kind, language }))))('$kind in $language is whole sentences without gaps', ({ kind, language }) => {
    const { title, text } = noticeWords(notice(kind, { detail: { waiting: 3, count: 2, topics: ['charge/paid'], present: 9, wanted: 10, usedPercent: 83, skewSeconds: 7 } }), language);

    expect(title.length).toBeLessThan(90);
    expect(`${title} ${text}`).not.toMatch(/undefined|null|NaN| {2}|\[object/);
    expect(text).toMatch(/\.$/);
  });

  test('names the destination, how long, since when, how many wait and the last answer', () => {
    expect(noticeWords(notice('failing_72_hours', { detail: { waiting: 1234, reason: 'Bloomreach answered 503' } }), 'en')).toEqual({
      title: 'Bloomreach Engagement has not accepted anything for 72 hours',
      text: 'Nothing but failures since 2026-05-01 10:20 UTC. 1234 events wait. Nothing is lost: it is tried again every few minutes and sent in order once Bloomreach Engagement answers. Last answer: Bloomreach answered 503.',
    });
  });
});

describe('banners', () => {
  test('one outage has one banner, its gravest; other troubles keep theirs; what is over comes last', () => {
    const at = (hour: number) => ({ openedAt: new Date(Date.UTC(2026, 4, 1, hour)) });
    const over = notice('recovered', { resolvedAt: new Date('2026-04-30T00:00:00Z') });

    const shown = forBanners([
      over, notice('failing_15_minutes', at(1)), notice('failing_1_hour', at(2)), notice('dead_letters', at(3)), notice('failing_1_hour', { ...at(4), subject: 'destination:13' }),
    ]);

    expect(shown.map(({ kind, subject }) => `${subject} ${kind}`)).toEqual(['destination:13 failing_1_hour', 'destination:12 dead_letters', 'destination:12 failing_1_hour', 'destination:12 recovered']);
  });
});
