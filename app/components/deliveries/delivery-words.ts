/** States and outcomes as badges: words with a tone. */
import type { BadgeProps } from '@shopify/polaris';
import type { DeliveryState } from '#app/delivery/state.ts';

export const stateTones: Record<DeliveryState, NonNullable<BadgeProps['tone']> | null> = {
  pending: 'info',
  sending: 'info',
  delivered: 'success',
  skipped: null,
  superseded: null,
  held: 'attention',
  dead: 'critical',
};
