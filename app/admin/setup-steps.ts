/** The steps from installing to the first result, in the order in which they make sense. */

export const setupStepIds = ['recharge', 'webhooks', 'firstWebhook', 'destination', 'firstDelivery', 'portalLink'] as const;
export type SetupStepId = (typeof setupStepIds)[number];
export type SetupStep = { id: SetupStepId; done: boolean };

/** Where a step is done in the app. */
export const setupStepPages: Record<SetupStepId, string> = {
  recharge: '/app/recharge',
  webhooks: '/app/recharge',
  firstWebhook: '/app/recharge',
  destination: '/app/destinations',
  firstDelivery: '/app/deliveries',
  portalLink: '/app/portal',
};
