// Decides which operating-system account runs PostgreSQL, which refuses to run as root.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Binaries } from './binaries.server.ts';

/** How a PostgreSQL program is started: what goes before it, as whom, and who owns the files it writes. */
export type Account = { prefix: string[]; uid?: number; gid?: number; binaries: Binaries; directory: string };

const sharedDirectory = '/var/lib/rechannel';

/**
 * Chooses, in this order: ourselves when we are not root; whoever owns an existing database; `nobody`, if that account
 * can reach programs and data; a user namespace, in which files stay root's; `nobody` with copies of the programs, and
 * the data if need be, under /var/lib/rechannel. Throws an error of one line when PostgreSQL does not run at all.
 * `directory` is where the database shall live; the answer's `directory` is where it does.
 */
export function chooseAccount(binaries: Binaries, directory: string): Account {
  const ourselves: Account = { prefix: [], binaries, directory };
  if (process.getuid?.() !== 0) return runs(ourselves);

  const nobody = idOf('nobody');
  const asNobody: Account = { prefix: [], uid: nobody, gid: groupOf('nobody'), binaries, directory };
  const inNamespace: Account = { prefix: ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${groupOf('nobody')}`], binaries, directory };
  const owner = ownerOf(path.join(directory, 'data'));
  if (owner?.uid === 0) return runs(inNamespace);
  if (owner !== undefined) return runs({ prefix: [], uid: owner.uid, gid: owner.gid, binaries, directory });

  const moved = path.join(sharedDirectory, directory.replaceAll(path.sep, '_'));
  if (ownerOf(path.join(moved, 'data')) === undefined) {
    if (reachableByAll(directory) && tryOut(asNobody) === undefined) return asNobody;
    if (tryOut(inNamespace) === undefined) return inNamespace;
  }
  return runs({ ...asNobody, binaries: copied(binaries), directory: reachableByAll(directory) ? directory : moved });
}

/** The program and arguments to spawn, with what the account puts before them. */
export function command(prefix: string[], program: string, args: string[]): [string, string[]] {
  const [first = program, ...rest] = [...prefix, program, ...args];
  return [first, rest];
}

function runs(account: Account): Account {
  const failure = tryOut(account);
  if (failure === undefined) return account;
  throw new Error(`The embedded PostgreSQL does not run on this machine (${failure}): set DATABASE_URL to a PostgreSQL server`);
}

function tryOut({ prefix, uid, gid, binaries }: Account): string | undefined {
  const [program, args] = command(prefix, binaries.postgres, ['--version']);
  const outcome = spawnSync(program, args, { uid, gid, cwd: '/', encoding: 'utf8', timeout: 20_000 });
  if (outcome.status === 0) return undefined;
  return outcome.error?.message ?? (outcome.stderr.trim().split('\n').at(-1) || `exit code ${outcome.status}`);
}

function ownerOf(file: string): { uid: number; gid: number } | undefined {
  return existsSync(file) ? statSync(file) : undefined;
}

function reachableByAll(directory: string): boolean {
  for (let part = directory; ; part = path.dirname(part)) {
    if (existsSync(part) && (statSync(part).mode & 0o001) === 0) return false;
    if (part === path.dirname(part)) return true;
  }
}

function copied(binaries: Binaries): Binaries {
  const target = path.join(sharedDirectory, 'postgres-18.4');
  if (!existsSync(target)) {
    const part = `${target}.${process.pid}`;
    mkdirSync(sharedDirectory, { recursive: true, mode: 0o755 });
    cpSync(path.join(binaries.directory, 'native'), path.join(part, 'native'), { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(part, target);
    } catch {
      rmSync(part, { recursive: true, force: true });
    }
  }
  const inCopy = (program: string) => path.join(target, path.relative(binaries.directory, program));
  return { directory: target, initdb: inCopy(binaries.initdb), postgres: inCopy(binaries.postgres), pgCtl: inCopy(binaries.pgCtl) };
}

function idOf(name: string): number {
  return Number(execFileSync('id', ['-u', name], { encoding: 'utf8' }));
}

function groupOf(name: string): number {
  return Number(execFileSync('id', ['-g', name], { encoding: 'utf8' }));
}
