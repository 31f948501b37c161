// The customers of one project: found by any id, merged when they turn out to be one person, with properties that know their age.
import type { CustomerIds } from './ids.ts';

export interface Customer {
  number: number;
  ids: Map<string, Set<string>>;
  properties: Map<string, { value: unknown; updatedAt: number }>;
  /** Numbers of the customers that were merged into this one. */
  mergedFrom: number[];
}

export class CustomerBook {
  readonly #hardIds: ReadonlySet<string>;
  readonly #byId = new Map<string, Customer>();
  readonly #all = new Set<Customer>();
  #last = 0;
  merges = 0;
  droppedProperties = 0;

  constructor(hardIds: readonly string[]) {
    this.#hardIds = new Set(hardIds);
  }

  get all(): readonly Customer[] {
    return [...this.#all];
  }

  /**
   * The customer whom these ids mean, made when there is none. Customers who share a hard id are merged into the oldest;
   * a soft id follows the person who identified last, and joins an anonymous profile to that person.
   */
  resolve(ids: CustomerIds): Customer {
    const found = new Set<Customer>();
    const softOwners = new Set<Customer>();
    for (const [name, values] of Object.entries(ids)) {
      for (const value of values) {
        const owner = this.#byId.get(indexKey(name, value));
        if (owner) (this.#hardIds.has(name) ? found : softOwners).add(owner);
      }
    }
    const identifies = Object.keys(ids).some((name) => this.#hardIds.has(name));
    for (const owner of softOwners) if (!identifies || !this.#isIdentified(owner)) found.add(owner);

    const [first, ...others] = [...found].sort((a, b) => a.number - b.number);
    const customer = first ?? this.#create();
    for (const other of others) this.#merge(customer, other);
    for (const [name, values] of Object.entries(ids)) for (const value of values) this.#own(customer, name, value);
    return customer;
  }

  /** Writes properties whose stored value is older than `updatedAt` (seconds); beyond `limit` new names are lost silently, as in the contract. */
  update(customer: Customer, properties: Record<string, unknown>, updatedAt: number, limit: number): void {
    for (const [name, value] of Object.entries(properties)) {
      const stored = customer.properties.get(name);
      if (stored ? stored.updatedAt >= updatedAt : customer.properties.size >= limit) {
        if (!stored) this.droppedProperties += 1;
        continue;
      }
      customer.properties.set(name, { value, updatedAt });
    }
  }

  #create(): Customer {
    const customer: Customer = { number: ++this.#last, ids: new Map(), properties: new Map(), mergedFrom: [] };
    this.#all.add(customer);
    return customer;
  }

  #isIdentified(customer: Customer): boolean {
    return [...customer.ids].some(([name, values]) => this.#hardIds.has(name) && values.size > 0);
  }

  #own(customer: Customer, name: string, value: string): void {
    const before = this.#byId.get(indexKey(name, value));
    if (before && before !== customer) before.ids.get(name)?.delete(value);
    this.#byId.set(indexKey(name, value), customer);
    const values = customer.ids.get(name) ?? new Set<string>();
    customer.ids.set(name, values.add(value));
  }

  #merge(into: Customer, from: Customer): void {
    for (const [name, values] of [...from.ids]) for (const value of [...values]) this.#own(into, name, value);
    for (const [name, property] of from.properties) {
      const mine = into.properties.get(name);
      if (!mine || mine.updatedAt < property.updatedAt) into.properties.set(name, property);
    }
    into.mergedFrom.push(from.number, ...from.mergedFrom);
    this.#all.delete(from);
    this.merges += 1;
  }
}

function indexKey(name: string, value: string): string {
  return `${name}\u0000${value}`;
}
