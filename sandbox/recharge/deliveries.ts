// Sends webhooks: signed, within five seconds, up to twenty times in 48 hours, then the registration goes.
import { request } from 'undici';
import { toInstant } from './dates.ts';
import { newSignature, oldSignature } from './signatures.ts';
import type { RechargeSwitches } from './switches.ts';
import type { Store, WebhookRow } from './types.ts';
import type { World } from './world.ts';

export interface Attempt {
  number: number;
  /** Simulated time, with milliseconds. */
  at: string;
  stamp: number;
  status: number | null;
  error: string | null;
  durationMs: number;
}

export interface Delivery {
  id: number;
  shop: string;
  webhook_id: number;
  token: string;
  address: string;
  topic: string;
  object_id: number;
  address_id: number | null;
  body: string;
  created_at: string;
  /** `refused`: an answer that is not tried again. `gone`: the registration had been deleted. */
  state: 'waiting' | 'paused' | 'delivered' | 'refused' | 'gave-up' | 'gone';
  attempts: Attempt[];
  next_at: string | null;
}

const KEPT_DELIVERIES = 50_000;

/** Tries once; schedules the next try where one is due. */
export async function deliver(world: World, delivery: Delivery): Promise<void> {
  if (world.webhooksPaused) {
    delivery.state = 'paused';
    world.heldBack.push(delivery);
    return;
  }
  const store = world.stores.get(delivery.shop);
  const webhook = store?.webhooks.get(delivery.webhook_id);
  const token = world.tokens.get(delivery.token);
  delivery.next_at = null;
  if (store === undefined || webhook === undefined || token === undefined) {
    delivery.state = 'gone';
    return;
  }
  delivery.state = 'waiting';
  const busy = world.switches.busyDuringDelivery ? delivery.address_id : null;
  holdAddress(store, busy, 1);
  const attempt = await attemptOnce(world, delivery, token.secret);
  holdAddress(store, busy, -1);
  delivery.attempts.push(attempt);
  if (attempt.status !== null && attempt.status >= 200 && attempt.status < 300) delivery.state = 'delivered';
  else if (!isRetried(attempt.status, world.switches)) delivery.state = 'refused';
  else retryOrGiveUp(world, store, webhook, delivery);
}

/** The delays between tries: doubling, capped so that the last try comes at the window's end. */
export function retryDelaysMs(switches: Pick<RechargeSwitches, 'retryAttempts' | 'retryWindowSeconds' | 'retryFirstDelaySeconds'>): number[] {
  const count = switches.retryAttempts - 1;
  const doubling = Array.from({ length: count }, (_, index) => switches.retryFirstDelaySeconds * 2 ** index);
  const sumUnder = (cap: number): number => doubling.reduce((sum, delay) => sum + Math.min(delay, cap), 0);
  let low = 0;
  let high = Math.max(switches.retryWindowSeconds, doubling.at(-1) ?? 0);
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (sumUnder(middle) < switches.retryWindowSeconds) low = middle;
    else high = middle;
  }
  return doubling.map((delay) => Math.round(Math.min(delay, high) * 1000));
}

export function remember(world: World, delivery: Delivery): void {
  world.deliveries.push(delivery);
  if (world.deliveries.length > KEPT_DELIVERIES * 1.1) world.deliveries.splice(0, world.deliveries.length - KEPT_DELIVERIES);
}

export function resumeWebhooks(world: World): number {
  world.webhooksPaused = false;
  const held = world.heldBack.splice(0);
  for (const delivery of held) world.clock.schedule(0, () => deliver(world, delivery));
  return held.length;
}

function holdAddress(store: Store, addressId: number | null, by: 1 | -1): void {
  if (addressId === null) return;
  const held = (store.busy_addresses.get(addressId) ?? 0) + by;
  if (held > 0) store.busy_addresses.set(addressId, held);
  else store.busy_addresses.delete(addressId);
}

function isRetried(status: number | null, switches: RechargeSwitches): boolean {
  if (status === null || status === 408 || status === 429 || status >= 500) return true;
  return switches.retryClientErrors;
}

function retryOrGiveUp(world: World, store: Store, webhook: WebhookRow, delivery: Delivery): void {
  const delayMs = retryDelaysMs(world.switches)[delivery.attempts.length - 1];
  if (delayMs !== undefined) {
    delivery.next_at = toInstant(world.clock.now() + delayMs);
    world.clock.schedule(delayMs, () => deliver(world, delivery));
    return;
  }
  delivery.state = 'gave-up';
  store.webhooks.delete(webhook.id);
  world.mails.push({
    at: toInstant(world.clock.now()),
    to: world.tokens.get(delivery.token)?.contact_email ?? store.email,
    kind: 'webhook_deleted',
    about: { webhook_id: webhook.id, topic: webhook.topic, address: webhook.address },
  });
}

async function attemptOnce(world: World, delivery: Delivery, secret: string): Promise<Attempt> {
  const { switches } = world;
  const number = delivery.attempts.length + 1;
  const first = delivery.attempts[0];
  const clockMs = switches.stampClock === 'machine' ? Date.now() : world.clock.now();
  const stamp = first !== undefined && switches.retryStamp === 'kept' ? first.stamp : Math.floor(clockMs / 1000);
  const at = new Date(world.clock.now()).toISOString();
  const startedAt = performance.now();
  const done = (status: number | null, error: string | null): Attempt => ({ number, at, stamp, status, error, durationMs: Math.round(performance.now() - startedAt) });
  try {
    const answer = await request(delivery.address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Recharge-Webhooks', ...signedHeaders(switches, delivery, secret, stamp) },
      body: delivery.body,
      signal: AbortSignal.timeout(switches.deliveryTimeoutMs),
    });
    await answer.body.dump();
    return done(answer.statusCode, null);
  } catch (error) {
    return done(null, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

function signedHeaders(switches: RechargeSwitches, delivery: Delivery, secret: string, stamp: number): Record<string, string> {
  const { signatures } = switches;
  const withOld = signatures !== 'new-only';
  const withNew = signatures !== 'old-only';
  const newSecret = signatures === 'new-wrong' || signatures === 'both-wrong' ? `${secret}-wrong` : secret;
  const oldSecret = signatures === 'both-wrong' ? newSecret : secret;
  return {
    ...(withOld && { 'x-recharge-hmac-sha256': oldSignature(oldSecret, delivery.body) }),
    ...(withNew && { 'x-recharge-webhook-timestamp': String(stamp), 'x-recharge-webhook-signature': newSignature(newSecret, delivery.body, stamp) }),
    ...(switches.sendTopicHeader && { 'x-recharge-topic': delivery.topic }),
    ...(switches.sendDomainHeader && { 'x-recharge-external-platform-domain': delivery.shop }),
  };
}
