// How Recharge signs a webhook, old way and new (contract section 6.4).
import { createHash, createHmac } from 'node:crypto';

/** Despite the header's name no HMAC: SHA-256 over secret, then body. */
export function oldSignature(secret: string, body: Buffer | string): string {
  return createHash('sha256').update(secret).update(body).digest('hex');
}

/** The value of X-Recharge-Webhook-Signature; `stamp` is in epoch seconds. */
export function newSignature(secret: string, body: Buffer | string, stamp: number): string {
  return `t=${stamp},v1=${createHmac('sha256', secret).update(`${stamp}.`).update(body).digest('hex')}`;
}
