/** A delivery's state in a word. */
import { Badge } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { DeliveryState } from '#app/delivery/state.ts';
import { stateTones } from './delivery-words.ts';

export function DeliveryBadge({ state }: { state: DeliveryState }) {
  const { t } = useTranslation();
  const tone = stateTones[state];
  return <Badge {...(tone ? { tone } : {})}>{t(`deliveries.states.${state}`)}</Badge>;
}
