// The connection that Prisma's schema engine (migrate diff, migrate dev) uses: PrismaPg with the faults that 6.19.3 has for it mended.
import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;
type Query = Parameters<Adapter['queryRaw']>[0];
type QueryResult = { fields: { dataTypeID: number }[] };

// name, pg_node_tree, regclass, regtype: catalogue types that the adapter does not know, all of them text.
const catalogueTypes = new Set([19, 194, 2205, 2206]);
const text = 25;
// "char": the engine panics unless it is told ColumnTypeEnum.Character.
const singleCharacter = 18;
const characterColumn = 6;

/**
 * Returns the adapter factory for `prisma.config.ts`. Against Prisma's own it differs in five ways: catalogue types are
 * decoded, a migration is sent whole instead of cut at each semicolon, the shadow database is really another database and
 * shows partial indexes whole, and pools do not hold the process up. It leans on the private `performIO` of 6.19.3; scripts/check-drift.ts fails if that changes.
 */
export function schemaEngineAdapter(findUrl: () => Promise<string>) {
  return {
    provider: 'postgres' as const,
    adapterName: '@prisma/adapter-pg',
    connect: async () => connect(await findUrl()),
    async connectToShadowDb(): Promise<Adapter> {
      const connectionString = await findUrl();
      const name = `shadow_${randomUUID().replaceAll('-', '')}`;
      await run(connectionString, `create database "${name}"`);
      const shadowUrl = new URL(connectionString);
      shadowUrl.pathname = `/${name}`;
      const adapter = await connect(shadowUrl.href);
      // Prisma overlooks partial indexes; the schema lists ours as whole ones, so whole is how it must find them here.
      const executeRaw = adapter.executeRaw.bind(adapter);
      adapter.executeRaw = (query) => executeRaw({ ...query, sql: query.sql.replace(/^(CREATE (?:UNIQUE )?INDEX .*) WHERE .*;$/gm, '$1;') });
      const dispose = adapter.dispose.bind(adapter);
      adapter.dispose = async () => {
        await dispose();
        await run(connectionString, `drop database "${name}" with (force)`);
      };
      return adapter;
    },
  };
}

async function connect(connectionString: string): Promise<Adapter> {
  const pool = new pg.Pool({ connectionString, allowExitOnIdle: true });
  pool.on('error', () => {});
  const adapter = await new PrismaPg(pool, { disposeExternalPool: true }).connect();
  const original = adapter.queryRaw;
  adapter.queryRaw = async (query) => {
    const characters: number[] = [];
    const performIO = async (asked: Query): Promise<QueryResult> => {
      const result = await (adapter as unknown as { performIO(query: Query): Promise<QueryResult> }).performIO(asked);
      for (const [index, field] of result.fields.entries()) {
        if (field.dataTypeID === singleCharacter) characters.push(index);
        if (field.dataTypeID === singleCharacter || catalogueTypes.has(field.dataTypeID)) field.dataTypeID = text;
      }
      return result;
    };
    const set = await original.call(Object.create(adapter, { performIO: { value: performIO } }) as Adapter, query);
    return { ...set, columnTypes: set.columnTypes.map((type, index) => (characters.includes(index) ? characterColumn : type)) };
  };
  // One simple query: functions and DO blocks keep their semicolons, and all of it is one transaction.
  adapter.executeScript = async (script) => {
    await pool.query(script);
  };
  return adapter;
}

async function run(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
