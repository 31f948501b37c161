import { expect, test } from 'vitest';
import type { Notice } from '#app/alerts/notice.ts';
import { homeBanners } from './banners.ts';

const now = new Date('2026-11-21T12:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const notice = (change: Partial<Notice>): Notice => ({
  noticeId: '1', shopId: '1', shop: 'acme-usa.myshopify.com', subject: 'destination:1', destination: 'bloomreach', kind: 'failing_1_hour', since: hoursAgo(2), openedAt: hoursAgo(1), resolvedAt: null,
  detail: { waiting: 12, reason: 'Bloomreach has trouble (503).' }, sentAt: null, ...change,
});

test('P11 an outage that goes on is a banner in both languages, with how many wait and the page to look at', () => {
  const [banner] = homeBanners([notice({})], now);
  expect(banner).toMatchObject({ page: '/app/destinations/bloomreach', words: { en: { text: expect.stringContaining('12 events wait') }, de: { text: expect.stringContaining('12 Ereignisse warten') } } });
});

test('P12 what mended itself is told for a day; outages that ended and other kinds are not', () => {
  const mended = (hours: number) => notice({ kind: 'webhooks_mended', subject: 'recharge', destination: null, openedAt: hoursAgo(hours), detail: { topics: ['charge/paid'], count: 3 } });
  expect(homeBanners([mended(2)], now)).toHaveLength(1);
  expect(homeBanners([mended(30), notice({ resolvedAt: hoursAgo(0.5) }), notice({ kind: 'key_refused' })], now)).toEqual([]);
});
