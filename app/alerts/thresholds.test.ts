import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closedBreaker, judge, type Breaker } from '../delivery/breaker.ts';
import { Failure } from '../errors.ts';
import { judgeDestination, judgeStates, pauseRule, type DestinationRecord, type KnownNotice, type NoticeKind } from './thresholds.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = new Date('2026-05-01T00:00:00Z');
const at = (ms: number) => new Date(start.getTime() + ms);
const down = new Failure('transient', 'Bloomreach answered 503', { code: 'down' });
const refusal = new Failure('unauthorised', 'Bloomreach refused the key', { code: 'refused' });

type Story = { notices: KnownNotice[]; record: DestinationRecord; recoveries: { at: Date; ended: KnownNotice[]; lastSuccessAt: Date | null }[]; pausedAt: Date[] };
type Answer = 'good' | 'down' | 'refused' | 'none';

/** A destination and its watcher, minute by minute: the real breaker moves, requests go out as it allows, notices are kept as the database would. */
function live(minutes: number, answerAt: (minute: number) => Answer, looks: (minute: number) => boolean = () => true, resumeAt: (minute: number) => boolean = () => false): Story {
  let breaker: Breaker = closedBreaker;
  const story: Story = {
    notices: [], recoveries: [], pausedAt: [],
    record: { status: 'active', firstFailureAt: null, openUntil: null, lastSuccessAt: null, recoveredAt: null, checkedGoodAt: null, newlyDead: 0 },
  };
  for (let i = 0; i < minutes; i++) {
    const now = at(i * minute);
    if (story.record.status !== 'active' && resumeAt(i)) {
      breaker = closedBreaker;
      Object.assign(story.record, { status: 'active', firstFailureAt: null, openUntil: null });
    }
    const answer = answerAt(i);
    if (answer !== 'none' && story.record.status === 'active' && (breaker.openUntil === null || breaker.openUntil <= now)) {
      const verdict = judge(breaker, answer === 'good' ? null : answer === 'down' ? down : refusal, now, { longestProbeMs: 5 * minute });
      breaker = verdict.breaker.openUntil === null ? verdict.breaker : { ...verdict.breaker, probes: verdict.breaker.probes + 1 };
      Object.assign(story.record, { firstFailureAt: breaker.firstFailureAt, openUntil: breaker.openUntil });
      if (answer === 'good') story.record.lastSuccessAt = now;
      if (verdict.recovered) story.record.recoveredAt = now;
      if (verdict.stop) story.record.status = 'stopped';
    }
    if (looks(i)) look(story, at(i * minute + minute / 2));
  }
  return story;
}

function look(story: Story, now: Date): void {
  const judged = judgeDestination(story.record, story.notices, now);
  const ended = story.notices.filter((notice) => judged.resolve.includes(notice.noticeId) && notice.resolvedAt === null);
  for (const notice of ended) notice.resolvedAt = now;
  if (judged.recovered) story.recoveries.push({ at: now, ended, lastSuccessAt: story.record.lastSuccessAt });
  if (judged.pause) {
    story.record.status = 'paused';
    story.pausedAt.push(now);
  }
  for (const { kind, since } of judged.open) story.notices.push({ noticeId: String(story.notices.length), kind, since, openedAt: now, resolvedAt: null });
}

const kindsOf = (story: Story) => story.notices.map(({ kind }) => kind);

describe('a destination that fails (P11)', () => {
  test('nothing but failures: a banner after 15 minutes, notices after 1, 24 and 72 hours, paused after 120, each once', () => {
    const story = live(200 * 60, () => 'down');

    expect(kindsOf(story)).toEqual(['failing_15_minutes', 'failing_1_hour', 'failing_24_hours', 'failing_72_hours', 'paused']);
    const hours = story.notices.map(({ openedAt }) => (openedAt.getTime() - start.getTime()) / hour);
    [0.25, 1, 24, 72, 120].forEach((expected, index) => expect(hours[index]).toBeCloseTo(expected, 0));
    expect(story.recoveries).toEqual([]);
  });

  test('thirty minutes of failures give one notice, the success after it one recovery', () => {
    const story = live(60, (i) => (i < 30 ? 'down' : 'good'));

    expect(kindsOf(story)).toEqual(['failing_15_minutes']);
    expect(story.recoveries).toHaveLength(1);
    expect(story.notices.every(({ resolvedAt }) => resolvedAt !== null)).toBe(true);
  });

  test('every fifth request failing for a week gives no notice and no pause', () => {
    const story = live(7 * 24 * 60, (i) => (i % 5 === 0 ? 'down' : 'good'));

    expect(story.notices).toEqual([]);
    expect(story.pausedAt).toEqual([]);
  });

  test('five failures and then nothing to send is no long outage: nobody tried', () => {
    const story = live(200 * 60, (i) => (i < 5 ? 'down' : 'none'));

    expect(story.notices).toEqual([]);
  });

  test('a refused key is told at once, and its recovery once a delivery went through', () => {
    const story = live(120, (i) => (i < 60 ? 'refused' : 'good'), undefined, (i) => i === 60);

    expect(kindsOf(story)).toEqual(['key_refused']);
    expect(story.notices[0]?.openedAt.getTime()).toBeLessThan(at(4 * minute).getTime());
    expect(story.recoveries).toHaveLength(1);
  });

  test('a watcher that was away for a day tells the highest threshold, not all of them', () => {
    const story = live(26 * 60, () => 'down', (i) => i > 25 * 60);

    expect(kindsOf(story)).toEqual(['failing_24_hours']);
  });

  test('no pause without a warning at least twelve hours before', () => {
    const story = live(150 * 60, () => 'down', (i) => i > 130 * 60);

    expect(kindsOf(story)).toEqual(['failing_72_hours', 'paused']);
    expect(story.pausedAt[0]?.getTime()).toBeGreaterThanOrEqual((story.notices[0]?.openedAt.getTime() ?? NaN) + pauseRule.warnedMs);
  });

  test('resumed by hand and still failing: no notice is repeated, the next pause comes after a further 120 hours and is told', () => {
    const story = live(300 * 60, () => 'down', undefined, (i) => i === 130 * 60);

    expect(kindsOf(story).filter((kind) => kind === 'failing_1_hour')).toHaveLength(1);
    expect(story.pausedAt).toHaveLength(2);
    expect(kindsOf(story).filter((kind) => kind === 'paused')).toHaveLength(2);
    expect(story.recoveries).toEqual([]);
  });
});

describe('whatever happens (properties)', () => {
  const segments = fc.array(
    fc.record({ minutes: fc.integer({ min: 1, max: 6 * 60 }), answer: fc.constantFrom<Answer | 'flap'>('good', 'down', 'down', 'refused', 'none', 'flap') }),
    { minLength: 1, maxLength: 14 },
  );
  const stories = fc.record({ segments, everyMinutes: fc.integer({ min: 1, max: 45 }), resumeEvery: fc.integer({ min: 30, max: 600 }) }).map(({ segments: parts, everyMinutes, resumeEvery }) => {
    const answers = parts.flatMap(({ minutes, answer }) => Array.from({ length: minutes }, (_, i): Answer => (answer === 'flap' ? (i % 7 === 0 ? 'good' : 'down') : answer)));
    // Everything ends well, after whatever was stopped was resumed.
    const calm = Array.from({ length: resumeEvery + 120 }, (): Answer => 'good');
    const all = [...answers, ...calm];
    return live(all.length, (i) => all[i] ?? 'none', (i) => i % everyMinutes === 0, (i) => i % resumeEvery === 0);
  });

  test('each threshold is told once in an outage, in rising order, and one kind at most once an hour', () => {
    fc.assert(
      fc.property(stories, ({ notices }) => {
        const byOutage = Map.groupBy(notices.filter(({ kind }) => kind.startsWith('failing_')), ({ since }) => since.getTime());
        const ranks: NoticeKind[] = ['failing_15_minutes', 'failing_1_hour', 'failing_24_hours', 'failing_72_hours'];
        for (const told of byOutage.values()) {
          const order = told.map(({ kind }) => ranks.indexOf(kind));
          expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
        }
        for (const told of Map.groupBy(notices, ({ kind }) => kind).values()) {
          told.forEach((notice, i) => expect(notice.openedAt.getTime() - (told[i - 1]?.openedAt.getTime() ?? -Infinity)).toBeGreaterThanOrEqual(hour));
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a recovery is told after a trouble that was told, after a success, and never twice for one trouble', () => {
    fc.assert(
      fc.property(stories, ({ recoveries }) => {
        const all = recoveries.flatMap(({ ended }) => ended.map(({ noticeId }) => noticeId));
        expect(new Set(all).size).toBe(all.length);
        for (const { ended, lastSuccessAt } of recoveries) {
          expect(ended.length).toBeGreaterThan(0);
          for (const { since } of ended) expect(lastSuccessAt?.getTime()).toBeGreaterThan(since.getTime());
        }
      }),
      { numRuns: 150 },
    );
  });

  test('once all is well no trouble stays open, and nothing is paused in under 120 hours', () => {
    fc.assert(
      fc.property(stories, ({ notices, pausedAt, record }) => {
        expect(record.status).toBe('active');
        expect(notices.filter(({ resolvedAt }) => resolvedAt === null)).toEqual([]);
        expect(pausedAt).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('dead letters', () => {
  const calm: DestinationRecord = { status: 'active', firstFailureAt: null, openUntil: null, lastSuccessAt: start, recoveredAt: null, checkedGoodAt: null, newlyDead: 0 };

  test('one notice for each destination and hour, however many die', () => {
    const story: Story = { notices: [], recoveries: [], pausedAt: [], record: { ...calm, newlyDead: 3 } };
    for (let i = 0; i < 180; i++) look(story, at(i * minute));

    expect(story.notices.map(({ openedAt }) => (openedAt.getTime() - start.getTime()) / minute)).toEqual([0, 60, 120]);
    expect(story.recoveries).toEqual([]);
  });
});

describe('states of a connection', () => {
  const kinds: NoticeKind[] = ['recharge_refused', 'webhooks_missing'];

  function watch(statesAt: (minute: number) => NoticeKind[], minutes: number): { notices: KnownNotice[]; recoveries: number[] } {
    const notices: KnownNotice[] = [];
    const recoveries: number[] = [];
    for (let i = 0; i < minutes; i++) {
      const judged = judgeStates(statesAt(i).map((kind) => ({ kind, since: at(i * minute) })), kinds, [], notices, at(i * minute));
      for (const notice of notices) if (judged.resolve.includes(notice.noticeId)) notice.resolvedAt = at(i * minute);
      if (judged.recovered) recoveries.push(i);
      for (const { kind, since } of judged.open) notices.push({ noticeId: String(notices.length), kind, since, openedAt: at(i * minute), resolvedAt: null });
    }
    return { notices, recoveries };
  }

  test('a refused Recharge token is told once while it lasts, its end once', () => {
    const { notices, recoveries } = watch((i) => (i >= 5 && i < 500 ? ['recharge_refused'] : []), 600);

    expect(notices).toHaveLength(1);
    expect(recoveries).toEqual([500]);
  });

  test('registrations that come and go every quarter of an hour are told at most once an hour', () => {
    const { notices } = watch((i) => (Math.floor(i / 15) % 2 === 0 ? ['webhooks_missing'] : []), 24 * 60);

    expect(notices.length).toBeGreaterThan(10);
    expect(notices.length).toBeLessThanOrEqual(24);
  });

  test('what was mended is told once for each mending and put away after an hour', () => {
    const notices: KnownNotice[] = [];
    for (let i = 0; i < 180; i++) {
      const judged = judgeStates([], kinds, [{ kind: 'webhooks_mended', since: at(0) }], notices, at(i * minute));
      for (const notice of notices) if (judged.resolve.includes(notice.noticeId)) notice.resolvedAt = at(i * minute);
      expect(judged.recovered).toBeNull();
      for (const { kind, since } of judged.open) notices.push({ noticeId: String(notices.length), kind, since, openedAt: at(i * minute), resolvedAt: null });
    }

    expect(notices).toMatchObject([{ kind: 'webhooks_mended', resolvedAt: at(60 * minute) }]);
  });
});
