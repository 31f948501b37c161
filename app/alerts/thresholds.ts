/**
 * When somebody must be told: from what is known of a destination, a connection or a machine, and of what was told
 * before, to notices. Pure; docs/alerts.md has the table for readers.
 */

export const noticeKinds = [
  'failing_15_minutes', 'failing_1_hour', 'failing_24_hours', 'failing_72_hours', 'paused', 'key_refused', 'dead_letters',
  'recharge_refused', 'webhooks_missing', 'webhooks_mended', 'disk_filling', 'disk_full', 'clock_skew', 'recovered',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

const [minute, hour] = [60_000, 3_600_000];

/** How long nothing but failures, in ms; each is told once in an outage. */
export const outageThresholds = [
  { kind: 'failing_15_minutes', ms: 15 * minute },
  { kind: 'failing_1_hour', ms: hour },
  { kind: 'failing_24_hours', ms: 24 * hour },
  { kind: 'failing_72_hours', ms: 72 * hour },
] as const satisfies readonly { kind: NoticeKind; ms: number }[];

/** Without one success for this long a destination is paused, but never within `warnedMs` of the first notice: our own long absence is no outage of theirs. */
export const pauseRule = { ms: 120 * hour, warnedMs: 12 * hour };
/** A notice of one kind about one subject comes at most this often. */
export const quietMs = hour;

/** A quarter of an hour is worth a banner and nobody's sleep. */
export function isSent(kind: NoticeKind): boolean {
  return kind !== 'failing_15_minutes';
}

/** What was told about one subject: all that is open, and what was opened within the last day. */
export type KnownNotice = { noticeId: string; kind: NoticeKind; since: Date; openedAt: Date; resolvedAt: Date | null };

export type DestinationRecord = {
  status: 'active' | 'paused' | 'stopped';
  /** When the present row of failures began; null without one. */
  firstFailureAt: Date | null;
  /** While the breaker is open: when the next probe is due, a few minutes after the last one. */
  openUntil: Date | null;
  lastSuccessAt: Date | null;
  recoveredAt: Date | null;
  /** When the vendor last accepted the key in a check. */
  checkedGoodAt: Date | null;
  /** Deliveries that died since the last notice about such. */
  newlyDead: number;
};

export type Opening = { kind: NoticeKind; since: Date };
export type Judgement = {
  open: Opening[];
  /** Ids of notices that no longer hold. */
  resolve: string[];
  /** Told only when a trouble among `resolve` was still open; `sent` when its beginning was sent too. */
  recovered: { since: Date; sent: boolean } | null;
  /** Pause the destination, together with the opening of `paused`. */
  pause: boolean;
};

const outageKinds: readonly NoticeKind[] = [...outageThresholds.map(({ kind }) => kind), 'paused'];
const troubleKinds: readonly NoticeKind[] = [...outageKinds, 'key_refused'];

/** What is to be told about a destination now. */
export function judgeDestination(record: DestinationRecord, known: readonly KnownNotice[], now: Date): Judgement {
  const open = known.filter(({ resolvedAt }) => resolvedAt === null);
  const troubles = open.filter(({ kind }) => troubleKinds.includes(kind));
  const passing = passed(open, ['dead_letters'], now);
  if (isBack(record, troubles)) {
    return { open: deadLetters(record, known, now), resolve: [...ids(troubles), ...ids(passing)], recovered: recoveryOf(troubles), pause: false };
  }
  // Resumed by hand: that it was paused no longer holds, that it fails does until a success.
  const resumed = record.status === 'active' ? troubles.filter(({ kind }) => kind === 'paused') : [];
  const standing = troubles.filter((notice) => !resumed.includes(notice));
  const pause = mustPause(record, standing, now);
  const openings: Opening[] = [
    ...(pause ? [{ kind: 'paused' as const, since: record.firstFailureAt ?? now }] : outage(record, standing, known, now)),
    ...(record.status === 'stopped' ? unlessTold('key_refused', now, known, now) : []),
    ...deadLetters(record, known, now),
  ];
  return { open: openings, resolve: [...ids(resumed), ...ids(passing)], recovered: null, pause };
}

/** A state other than an outage that holds now, such as missing registrations. */
export type Holding = { kind: NoticeKind; since: Date };

/**
 * What is to be told about a subject whose troubles are states that hold or do not; `kinds` are all that are judged here.
 * `momentary` ones are told once for each `since` and put away after an hour.
 */
export function judgeStates(holding: readonly Holding[], kinds: readonly NoticeKind[], momentary: readonly Holding[], known: readonly KnownNotice[], now: Date): Judgement {
  const open = known.filter(({ resolvedAt }) => resolvedAt === null);
  const ended = open.filter(({ kind }) => kinds.includes(kind) && !holding.some((state) => state.kind === kind));
  const passing = passed(open, momentary.map(({ kind }) => kind), now);
  const openings = holding.flatMap(({ kind, since }) => unlessTold(kind, since, known, now));
  const news = momentary.filter(({ kind, since }) => !known.some((notice) => notice.kind === kind && notice.since.getTime() === since.getTime()));
  return {
    open: [...openings, ...news],
    resolve: [...ids(ended), ...ids(passing)],
    recovered: holding.length === 0 ? recoveryOf(ended) : null,
    pause: false,
  };
}

/** How long nothing but failures is proven, in ms: up to the next probe, not while nobody tried. */
export function provenOutageMs({ status, firstFailureAt, openUntil }: DestinationRecord, now: Date): number {
  if (status !== 'active' || !firstFailureAt || !openUntil) return 0;
  return Math.max(0, Math.min(now.getTime(), openUntil.getTime()) - firstFailureAt.getTime());
}

/** Only the highest threshold that was reached is told, so a late look does not tell three at once. */
function outage(record: DestinationRecord, standing: readonly KnownNotice[], known: readonly KnownNotice[], now: Date): Opening[] {
  const reached = outageThresholds.findLast(({ ms }) => provenOutageMs(record, now) >= ms);
  if (!reached || !record.firstFailureAt) return [];
  const told = Math.max(-1, ...standing.map(({ kind }) => outageKinds.indexOf(kind)));
  return outageKinds.indexOf(reached.kind) > told ? unlessTold(reached.kind, record.firstFailureAt, known, now) : [];
}

function mustPause(record: DestinationRecord, standing: readonly KnownNotice[], now: Date): boolean {
  if (provenOutageMs(record, now) < pauseRule.ms) return false;
  return standing.some(({ kind, openedAt }) => outageKinds.includes(kind) && now.getTime() - openedAt.getTime() >= pauseRule.warnedMs);
}

/** A success, or an answer that shows it is there, after the trouble began; a breaker that is open again says otherwise. */
function isBack(record: DestinationRecord, troubles: readonly KnownNotice[]): boolean {
  if (troubles.length === 0 || record.status !== 'active' || record.openUntil !== null) return false;
  return troubles.every(({ kind, since, openedAt }) => {
    const began = kind === 'paused' || kind === 'key_refused' ? openedAt : since;
    const signs = [record.lastSuccessAt, record.recoveredAt, kind === 'key_refused' ? record.checkedGoodAt : null];
    return signs.some((sign) => sign !== null && sign > began);
  });
}

function deadLetters({ newlyDead }: DestinationRecord, known: readonly KnownNotice[], now: Date): Opening[] {
  return newlyDead > 0 ? unlessTold('dead_letters', now, known, now) : [];
}

function unlessTold(kind: NoticeKind, since: Date, known: readonly KnownNotice[], now: Date): Opening[] {
  const told = known.some((notice) => notice.kind === kind && ((notice.resolvedAt === null && !isPassed(notice, now)) || now.getTime() - notice.openedAt.getTime() < quietMs));
  return told ? [] : [{ kind, since }];
}

/** Notices of something that happened rather than lasts are put away after an hour. */
function passed(open: readonly KnownNotice[], kinds: readonly NoticeKind[], now: Date): KnownNotice[] {
  return open.filter((notice) => kinds.includes(notice.kind) && isPassed(notice, now));
}

function isPassed({ kind, openedAt }: KnownNotice, now: Date): boolean {
  return (kind === 'dead_letters' || kind === 'webhooks_mended') && now.getTime() - openedAt.getTime() >= quietMs;
}

function recoveryOf(troubles: readonly KnownNotice[]): Judgement['recovered'] {
  if (troubles.length === 0) return null;
  const since = new Date(Math.min(...troubles.map((notice) => notice.since.getTime())));
  return { since, sent: troubles.some(({ kind }) => isSent(kind)) };
}

function ids(notices: readonly KnownNotice[]): string[] {
  return notices.map(({ noticeId }) => noticeId);
}
