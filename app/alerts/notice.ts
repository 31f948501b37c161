/** A notice as screens, mails and webhooks see it, and which of several a banner shows. */
import { noticeKinds, type NoticeKind } from './thresholds.ts';

/** Counts and reasons; never a person. */
export type NoticeDetail = {
  /** Deliveries that waited when it was opened. */
  waiting?: number;
  /** Deliveries that died, in `dead_letters`; events recovered, in `webhooks_mended`. */
  count?: number;
  /** The vendor's last words. */
  reason?: string;
  /** Webhook topics. */
  topics?: string[];
  present?: number;
  wanted?: number;
  usedPercent?: number;
  skewSeconds?: number;
};

export type Notice = {
  noticeId: string;
  shopId: string | null;
  /** The shop's domain; null for what concerns the operator's machines. */
  shop: string | null;
  /** `destination:12`, `recharge`, `machine:web-1`. */
  subject: string;
  /** The destination's type; null for another subject or one that was removed. */
  destination: string | null;
  kind: NoticeKind;
  since: Date;
  openedAt: Date;
  resolvedAt: Date | null;
  detail: NoticeDetail;
  /** When every channel had it; null for one that is kept for the admin only, or still under way. */
  sentAt: Date | null;
};

export type Tone = 'critical' | 'warning' | 'info' | 'success';

/** How loud a banner is. */
export function toneOf(kind: NoticeKind): Tone {
  switch (kind) {
    case 'recovered':
    case 'webhooks_mended':
      return 'success';
    case 'failing_15_minutes':
    case 'dead_letters':
    case 'disk_filling':
    case 'clock_skew':
    case 'webhooks_missing':
      return 'warning';
    default:
      return 'critical';
  }
}

/** The page of the admin where something can be done about it. */
export function pageOf({ kind, destination }: Pick<Notice, 'kind' | 'destination'>): string {
  if (kind === 'dead_letters') return '/app/deliveries?state=dead';
  return destination ? `/app/destinations/${destination}` : '/app/recharge';
}

/** One outage has one banner, its gravest; open ones stand first, then the newest. */
export function forBanners(notices: readonly Notice[]): Notice[] {
  const rank = ({ kind }: Notice) => (/^failing_|^paused$/.test(kind) ? noticeKinds.indexOf(kind) : -1);
  const open = notices.filter(({ resolvedAt }) => resolvedAt === null);
  const shown = open.filter((notice) => rank(notice) < 0 || !open.some((other) => other.subject === notice.subject && rank(other) > rank(notice)));
  const newestFirst = (a: Notice, b: Notice) => b.openedAt.getTime() - a.openedAt.getTime();
  return [...shown.sort(newestFirst), ...notices.filter(({ resolvedAt }) => resolvedAt !== null).sort(newestFirst)];
}
