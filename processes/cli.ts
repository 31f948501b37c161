/** Entry of `npm run cli -- <command>`: opens the database (the embedded one is joined or started), runs one command, exits. */
import pino from 'pino';
import { runCli } from '#app/cli/program.server.ts';
import { openEmbeddedDatabase } from '#app/database/embedded.server.ts';
import { applyMigrations } from '#app/database/migrate.server.ts';
import { closeDatabase } from '#app/db.server.ts';
import { databaseUrl, env } from '#app/env.server.ts';

process.env.RECHANNEL_ROLE = 'cli';
// Log lines of shared code belong beside the result, not into it.
(globalThis as Record<symbol, unknown>)[Symbol.for('rechannel.logger')] = pino({ level: 'warn', base: { process: 'cli' } }, pino.destination({ fd: 2, sync: true }));

async function withDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  const settings = env();
  const embedded = settings.databaseUrl ? undefined : await openEmbeddedDatabase({ dataDir: settings.dataDir, log: (message) => process.stderr.write(`${message}\n`) });
  if (embedded) process.env.DATABASE_URL = embedded.url;
  try {
    await applyMigrations(databaseUrl());
    return await work();
  } finally {
    await closeDatabase();
    await embedded?.stop();
  }
}

const write = (stream: NodeJS.WriteStream, text: string) => new Promise<void>((resolve) => stream.write(text, () => resolve()));
const written: Promise<void>[] = [];

const exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void written.push(write(process.stdout, text)),
  err: (text) => void written.push(write(process.stderr, text)),
  withDatabase,
});
// A pipe takes its time; open sockets to vendors should not keep a finished command alive.
await Promise.all(written);
process.exit(exitCode);
