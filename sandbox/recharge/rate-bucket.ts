// The leaky bucket of each token: 40 calls, 2 a second leak out.
import type { RechargeSwitches } from './switches.ts';

export interface Fill {
  allowed: boolean;
  /** As in X-Recharge-Limit: used and capacity. */
  header: string;
}

export class RateBuckets {
  readonly #buckets = new Map<string, { level: number; at: number }>();

  /** `nowMs` from the machine's clock. A refused call does not fill the bucket further. */
  take(token: string, nowMs: number, switches: Pick<RechargeSwitches, 'rateLimit' | 'rateCapacity' | 'rateLeakPerSecond'>): Fill {
    const bucket = this.#buckets.get(token) ?? { level: 0, at: nowMs };
    bucket.level = Math.max(0, bucket.level - ((nowMs - bucket.at) / 1000) * switches.rateLeakPerSecond);
    bucket.at = nowMs;
    const allowed = !switches.rateLimit || bucket.level + 1 <= switches.rateCapacity;
    if (allowed) bucket.level += 1;
    this.#buckets.set(token, bucket);
    return { allowed, header: `${Math.min(switches.rateCapacity, Math.ceil(bucket.level))}/${switches.rateCapacity}` };
  }

  clear(): void {
    this.#buckets.clear();
  }
}
