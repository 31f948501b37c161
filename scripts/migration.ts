// Writes the migration from what the migrations make to what prisma/schema.prisma describes:
// `npm run db:migration -- add_portal_visits`, or `-- --squash` to write them all anew as one (only before the first release).
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectDirectory, runPrisma } from './prisma.ts';

const [wanted] = process.argv.slice(2);
const directory = path.join(projectDirectory, 'prisma', 'migrations');
const schema = readFileSync(path.join(projectDirectory, 'prisma', 'schema.prisma'), 'utf8');
const existing = existsSync(directory) ? readdirSync(directory).filter((name) => /^\d{4}_/.test(name)).sort() : [];

if (wanted === '--squash') {
  await write('0001_init', ['--from-empty']);
  for (const name of existing.filter((other) => other !== '0001_init' && !writtenByHand(other))) rmSync(path.join(directory, name), { recursive: true });
} else if (/^[a-z][a-z0-9_]*$/.test(wanted ?? '')) {
  const number = Number(existing.at(-1)?.slice(0, 4) ?? 0) + 1;
  await write(`${String(number).padStart(4, '0')}_${wanted}`, existing.length > 0 ? ['--from-migrations', 'prisma/migrations'] : ['--from-empty']);
} else {
  console.error('Say what the migration does, in small letters: npm run db:migration -- add_portal_visits');
  process.exitCode = 2;
}

async function write(name: string, from: string[]): Promise<void> {
  const draft = path.join(projectDirectory, '.cache', `${name}.sql`);
  mkdirSync(path.dirname(draft), { recursive: true });
  const { code, output } = await runPrisma(['migrate', 'diff', ...from, '--to-schema-datamodel', 'prisma/schema.prisma', '--script', '-o', draft]);
  const sql = code === 0 ? withPredicates(readFileSync(draft, 'utf8')) : '';
  if (code !== 0) throw new Error(output.trim());
  rmSync(draft);
  if (sql.includes('-- This is an empty migration')) {
    console.log('The migrations already make what prisma/schema.prisma describes.');
    return;
  }
  mkdirSync(path.join(directory, name), { recursive: true });
  writeFileSync(path.join(directory, name, 'migration.sql'), sql);
  console.log(`Written: prisma/migrations/${name}/migration.sql`);
}

/** Prisma has no word for partial indexes: a comment "WHERE ..." right above an index with a `map` name is that word. */
function withPredicates(sql: string): string {
  const partial = schema.matchAll(/\/\/\/[^\n]*WHERE ([^.\n]*)\.[^\n]*\n\s*@@(?:index|unique)\([^\n]*map: "(\w+)"/g);
  let result = sql;
  for (const [, predicate = '', index = ''] of partial) {
    const quoted = predicate.replace(/^\w+/, (column) => `"${column}"`);
    result = result.replace(new RegExp(`^(CREATE (?:UNIQUE )?INDEX "${index}" .*);$`, 'm'), `$1 WHERE ${quoted};`);
  }
  return result;
}

function writtenByHand(name: string): boolean {
  return readFileSync(path.join(directory, name, 'migration.sql'), 'utf8').startsWith('-- By hand');
}
