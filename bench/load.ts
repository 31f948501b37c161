/**
 * Sends signed webhooks over keep-alive connections as fast as they are answered, each body new. Runs in a process of its
 * own. Plain sockets and a body whose id is written in place: on two cores a real HTTP client would take more of the
 * machine than the server that is measured.
 */
import { createHmac } from 'node:crypto';
import net from 'node:net';

export type LoadOrder = { port: number; path: string; secret: string; connections: number; seconds: number; firstId: number };
export type LoadReport = { latenciesMs: number[]; others: Record<string, number>; seconds: number };

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run(order: LoadOrder): Promise<LoadReport> {
  const latencies: number[] = [];
  const others: Record<string, number> = {};
  const next = requestMaker(order);
  const startedAt = performance.now();
  const endAt = startedAt + order.seconds * 1000;
  await Promise.all(Array.from({ length: order.connections }, () => client(order.port, next, endAt, latencies, others)));
  return { latenciesMs: latencies, others, seconds: (performance.now() - startedAt) / 1000 };
}

function client(port: number, next: () => Buffer, endAt: number, latencies: number[], others: Record<string, number>): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let answer = '';
    const send = () => {
      sentAt = performance.now();
      socket.write(next());
    };
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      // Every answer of the intake is empty, so the blank line ends it.
      if (!answer.endsWith('\r\n\r\n')) return;
      const status = answer.slice(9, 12);
      answer = '';
      if (status === '200') latencies.push(performance.now() - sentAt);
      else others[status] = (others[status] ?? 0) + 1;
      if (performance.now() < endAt) send();
      else socket.end(resolve);
    });
    socket.on('error', reject);
  });
}

const idMark = '9999999999';

/** A subscription with the fields of contract 5.1 and its customer, some 3 KB. */
function sampleBody(): string {
  const subscription = {
    id: Number(idMark), address_id: 80000001, customer_id: 70000001, analytics_data: { utm_params: [] }, cancellation_reason: null, cancellation_reason_comments: null,
    cancelled_at: null, charge_interval_frequency: 30, created_at: '2026-11-20T10:00:00+00:00', expire_after_specific_number_of_charges: null,
    external_product_id: { ecommerce: '4950280863846' }, external_variant_id: { ecommerce: '32139793137766' }, has_queued_charges: true, is_prepaid: false, is_skippable: true,
    is_swappable: false, max_retries_reached: false, next_charge_scheduled_at: '2026-12-20', order_day_of_month: null, order_day_of_week: null, order_interval_frequency: 30,
    order_interval_unit: 'day', presentment_currency: 'EUR', price: '49.00', product_title: 'Shampoo bar, dry and damaged hair', properties: property(24), quantity: 2,
    sku: 'SHMP-DRY-2', sku_override: false, status: 'active', updated_at: '2026-11-20T10:00:00+00:00', variant_title: 'Lemon verbena / 120 g',
  };
  const customer = {
    id: 70000001, analytics_data: { utm_params: [] }, apply_credit_to_next_recurring_charge: false, created_at: '2026-01-10T08:59:26+00:00', email: 'bench.subscriber@example.com',
    external_customer_id: { ecommerce: '2879389532262' }, first_charge_processed_at: '2026-01-10T09:19:26+00:00', first_name: 'Marjorie', has_payment_method_in_dunning: false,
    has_valid_payment_method: true, hash: '09b6e1cd21cc5fcb5c', last_name: 'Nolan', phone: null, subscriptions_active_count: 1, subscriptions_total_count: 1, tax_exempt: false,
    updated_at: '2026-11-20T10:00:00+00:00',
  };
  return JSON.stringify({ subscription, customer });
}

function property(count: number): { name: string; value: string }[] {
  return Array.from({ length: count }, (_, index) => ({ name: `engraving line ${index}`, value: 'for the best of sisters' }));
}

/** Returns a function that makes the next request: a new id in the body, signed anew. */
function requestMaker({ path, secret, firstId }: LoadOrder): () => Buffer {
  const text = sampleBody();
  const body = Buffer.from(text);
  const idAt = body.indexOf(idMark);
  const t = Math.floor(Date.now() / 1000);
  const head = (signature: string) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
    `X-Recharge-Topic: subscription/updated\r\nX-Recharge-Webhook-Timestamp: ${t}\r\nX-Recharge-Webhook-Signature: t=${t},v1=${signature}\r\n\r\n`;
  let id = firstId;
  return () => {
    body.write(String(id++), idAt, 'latin1');
    const signature = createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
    return Buffer.concat([Buffer.from(head(signature), 'latin1'), body]);
  };
}
