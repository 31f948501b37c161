// A page of rows as an answer: the cursor in the body, or in 2021-01 in the Link header.
import type { SimResponse } from '../kit.ts';
import type { Call } from './call.ts';
import { page } from './paging.ts';
import type { Filter, Listing } from './paging.ts';
import type { Table } from './table.ts';
import type { Wire } from './wire.ts';

export function listAnswer<T extends { id: number }>(call: Call, key: string, table: Table<T>, listing: Listing<T>, render: (row: T) => Wire, visible?: Filter<T>): SimResponse {
  const found = page(table, listing, call.query, call.world.switches, visible);
  const rows = found.rows.map(render);
  if (call.version === '2021-11') return { status: 200, body: { next_cursor: found.next_cursor, previous_cursor: found.previous_cursor, [key]: rows } };
  const next = found.next_cursor === null ? undefined : `<https://api.rechargeapps.com${call.request.path}?cursor=${found.next_cursor}&limit=${call.query.get('limit') ?? 50}>; rel="next"`;
  return { status: 200, ...(next !== undefined && { headers: { link: next } }), body: { [key]: rows } };
}
