/**
 * Re-encrypts everything sealed with the first of ENCRYPTION_KEYS, in batches, while the app runs. Only values under another
 * key are touched and each batch stands by itself, so an interrupted run is simply run again.
 */
import { pool } from '#app/db.server.ts';
import { env } from '#app/env.server.ts';
import { Failure, toFailure } from '#app/errors.ts';
import { openBytes, seal, type Place } from '#app/secrets.server.ts';
import { sealedColumns, type SealedColumn } from './sealed-columns.ts';

export type Rotated = {
  /** Values sealed anew. */
  accepted: number;
  /** By `Table.column`; those without any are left out. */
  columns: Record<string, number>;
  /** Values that do not open, by reason. */
  failed: { column: string; count: number; message: string }[];
};

const batchSize = 200;

type Row = { id: string; shopId: string; sealed: Buffer };
type Resealed = { id: string; former: Buffer; sealed: Buffer };
type Source = { column: string; placeColumn: Omit<Place, 'shopId'>; next(after: string): Promise<Row[]>; save(rows: readonly Resealed[]): Promise<number>; first: string };

/** Rotates all columns. Throws Failure when no key is set. Writes the sealed columns and Session's tokens. */
export async function rotateKeys(): Promise<Rotated> {
  const keyId = env().encryptionKeys[0]?.id;
  if (!keyId) throw new Failure('bug', 'No encryption key is set', { code: 'no_encryption_key' });
  const result: Rotated = { accepted: 0, columns: {}, failed: [] };
  const sources = [...sealedColumns.map((column) => bytesSource(column, keyId)), sessionSource('accessToken'), sessionSource('refreshToken')];
  for (const source of sources) await rotate(source, keyId, result);
  return result;
}

async function rotate(source: Source, keyId: string, result: Rotated): Promise<void> {
  let after = source.first;
  for (;;) {
    const rows = await source.next(after);
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    const resealed: Resealed[] = [];
    for (const row of rows.filter(({ sealed }) => keyIdOf(sealed) !== keyId)) {
      const place = { shopId: row.shopId, ...source.placeColumn };
      try {
        resealed.push({ id: row.id, former: row.sealed, sealed: seal(openBytes(row.sealed, place), place) });
      } catch (error) {
        noteFailed(result, source.column, toFailure(error).message);
      }
    }
    const saved = resealed.length === 0 ? 0 : await source.save(resealed);
    result.accepted += saved;
    if (saved > 0) result.columns[source.column] = (result.columns[source.column] ?? 0) + saved;
  }
}

function bytesSource({ table, column, sealedAs }: SealedColumn, keyId: string): Source {
  // Names come from the list beside, never from outside.
  const [tableName, columnName] = [`"${table}"`, `"${column}"`];
  return {
    column: `${table}.${column}`,
    placeColumn: { table, column: sealedAs },
    first: '0',
    async next(after) {
      const { rows } = await pool().query<Row>(
        `select id, "shopId", ${columnName} as sealed from ${tableName}
         where id > $1 and ${columnName} is not null and substring(${columnName} from 2 for $2) <> $3 order by id limit ${batchSize}`,
        [after, 1 + Buffer.byteLength(keyId), Buffer.concat([Buffer.from([Buffer.byteLength(keyId)]), Buffer.from(keyId)])],
      );
      return rows;
    },
    async save(rows) {
      // A value that was changed meanwhile is under the first key already.
      const { rowCount } = await pool().query(
        `update ${tableName} as t set ${columnName} = new.sealed from unnest($1::bigint[], $2::bytea[], $3::bytea[]) as new(id, former, sealed)
         where t.id = new.id and t.${columnName} = new.former`,
        [rows.map((row) => row.id), rows.map((row) => row.former), rows.map((row) => row.sealed)],
      );
      return rowCount ?? 0;
    },
  };
}

/** Shopify's sessions hold their sealed tokens as base64 text, under the shop's domain. */
function sessionSource(column: 'accessToken' | 'refreshToken'): Source {
  return {
    column: `Session.${column}`,
    placeColumn: { table: 'Session', column },
    first: '',
    async next(after) {
      const { rows } = await pool().query<{ id: string; shopId: string; sealed: string }>(
        `select id, shop as "shopId", "${column}" as sealed from "Session" where id > $1 and "${column}" <> '' order by id limit ${batchSize}`,
        [after],
      );
      return rows.map((row) => ({ ...row, sealed: Buffer.from(row.sealed, 'base64') }));
    },
    async save(rows) {
      const { rowCount } = await pool().query(
        `update "Session" as t set "${column}" = new.sealed from unnest($1::text[], $2::text[], $3::text[]) as new(id, former, sealed)
         where t.id = new.id and t."${column}" = new.former`,
        [rows.map((row) => row.id), rows.map((row) => row.former.toString('base64')), rows.map((row) => row.sealed.toString('base64'))],
      );
      return rowCount ?? 0;
    },
  };
}

/** The id of the key that sealed a value; see the sealed form in app/secrets.server.ts. */
function keyIdOf(sealed: Buffer): string {
  return sealed.subarray(2, 2 + (sealed[1] ?? 0)).toString('utf8');
}

function noteFailed(result: Rotated, column: string, message: string): void {
  const known = result.failed.find((entry) => entry.column === column && entry.message === message);
  if (known) known.count += 1;
  else result.failed.push({ column, count: 1, message });
}
