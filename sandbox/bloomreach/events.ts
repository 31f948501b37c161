// The events of one project: one is kept of those that are identical in every attribute and the timestamp; all of them are billed.
import type { Customer } from './customers.ts';
import type { CustomerIds } from './ids.ts';

export interface StoredEvent {
  number: number;
  /** The customer at arrival; a merge may have given it a successor. */
  customerNumber: number;
  ids: CustomerIds;
  type: string;
  /** Seconds since the epoch exactly as sent, so that milliseconds show as a date in the far future. */
  timestamp: number;
  properties: Record<string, unknown>;
  receivedAt: number;
  /** How often the same event came again. */
  duplicates: number;
}

export class EventBook {
  readonly #byFingerprint = new Map<string, StoredEvent>();
  readonly all: StoredEvent[] = [];
  /** What the project pays for: every accepted event, exact duplicates included. */
  billable = 0;

  add(customer: Customer, event: Pick<StoredEvent, 'ids' | 'type' | 'timestamp' | 'properties'>, receivedAt: number): StoredEvent {
    this.billable += 1;
    const fingerprint = canonical([event.ids, event.type, event.timestamp, event.properties]);
    const known = this.#byFingerprint.get(fingerprint);
    if (known) {
      known.duplicates += 1;
      return known;
    }
    const stored = { number: this.all.length + 1, customerNumber: customer.number, ...event, receivedAt, duplicates: 0 };
    this.#byFingerprint.set(fingerprint, stored);
    this.all.push(stored);
    return stored;
  }

  of(customer: Customer): StoredEvent[] {
    const numbers = new Set([customer.number, ...customer.mergedFrom]);
    return this.all.filter((event) => numbers.has(event.customerNumber));
  }
}

/** JSON with keys in order, so that the order in which a client writes them makes no difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
