// A process that opens an embedded database, says so on standard output in JSON, and leaves it when its input ends.
import { openEmbeddedDatabase } from '#app/database/embedded.server.ts';
import { applyMigrations } from '#app/database/migrate.server.ts';

const [dataDir = '', migrate] = process.argv.slice(2);

try {
  const database = await openEmbeddedDatabase({ dataDir });
  const applied = migrate ? await applyMigrations(database.url) : [];
  console.log(JSON.stringify({ url: database.url, adopted: database.adopted, serverPid: database.serverPid(), applied }));
  process.stdin.resume().once('end', () => void database.stop());
} catch (error) {
  console.log(JSON.stringify({ failure: (error as Error).message }));
}
