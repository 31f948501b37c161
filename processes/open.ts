/**
 * What every process does first: the right Node, settings that are right, a database that is up and migrated.
 * A setting that is wrong ends the process with exit code 2 and the sentence that cures it.
 */
import { openEmbeddedDatabase } from '#app/database/embedded.server.ts';
import { applyMigrations } from '#app/database/migrate.server.ts';
import { closeDatabase } from '#app/db.server.ts';
import { env, type Settings } from '#app/env.server.ts';
import { InputRefused } from '#app/errors.ts';
import { log } from '#app/log.server.ts';

export type OpenProcess = {
  settings: Settings;
  /** Closes pools and leaves the embedded database; the last one to leave shuts it down. */
  close(): Promise<void>;
};

/** `role` names the process in its log lines. */
export async function openProcess(role: string): Promise<OpenProcess> {
  process.env.RECHANNEL_ROLE ??= role;
  refuseOldNode();
  const settings = readSettings();
  endOnBugs();
  const embedded = settings.databaseUrl ? null : await openOrSay(settings);
  if (embedded) process.env.DATABASE_URL = embedded.url;
  try {
    await applyMigrations(process.env.DATABASE_URL ?? '');
  } catch (error) {
    return stopWith(`The database is not ready: ${messageOf(error)}`, 1);
  }
  return {
    settings,
    async close() {
      await closeDatabase();
      await embedded?.stop();
    },
  };
}

/**
 * Calls `stop` once on SIGTERM or SIGINT, then ends; a second signal ends at once. One that follows within two seconds is the
 * same one: a terminal sends it to the whole process group, and the launcher passes it on as well.
 */
export function stopOnSignal(stop: () => Promise<void>, limitMs = 25_000): void {
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > 2_000) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    log.info('Stopping', { signal });
    const limit = setTimeout(() => {
      log.warn('Not everything ended in time');
      process.exit(1);
    }, limitMs);
    stop().then(
      () => {
        clearTimeout(limit);
        process.exit(0);
      },
      (error: unknown) => {
        log.error('Stopping failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** Ends the process with one line on standard error. */
export function stopWith(message: string, exitCode: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}

function refuseOldNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 19)) stopWith(`Rechannel needs Node 22.19 or newer; this is ${process.version}. Start it through its npm scripts, which bring their own where they can.`, 2);
}

function readSettings(): Settings {
  try {
    return env();
  } catch (error) {
    if (error instanceof InputRefused) return stopWith(error.message, 2);
    throw error;
  }
}

/** What nobody handled is a bug: one redacted line, then the end, so that whoever supervises starts it afresh. */
function endOnBugs(): void {
  for (const kind of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(kind, (error: unknown) => {
      log.error('A failure that nobody handled ends this process', { kind, error });
      process.exit(1);
    });
  }
}

async function openOrSay(settings: Settings) {
  try {
    return await openEmbeddedDatabase({ dataDir: settings.dataDir, log: (message) => log.info(message) });
  } catch (error) {
    return stopWith(messageOf(error), 1);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
