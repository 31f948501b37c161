// Runs before each integration test file: DATABASE_URL names a migrated database of the file's own, which goes with it.
import { afterAll } from 'vitest';
import { closeDatabase } from '#app/db.server.ts';
import { closeTestServer, createTestDatabase } from '#tests/support/database.ts';

const database = await createTestDatabase();
process.env.DATABASE_URL = database.url;

afterAll(async () => {
  await closeDatabase();
  await database.drop();
  await closeTestServer();
});
