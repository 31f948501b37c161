/** Signed webhooks as Recharge sends them, each about a subscription of its own, so that it is recognised wherever it comes out. */
import { createHmac } from 'node:crypto';
import { request, type Agent } from 'node:http';

export const topics = ['subscription/created', 'subscription/activated', 'subscription/cancelled'] as const;

export type Webhook = { path: string; body: string; secret: string };
export type Answer = { status: number | null; ms: number; why?: string };

export function webhookBody(topic: string, event: string, customer: string, note: string): string {
  const now = new Date().toISOString().slice(0, 19);
  return JSON.stringify({
    subscription: {
      id: Number(event), address_id: 1, customer_id: Number(customer), status: topic === 'subscription/cancelled' ? 'cancelled' : 'active', product_title: note, variant_title: 'Whole bean', price: '18.50', quantity: 2,
      order_interval_unit: 'day', order_interval_frequency: 30, charge_interval_frequency: 30, next_charge_scheduled_at: '2026-12-01', created_at: now, updated_at: now, cancelled_at: null,
      properties: [{ name: 'note', value: 'x'.repeat(600) }],
    },
  });
}

export function signatureHeaders(secret: string, body: string | Buffer, stamp = Math.floor(Date.now() / 1000)): Record<string, string> {
  const signature = createHmac('sha256', secret).update(`${stamp}.`).update(body).digest('hex');
  return { 'content-type': 'application/json', 'x-recharge-webhook-timestamp': String(stamp), 'x-recharge-webhook-signature': `t=${stamp},v1=${signature}` };
}

/** Recharge waits five seconds. */
const patienceMs = 5_000;

/** Never rejects: a broken connection and silence are answers too. */
export function post(agent: Agent, port: number, path: string, body: string | Buffer, headers: Record<string, string | string[]>): Promise<Answer> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const done = (status: number | null, why?: string) => {
      clearTimeout(timer);
      resolve({ status, ms: Math.round((performance.now() - startedAt) * 10) / 10, ...(why ? { why } : {}) });
    };
    const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, (answer) => {
      answer.resume();
      answer.once('end', () => done(answer.statusCode ?? null));
      answer.once('error', (error: NodeJS.ErrnoException) => done(null, error.code ?? error.message));
    });
    const timer = setTimeout(() => {
      done(null, 'timeout');
      outgoing.destroy();
    }, patienceMs);
    outgoing.once('error', (error: NodeJS.ErrnoException) => done(null, error.code ?? error.message));
    outgoing.end(body);
  });
}
