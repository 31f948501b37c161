// One PostgreSQL data directory: made once, started, recognised when it already runs, stopped.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { command, type Account } from './account.server.ts';

export type Postmaster = { pid: number; port: number };

const logFileBytes = 10 * 1024 * 1024;

const settings: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  effective_cache_size: '1GB',
  max_wal_size: '1GB',
  fsync: 'on',
  synchronous_commit: 'on',
  wal_compression: 'pglz',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // The server's log must not hold what customers' rows hold: neither statements, nor their values, nor "Key (email)=(...)".
  log_min_error_statement: 'panic',
  log_parameter_max_length_on_error: '0',
  log_error_verbosity: 'terse',
};

/**
 * Makes the data directory with a generated password, unless it is there. Several processes may try at once: each works
 * in a directory of its own and the first to rename it wins, so a half-made one is never used.
 */
export async function makeCluster(account: Account): Promise<void> {
  const { directory, prefix, uid, gid } = account;
  if (existsSync(path.join(directory, 'data', 'PG_VERSION'))) return;
  const draft = `${directory}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const data = path.join(draft, 'data');
  const passwordForInitdb = path.join(data, '..', 'initdb-password');
  try {
    mkdirSync(data, { recursive: true, mode: 0o755 });
    const password = randomBytes(24).toString('hex');
    writeFileSync(path.join(draft, 'password'), password, { mode: 0o600 });
    writeFileSync(passwordForInitdb, password, { mode: 0o600 });
    if (uid !== undefined && gid !== undefined) for (const file of [data, passwordForInitdb]) chownSync(file, uid, gid);
    const [program, args] = command(prefix, account.binaries.initdb, [`--pgdata=${data}`, '--username=app', `--pwfile=${passwordForInitdb}`,
      '--auth=scram-sha-256', '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--data-checksums']);
    await promisify(execFile)(program, args, { uid, gid, cwd: '/', env: environment() });
    rmSync(passwordForInitdb);
    renameSync(draft, directory);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (existsSync(path.join(directory, 'data', 'PG_VERSION'))) return;
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`The embedded PostgreSQL could not make its data directory ${directory}: ${stderr?.trim().split('\n').at(-1) || message}`, { cause: error });
  }
}

export function readPassword(directory: string): string {
  return readFileSync(path.join(directory, 'password'), 'utf8').trim();
}

/** The port of this cluster: the remembered one while it is free, otherwise a new one, which is remembered. */
export async function choosePort(directory: string): Promise<number> {
  const file = path.join(directory, 'port');
  const remembered = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (remembered > 0 && (await freePort(remembered)) !== undefined) return remembered;
  const port = await freePort(0);
  if (port === undefined) throw new Error('No free TCP port on 127.0.0.1 for the embedded PostgreSQL');
  writeFileSync(`${file}.${process.pid}`, String(port));
  renameSync(`${file}.${process.pid}`, file);
  return port;
}

/** Starts the server in a session of its own, so that Ctrl-C reaches only us and we can close our connections first. */
export function spawnPostmaster(account: Account, port: number): ChildProcess {
  const log = openLog(account.directory);
  const args = ['-D', path.join(account.directory, 'data'), ...Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const [program, rest] = command(account.prefix, account.binaries.postgres, args);
  const child = spawn(program, rest, { uid: account.uid, gid: account.gid, cwd: '/', env: environment(), detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  return child;
}

/** The server that runs or starts on this directory, by its own lock file; `port` is NaN until the server has written it. */
export function runningPostmaster(directory: string): Postmaster | undefined {
  const file = path.join(directory, 'data', 'postmaster.pid');
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  // The server makes the file and then writes it. Only a crash of the machine leaves it empty for long.
  if (pid === 0 && Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 10_000) return { pid, port: Number.NaN };
  const found = pid === 0 ? 'another program' : processAt(pid);
  if (found === 'postgres') return { pid, port: lines[3] ? Number(lines[3]) : Number.NaN };
  // PostgreSQL overwrites the file of a dead server itself, but takes any live process of that number for the old server,
  // also one of another program after a reboot.
  if (found === 'another program') removeLockFile(file, text);
  return undefined;
}

function removeLockFile(file: string, expected: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    // Another process may have started the server since we read the file: then it is put back.
    if (readFileSync(aside, 'utf8') === expected) rmSync(aside);
    else renameSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function lastLogLine(directory: string): string {
  const file = path.join(directory, 'server.log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.findLast((line) => line.includes('FATAL')) ?? lines.at(-1) ?? 'no log';
}

/** Fast shutdown: transactions are rolled back, everything committed is on disk. Returns when the process is gone. */
export async function stopPostmaster(account: Account, pid: number): Promise<void> {
  if (process.platform === 'win32') {
    await promisify(execFile)(account.binaries.pgCtl, ['stop', '-D', path.join(account.directory, 'data'), '-m', 'fast', '-w']);
    return;
  }
  process.kill(pid, 'SIGINT');
  for (const end = Date.now() + 60_000; processAt(pid) === 'postgres' && Date.now() < end;) await pause(20);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function processAt(pid: number): 'postgres' | 'another program' | 'none' {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'none';
  }
  if (process.platform !== 'linux') return 'postgres';
  try {
    // "pid (command) state ...": a zombie nobody has waited for counts as gone.
    const [, command, state] = /\((.*)\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return command === 'postgres' && state !== 'Z' ? 'postgres' : 'another program';
  } catch {
    return 'none';
  }
}

function freePort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const { port: found } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(found));
    });
  });
}

function openLog(directory: string): number {
  const file = path.join(directory, 'server.log');
  if (existsSync(file) && statSync(file).size > logFileBytes) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot, LC_ALL: 'C', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv;
}
