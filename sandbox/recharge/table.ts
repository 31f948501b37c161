// Rows by id, in id order, with look-ups by owner; quick enough for a hundred thousand rows.

export class Table<T extends { id: number }> {
  readonly #rows = new Map<number, T>();
  readonly #owners: Record<string, (row: T) => number>;
  readonly #byOwner = new Map<string, Map<number, Set<T>>>();
  readonly #ownersOf = new Map<number, Record<string, number>>();
  #sortedIds: number[] | undefined;

  /** `owners` names the look-ups, e.g. `{ customer: (row) => row.customer_id }`. */
  constructor(owners: Record<string, (row: T) => number> = {}) {
    this.#owners = owners;
    for (const name of Object.keys(owners)) this.#byOwner.set(name, new Map());
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: number): T | undefined {
    return this.#rows.get(id);
  }

  /** Adds a row, or notes that its owner may have changed. */
  put(row: T): T {
    if (!this.#rows.has(row.id)) this.#sortedIds = undefined;
    this.#forgetOwners(row.id);
    this.#rows.set(row.id, row);
    const keys: Record<string, number> = {};
    for (const [name, keyOf] of Object.entries(this.#owners)) {
      const key = (keys[name] = keyOf(row));
      const index = this.#byOwner.get(name) as Map<number, Set<T>>;
      let owned = index.get(key);
      if (owned === undefined) index.set(key, (owned = new Set()));
      owned.add(row);
    }
    this.#ownersOf.set(row.id, keys);
    return row;
  }

  delete(id: number): boolean {
    if (!this.#rows.has(id)) return false;
    this.#forgetOwners(id);
    this.#ownersOf.delete(id);
    this.#rows.delete(id);
    this.#sortedIds = undefined;
    return true;
  }

  all(): IterableIterator<T> {
    return this.#rows.values();
  }

  /** Rows of one owner, lowest id first. */
  of(owner: string, key: number): T[] {
    const owned = this.#byOwner.get(owner)?.get(key);
    return owned === undefined ? [] : [...owned].sort((a, b) => a.id - b.id);
  }

  /** All ids, lowest first. Not to be changed. */
  ids(): readonly number[] {
    return (this.#sortedIds ??= [...this.#rows.keys()].sort((a, b) => a - b));
  }

  last(): T | undefined {
    const id = this.ids().at(-1);
    return id === undefined ? undefined : this.get(id);
  }

  #forgetOwners(id: number): void {
    const keys = this.#ownersOf.get(id);
    const row = this.#rows.get(id);
    if (keys === undefined || row === undefined) return;
    for (const [name, key] of Object.entries(keys)) {
      const owned = this.#byOwner.get(name)?.get(key);
      owned?.delete(row);
      if (owned?.size === 0) this.#byOwner.get(name)?.delete(key);
    }
  }
}
