// Holds the shared test server up for a whole test run, so that it is not started once per test file.
import { closeTestServer, createTestDatabase, dropForgottenDatabases } from '#tests/support/database.ts';

export default async function setup(): Promise<() => Promise<void>> {
  await dropForgottenDatabases();
  await (await createTestDatabase()).drop();
  return closeTestServer;
}
