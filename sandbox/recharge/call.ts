// One API call on its way through the simulator, and the shape of a route.
import type { SimRequest, SimResponse } from '../kit.ts';
import { invalid, malformed, notAnObject, notFound } from './errors.ts';
import type { Table } from './table.ts';
import type { Store, Token, Version } from './types.ts';
import type { World } from './world.ts';

export interface Call {
  world: World;
  store: Store;
  token: Token;
  version: Version;
  request: SimRequest;
  query: URLSearchParams;
  /** Numbers taken from the path, in order. */
  ids: number[];
  /** The JSON object sent; empty when nothing was. Throws 400 or 415. */
  body(): Record<string, unknown>;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `:id` stands for a number. */
  path: string;
  /** Every scope needed, alternatives divided by a bar; empty needs none. */
  scopes: string[];
  answer(call: Call): SimResponse | Promise<SimResponse>;
  /** The addresses this call changes; two calls on one address at the same time collide. */
  writes?(call: Call): number[];
}

export function readBody(request: SimRequest): Record<string, unknown> {
  let body: unknown;
  try {
    body = request.json() ?? {};
  } catch {
    throw malformed();
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw notAnObject();
  return body as Record<string, unknown>;
}

export function found<T extends { id: number }>(table: Table<T>, id: number | undefined): T {
  const row = id === undefined ? undefined : table.get(id);
  if (row === undefined) throw notFound();
  return row;
}

export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

/** The names after `include=`; only the first such parameter counts, `includes` never does. */
export function included(query: URLSearchParams): string[] {
  return (query.get('include') ?? '').split(',').filter((name) => name !== '');
}

/** Throws 422 listing the fields that are missing. */
export function requireFields(body: Record<string, unknown>, names: readonly string[]): void {
  const missing = names.filter((name) => body[name] === undefined || body[name] === null || body[name] === '');
  if (missing.length > 0) throw invalid(Object.fromEntries(missing.map((name) => [name, ['Missing data for required field.']])));
}

/** `{"ecommerce": "1"}` or a bare number or text. */
export function externalId(value: unknown): string | null {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const inner = typeof value === 'object' && value !== null ? (value as { ecommerce?: unknown }).ecommerce : undefined;
  return typeof inner === 'string' || typeof inner === 'number' ? String(inner) : null;
}

export function wholeNumber(body: Record<string, unknown>, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number)) throw invalid({ [name]: ['Not a valid integer.'] });
  return number;
}

export function ok(body: object): SimResponse {
  return { status: 200, body };
}
