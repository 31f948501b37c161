/** Turns the body of a Recharge webhook into facts. Pure: the same body always gives the same events. */
import type { DomainEvent } from '../events/event.ts';

export type CustomerSighting = {
  rechargeCustomerId: string;
  email: string | null;
  shopifyCustomerId: string | null;
  /** The customer's own `updated_at`; null when the body shows the customer only in passing: fills a blank, never overrules. */
  sourceUpdatedAt: string | null;
};

export type Normalised = { ok: true; events: DomainEvent[]; customers: CustomerSighting[] } | { ok: false; reason: string };

/** `body` is parsed JSON (use `parseRechargeJson`); `receivedAt` (ISO 8601) dates a fact only when its body holds no time at all. */
export function normaliseWebhook(_topic: string, _body: unknown, _receivedAt: string): Normalised {
  throw new Error('not written yet');
}
