/**
 * Sends webhooks as Recharge does, sped up: the events of one customer one after another, each only once the former was
 * acknowledged, and again and again what was answered with anything but 200. So "acknowledged order" is defined.
 */
import { Agent } from 'node:http';
import { seededRandom } from '#sandbox/kit.ts';
import type { History } from './history.ts';
import { post, signatureHeaders, topics, webhookBody, type Answer } from './webhook.ts';

export type SendingShop = { name: string; connectionKey: string; secret: string; /** How much of the load is this shop's; 1 unless told otherwise. */ share?: number };

export type SenderOptions = {
  port: number;
  shops: readonly SendingShop[];
  customersPerShop: number;
  /** Webhooks a second, all shops together. */
  rate: number;
  seconds: number;
  seed: string;
  history: History;
  /** A reason when this one (counted from 1) shall be poison, and the text that its product's title shall be. */
  poison?: (count: number) => { why: string; title?: string } | undefined;
  /** How often each acknowledged webhook is sent once more. */
  copies?: number;
};

export type Sender = {
  /** Resolves when everything was acknowledged or given up. */
  done: Promise<void>;
};

/** Recharge's 48 hours, sped up. */
const giveUpAfterMs = 90_000;
const firstPauseMs = 150;
const longestPauseMs = 1_500;

let lastEvent = 600_000_000;

export function startSender(options: SenderOptions): Sender {
  const { shops, customersPerShop, rate, seconds, seed, history } = options;
  const random = seededRandom(`${seed} sender`);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const shares = shops.flatMap((shop) => Array.from({ length: shop.share ?? 1 }, () => shop));
  const counts = new Map<string, number>();
  const idle = new Map(shops.map((shop) => [shop.name, Array.from({ length: customersPerShop }, (_, index) => String(index + 1))]));
  const running = new Set<Promise<void>>();
  let count = 0;

  async function load(): Promise<void> {
    const wanted = Math.round(rate * seconds);
    const startedAt = performance.now();
    for (let made = 0; made < wanted; made++) {
      const dueMs = (made / rate) * 1000 - (performance.now() - startedAt);
      if (dueMs > 0) await pause(dueMs);
      // A customer whose former webhook still waits for its answer sends no other; with none free the load waits, as Recharge's queue would.
      let shop = random.pick(shares);
      while (idle.get(shop.name)?.length === 0) {
        if (performance.now() - startedAt > seconds * 1000 + giveUpAfterMs) return;
        await pause(5);
        shop = random.pick(shares);
      }
      const free = idle.get(shop.name) as string[];
      const customer = free.splice(random.below(free.length), 1)[0] as string;
      const work = sendNext(shop, customer).then((acknowledged) => {
        running.delete(work);
        // What was given up may come in later: this customer's order would no longer be defined.
        if (acknowledged) free.push(customer);
      });
      running.add(work);
    }
  }

  async function sendNext(shop: SendingShop, customer: string): Promise<boolean> {
    const lane = `${shop.name} ${customer}`;
    const n = (counts.get(lane) ?? 0) + 1;
    counts.set(lane, n);
    const poison = options.poison?.(++count);
    const event = String((lastEvent += 1));
    const topic = random.pick(topics);
    const path = `/webhooks/recharge/${shop.connectionKey}/${topic}`;
    const body = webhookBody(topic, event, customer, poison?.title ?? 'Coffee beans 1 kg');
    history.record({ kind: 'sent', event, shop: shop.name, customer, n, topic, ...(poison ? { poison: poison.why } : {}) });
    const limit = performance.now() + giveUpAfterMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const answer: Answer = await post(agent, options.port, path, body, signatureHeaders(shop.secret, body));
      history.record({ kind: 'answered', event, ...answer });
      if (answer.status === 200) break;
      if (performance.now() > limit) return false;
      await pause(pauseMs * (0.8 + 0.4 * random.next()));
    }
    await Promise.all(
      Array.from({ length: options.copies ?? 0 }, async () => {
        const { status } = await post(agent, options.port, path, body, signatureHeaders(shop.secret, body));
        history.record({ kind: 'copied', event, status });
      }),
    );
    return true;
  }

  const done = load()
    .then(() => Promise.all(running))
    .then(() => agent.destroy());
  return { done };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
