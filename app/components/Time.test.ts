/** Times name the shop's zone and follow the language. */
import { expect, test } from 'vitest';
import { exactText, relativeText } from './Time.tsx';

const instant = new Date('2026-11-21T22:47:00Z');

test.each([
  ['en', 'America/New_York', /Nov 21, 2026, 17:47 EST/],
  ['de', 'Europe/Berlin', /21\. Nov\. 2026, 23:47 MEZ/],
  ['en', 'Pacific/Auckland', /Nov 22, 2026, 11:47 GMT\+13/],
])('BF-54 in %s and %s the zone is named', (language, zone, expected) => {
  expect(exactText(instant, language, zone)).toMatch(expected);
});

test.each([
  ['en', -30, '30 seconds ago'],
  ['en', -7200, '2 hours ago'],
  ['de', -60, 'vor 1 Minute'],
  ['de', -86_400 * 3, 'vor 3 Tagen'],
])('BF-83 in %s, %d s away reads "%s"', (language, seconds, expected) => {
  expect(relativeText(new Date(instant.getTime() + seconds * 1000), instant, language)).toBe(expected);
});
