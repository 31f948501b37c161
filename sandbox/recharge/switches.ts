// Behaviour nobody outside Recharge can be sure of, each with the default of contract section 10, plus the conditions of a run.

export interface RechargeSwitches {
  /** Leaky bucket per token. The machine's clock leaks it, whatever the simulated time. */
  rateLimit: boolean;
  rateCapacity: number;
  rateLeakPerSecond: number;
  /** Sent as Retry-After with a 429; none is documented. */
  retryAfterSeconds: number | null;
  /** Key of the text in 403 bodies. */
  forbiddenKey: 'error' | 'errors';
  /** What a filter beside a cursor gives. */
  cursorWithFilter: 'refuse' | 'ignore';
  /** Second cancel, activate, skip: 200 unchanged, or 422. */
  repeatedAction: 'unchanged' | 'refuse';
  webhookCreateStatus: 200 | 201;
  webhookDeleteStatus: 200 | 204;
  webhooksPerTopic: number;
  sessionKey: 'apiToken' | 'api_token';
  /** Whether POST /customers/{id}/sessions wants the storefront token's header too. */
  sessionNeedsStorefrontToken: boolean;
  sessionForNonSubscriber: 'give' | 'refuse';
  /** Given instead of the honest portal_url. */
  portalUrl: string | null;
  includedObjects: 'include' | 'top';
  /** Whether a retry is signed with a new stamp. */
  retryStamp: 'renewed' | 'kept';
  /** Which clock stamps signatures. Receivers check against the machine's. */
  stampClock: 'machine' | 'simulated';
  retryAttempts: number;
  retryWindowSeconds: number;
  retryFirstDelaySeconds: number;
  /** Whether a 4xx other than 408 and 429 is tried again. */
  retryClientErrors: boolean;
  deliveryTimeoutMs: number;
  sendTopicHeader: boolean;
  sendDomainHeader: boolean;
  signatures: 'both' | 'old-only' | 'new-only' | 'new-wrong' | 'both-wrong';
  subscriptionDeletedBody: 'full' | 'id';
  /** Chances from 0 to 1, per delivery. */
  duplicateChance: number;
  swapChance: number;
  holdBackChance: number;
  holdBackSeconds: number;
  /** Multiplies the observed delays before a delivery; 0 sends at once. */
  webhookDelayFactor: number;
  /** Whether a new charge is announced before the API answers. */
  chargeCreatedFirst: boolean;
  /** An address answers 409 while a webhook about it is under way. */
  busyDuringDelivery: boolean;
  /** How long, by the machine's clock, a write keeps its address. */
  writeHoldMs: number;
  concurrentWrites: 'refuse' | 'allow';
  /** Renewals, retries and upcoming notices by the simulated clock. */
  daily: boolean;
  renewalTime: string;
  upcomingTime: string;
  upcomingLeadDays: number;
  afterMaxRetries: 'cancel' | 'keep';
  subscriptionUpdatedOnSkip: boolean;
  /** Whether a renewal sends subscription/updated; the observed store's did not. */
  subscriptionUpdatedOnRenewal: boolean;
  /** One in so many list answers is cut short with status 200; 0 means none. */
  cutEveryNthList: number;
  /** Customers and payment methods with times that lack an offset, as captured in 2022. */
  naiveTimes: boolean;
  chargeLookbackDays: number;
  eventLookbackDays: number;
}

export function defaultSwitches(): RechargeSwitches {
  return {
    rateLimit: true,
    rateCapacity: 40,
    rateLeakPerSecond: 2,
    retryAfterSeconds: null,
    forbiddenKey: 'error',
    cursorWithFilter: 'refuse',
    repeatedAction: 'unchanged',
    webhookCreateStatus: 201,
    webhookDeleteStatus: 204,
    webhooksPerTopic: 10,
    sessionKey: 'apiToken',
    sessionNeedsStorefrontToken: false,
    sessionForNonSubscriber: 'give',
    portalUrl: null,
    includedObjects: 'include',
    retryStamp: 'renewed',
    stampClock: 'machine',
    retryAttempts: 20,
    retryWindowSeconds: 172_800,
    retryFirstDelaySeconds: 30,
    retryClientErrors: false,
    deliveryTimeoutMs: 5000,
    sendTopicHeader: true,
    sendDomainHeader: true,
    signatures: 'both',
    subscriptionDeletedBody: 'full',
    duplicateChance: 0,
    swapChance: 0,
    holdBackChance: 0,
    holdBackSeconds: 120,
    webhookDelayFactor: 1,
    chargeCreatedFirst: true,
    busyDuringDelivery: false,
    writeHoldMs: 10,
    concurrentWrites: 'refuse',
    daily: true,
    renewalTime: '00:08',
    upcomingTime: '14:17',
    upcomingLeadDays: 3,
    afterMaxRetries: 'cancel',
    subscriptionUpdatedOnSkip: true,
    subscriptionUpdatedOnRenewal: false,
    cutEveryNthList: 0,
    naiveTimes: false,
    chargeLookbackDays: 90,
    eventLookbackDays: 7,
  };
}
