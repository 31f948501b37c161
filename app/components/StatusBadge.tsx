/** A connection's or a destination's state: words first, colour beside them. */
import { Badge } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';

const tones = {
  active: 'success',
  paused: 'attention',
  stopped: 'critical',
  unauthorised: 'critical',
  disconnected: undefined,
  none: undefined,
} as const;

export type Status = keyof typeof tones;

export function StatusBadge({ status }: { status: Status }) {
  const { t } = useTranslation();
  const tone = tones[status];
  return <Badge {...(tone ? { tone } : {})}>{t(`status.${status}`)}</Badge>;
}
