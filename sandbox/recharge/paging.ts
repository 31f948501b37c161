// Lists with cursors: opaque, alone in the query beside the limit, null at the end (contract section 3.1).
import { invalid } from './errors.ts';
import type { Table } from './table.ts';
import type { RechargeSwitches } from './switches.ts';

export type Filter<T> = (row: T) => boolean;
export type FilterMaker<T> = (value: string, name: string) => Filter<T>;

export interface Listing<T> {
  sorts: readonly string[];
  filters: Record<string, FilterMaker<T>>;
}

export interface Page<T> {
  rows: T[];
  next_cursor: string | null;
  previous_cursor: string | null;
}

interface Cursor {
  starting_before_id: number;
  last_value: unknown;
  sort_by: string;
  cursor_dir: 'next' | 'prev';
  /** Not seen in captures; the filters must live somewhere. */
  filters?: Record<string, string>;
}

const DEFAULT_SORT = 'id-desc';

/** One page of a table. Throws 422 for a bad cursor, limit, sort or filter, and for filters beside a cursor. */
export function page<T extends { id: number }>(table: Table<T>, listing: Listing<T>, query: URLSearchParams, switches: RechargeSwitches, visible: Filter<T> = () => true): Page<T> {
  const limit = readLimit(query.get('limit'));
  const encoded = query.get('cursor');
  const cursor = encoded === null ? undefined : decode(encoded);
  if (cursor !== undefined && switches.cursorWithFilter === 'refuse') {
    const beside = [...query.keys()].filter((name) => name !== 'cursor' && name !== 'limit');
    if (beside.length > 0) throw invalid({ _schema: [`cursor can not be combined with ${beside.join(', ')}`] });
  }
  const sortBy = cursor?.sort_by ?? query.get('sort_by') ?? DEFAULT_SORT;
  const [field, direction] = readSort(sortBy, listing.sorts);
  const asked = cursor?.filters ?? askedFilters(query, listing);
  const filters = Object.entries(asked).map(([name, value]) => (listing.filters[name] as FilterMaker<T>)(value, name));
  const matches = (row: T): boolean => visible(row) && filters.every((filter) => filter(row));

  const ahead = cursor?.cursor_dir !== 'prev';
  const skip = cursor === undefined ? (readPage(query.get('page')) - 1) * limit : 0;
  const rows = take(table, field, (direction === 'desc') === ahead, matches, skip + limit + 1, cursor).slice(skip);
  const hasMore = rows.length > limit;
  const kept = rows.slice(0, limit);
  if (!ahead) kept.reverse();
  const edge = (row: T | undefined, cursor_dir: Cursor['cursor_dir']): string | null =>
    row === undefined ? null : encode({ starting_before_id: row.id, last_value: valueOf(row, field), sort_by: sortBy, cursor_dir, ...(Object.keys(asked).length > 0 && { filters: asked }) });
  return {
    rows: kept,
    next_cursor: (ahead ? hasMore : cursor !== undefined) ? edge(kept.at(-1), 'next') : null,
    previous_cursor: (ahead ? cursor !== undefined : hasMore) ? edge(kept[0], 'prev') : null,
  };
}

/** Rows after the cursor in this order. By id it walks the sorted ids; by anything else it sorts. */
function take<T extends { id: number }>(table: Table<T>, field: string, descending: boolean, matches: Filter<T>, count: number, cursor?: Cursor): T[] {
  const after = cursor === undefined ? undefined : { id: cursor.starting_before_id, value: cursor.last_value };
  const rows: T[] = [];
  if (field === 'id') {
    const ids = table.ids();
    const step = descending ? -1 : 1;
    let index = descending ? ids.length - 1 : 0;
    if (after !== undefined) index = descending ? lowerBound(ids, after.id) - 1 : lowerBound(ids, after.id + 1);
    for (; index >= 0 && index < ids.length && rows.length < count; index += step) {
      const row = table.get(ids[index] as number);
      if (row !== undefined && matches(row)) rows.push(row);
    }
    return rows;
  }
  const sign = descending ? -1 : 1;
  const compare = (a: T, b: T): number => sign * (compareValues(valueOf(a, field), valueOf(b, field)) || a.id - b.id);
  const isAfter = (row: T): boolean => after === undefined || sign * (compareValues(valueOf(row, field), after.value) || row.id - after.id) > 0;
  // Keeps little more than a page while it looks at everything, so that big tables need no full sort.
  let worst: T | undefined;
  for (const row of table.all()) {
    if ((worst !== undefined && compare(row, worst) > 0) || !isAfter(row) || !matches(row)) continue;
    rows.push(row);
    if (rows.length < count * 2 + 1000) continue;
    rows.sort(compare).length = count;
    worst = rows.at(-1);
  }
  return rows.sort(compare).slice(0, count);
}

function lowerBound(ids: readonly number[], id: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] as number) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function valueOf(row: object, field: string): unknown {
  return (row as Record<string, unknown>)[field] ?? null;
}

function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return (a as string) < (b as string) ? -1 : 1;
}

function readLimit(text: string | null): number {
  if (text === null) return 50;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 250) throw invalid({ limit: ['Must be between 1 and 250.'] });
  return limit;
}

/** The old way, still served up to page 100. */
function readPage(text: string | null): number {
  const number = text === null ? 1 : Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 100) throw invalid({ page: ['Must be between 1 and 100.'] });
  return number;
}

function readSort(sortBy: string, sorts: readonly string[]): [string, string] {
  const [field = '', direction = ''] = sortBy.split('-');
  if (!sorts.includes(field) || (direction !== 'asc' && direction !== 'desc')) throw invalid({ sort_by: ['Invalid value'] });
  return [field, direction];
}

function askedFilters<T>(query: URLSearchParams, listing: Listing<T>): Record<string, string> {
  const asked: Record<string, string> = {};
  for (const name of Object.keys(listing.filters)) {
    const value = query.get(name);
    if (value !== null) asked[name] = value;
  }
  return asked;
}

function encode(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function decode(text: string): Cursor {
  try {
    const cursor = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Cursor;
    if (typeof cursor.starting_before_id === 'number' && typeof cursor.sort_by === 'string') return cursor;
  } catch {
    // falls through to the refusal
  }
  throw invalid({ cursor: ['Invalid value'] });
}
