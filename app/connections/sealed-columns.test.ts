import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sealedColumns } from './sealed-columns.ts';

it('P22 every column of the schema whose name says that it is sealed is among those that rotate-keys knows', () => {
  const schema = readFileSync(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8');
  const inSchema = [...schema.matchAll(/^model (\w+) \{([^}]*)\}/gm)].flatMap(([, table, body]) => [...(body ?? '').matchAll(/^\s+(\w+Sealed)\s/gm)].map(([, column]) => `${table}.${column}`));

  expect(inSchema.length).toBeGreaterThan(0);
  expect(sealedColumns.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(inSchema.sort());
});
