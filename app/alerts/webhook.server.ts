/** Notices as signed webhooks to an address that the operator set, in the format of Standard Webhooks (standardwebhooks.com). */
import { Webhook } from 'standardwebhooks';
import type { AlertSettings } from '#app/env.server.ts';
import { createHttp } from '#app/http.server.ts';

export type Message = { /** `webhook-id`: the same for every try, so that a receiver counts a message once. */ id: string; body: object };

/** Resolves on a 2xx answer; rejects on any other, on none, and on one that comes too late. */
export async function sendWebhook({ url, secret }: NonNullable<AlertSettings['webhook']>, { id, body }: Message, at = new Date()): Promise<void> {
  const payload = JSON.stringify(body);
  const send = createHttp({ kind: 'operator', origin: new URL(url).origin });
  const answer = await send({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, payload),
    },
    body: payload,
  });
  if (answer.status < 200 || answer.status > 299) throw new Error(`The receiver answered ${answer.status}`);
}
