// Prisma's command line without its native engines, which it would download: schema engine in WebAssembly, connection through pg.
import path from 'node:path';
import { defineConfig } from 'prisma/config';

// Prisma reads the schema before this adapter. Without an address, or with any mistake in the schema, it would try to download
// the query engine and report that failure instead of the mistake; an address and any existing file keep it from that.
const givenUrl = process.env.DATABASE_URL;
process.env.DATABASE_URL ??= 'postgres://embedded';
process.env.PRISMA_QUERY_ENGINE_LIBRARY ??= process.argv[1];

export default defineConfig({
  schema: path.join('prisma', 'schema.prisma'),
  experimental: { adapter: true },
  engine: 'js',
  async adapter() {
    const { schemaEngineAdapter } = await import('./app/database/schema-engine.server.ts');
    return schemaEngineAdapter(findUrl);
  },
});

let embedded: Promise<string> | undefined;

function findUrl(): Promise<string> {
  if (givenUrl !== undefined) return Promise.resolve(givenUrl);
  return (embedded ??= openEmbedded());
}

async function openEmbedded(): Promise<string> {
  const { openEmbeddedDatabase } = await import('./app/database/embedded.server.ts');
  const database = await openEmbeddedDatabase({ dataDir: process.env.DATA_DIR ?? '.data' });
  process.once('beforeExit', () => void database.stop());
  return database.url;
}
