import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { runningPostmaster } from '#app/database/cluster.server.ts';
import { openEmbeddedDatabase, type EmbeddedDatabase } from '#app/database/embedded.server.ts';

type Report = { url: string; adopted: boolean; serverPid: number; applied: string[]; failure?: string };

const program = path.resolve(import.meta.dirname, '..', '..', 'support', 'embedded-process.ts');
const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
const nobody = isRoot ? Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout) : -1;
// Under a home directory that only root may enter, nobody can run neither this Node nor PostgreSQL from this checkout.
const nobodyReachesUs = isRoot && spawnSync(process.execPath, ['--version'], { uid: nobody, cwd: '/' }).status === 0;

describe('the embedded database', () => {
  const opened: EmbeddedDatabase[] = [];
  const children: ChildProcess[] = [];
  const directories: string[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.stdin?.end();
      await once(child, 'exit');
    }
    for (const database of opened.splice(0)) await database.stop();
    // The directories go only when no server writes to them any more.
    for (const directory of directories.splice(0)) {
      expect(existsSync(path.join(directory, 'postgres', 'data', 'postmaster.pid'))).toBe(false);
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('starts afresh with a generated password that only its owner can read, on loopback alone', async () => {
    const dataDir = newDirectory();

    const database = await open(dataDir);

    expect(database.adopted).toBe(false);
    expect(await show(database.url, 'listen_addresses')).toBe('127.0.0.1');
    expect(await show(database.url, 'synchronous_commit')).toBe('on');
    expect(await show(database.url, 'fsync')).toBe('on');
    expect(await show(database.url, 'timezone')).toBe('UTC');
    const password = path.join(dataDir, 'postgres', 'password');
    expect(statSync(password).mode & 0o777).toBe(0o600);
    expect(database.url).toContain(readFileSync(password, 'utf8').trim());
    await expect(query(database.url.replace(/app:[^@]+/, 'app:wrong'), 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('keeps data and port from one run to the next', async () => {
    const dataDir = newDirectory();
    const first = await open(dataDir);
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();

    const second = await open(dataDir);

    expect(second.url).toBe(first.url);
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('takes another port when its own was taken meanwhile', async () => {
    const dataDir = newDirectory();
    const first = await open(dataDir);
    await first.stop();
    const stranger = net.createServer().listen(first.port, '127.0.0.1');
    await once(stranger, 'listening');

    const second = await open(dataDir);

    expect(second.port).not.toBe(first.port);
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    stranger.close();
  });

  it('adopts the server that a killed process left running, and shuts it down in its place', async () => {
    const dataDir = newDirectory();
    const child = start(dataDir);
    const report = await reportOf(child);
    await query(report.url, 'create table kept as select 42 as answer');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const database = await open(dataDir);

    expect(database.adopted).toBe(true);
    expect(database.serverPid()).toBe(report.serverPid);
    expect(await query(database.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await database.stop();
    expect(isAlive(report.serverPid)).toBe(false);
  });

  it('starts the server again, on the same address, after the server itself was killed', async () => {
    const database = await open(newDirectory());
    await query(database.url, 'create table kept as select 42 as answer');
    const killed = database.serverPid();
    process.kill(killed ?? 0, 'SIGKILL');

    await expect.poll(() => query(database.url, 'select answer from kept').catch((error: Error) => error.message), { timeout: 30_000 }).toEqual([{ answer: 42 }]);
    await expect.poll(() => database.serverPid(), { timeout: 10_000 }).toEqual(expect.any(Number));

    expect(database.serverPid()).not.toBe(killed);
  });

  it('is made once and migrated once by two processes that start at the same moment', async () => {
    const dataDir = newDirectory();

    const reports = await Promise.all([start(dataDir, 'migrate'), start(dataDir, 'migrate')].map(reportOf));

    expect(reports.map((report) => report.failure)).toEqual([undefined, undefined]);
    expect(new Set(reports.map((report) => report.serverPid)).size).toBe(1);
    expect(reports.flatMap((report) => report.applied).filter((name) => name === '0001_init')).toHaveLength(1);
    expect(await query(reports[0]?.url ?? '', `select count(*)::int as times from _prisma_migrations where migration_name = '0001_init'`)).toEqual([{ times: 1 }]);
  });

  it('goes on for the command line while the app stops, and stops with the last of them', async () => {
    const dataDir = newDirectory();
    const app = start(dataDir);
    const { serverPid } = await reportOf(app);
    const commandLine = await open(dataDir);

    app.stdin?.end();
    await once(app, 'exit');

    expect(await query(commandLine.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(commandLine.serverPid()).toBe(serverPid);
    await commandLine.stop();
    expect(isAlive(serverPid)).toBe(false);
  });

  it('removes the lock file of a dead server whose process number now belongs to another program', async () => {
    const dataDir = newDirectory();
    const first = await open(dataDir);
    const pidFile = path.join(dataDir, 'postgres', 'data', 'postmaster.pid');
    const lock = readFileSync(pidFile, 'utf8');
    await first.stop();
    writeFileSync(pidFile, lock.replace(/^\d+/, String(process.pid)));

    const second = await open(dataDir);

    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('leaves alone the lock file that a starting server has made and not yet written', () => {
    const directory = newDirectory();
    const lock = path.join(directory, 'data', 'postmaster.pid');
    mkdirSync(path.dirname(lock));
    writeFileSync(lock, '');

    expect(runningPostmaster(directory)).toEqual({ pid: 0, port: Number.NaN });

    expect(existsSync(lock)).toBe(true);
  });

  it('starts although a crash of the machine has left an empty lock file', async () => {
    const dataDir = newDirectory();
    await (await open(dataDir)).stop();
    const lock = path.join(dataDir, 'postgres', 'data', 'postmaster.pid');
    writeFileSync(lock, '');
    utimesSync(lock, 0, 0);

    const database = await open(dataDir);

    expect(await query(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('says to set DATABASE_URL where there is no PostgreSQL for the platform', async () => {
    await expect(openEmbeddedDatabase({ dataDir: newDirectory(), platform: 'linux-riscv64' }))
      .rejects.toThrow(/^No embedded PostgreSQL for linux-riscv64 is installed: set DATABASE_URL to a PostgreSQL server/);
  });

  it('gives up with the words of the server when a setting keeps it from starting', async () => {
    const dataDir = newDirectory();
    await (await open(dataDir)).stop();
    writeFileSync(path.join(dataDir, 'postgres', 'data', 'postgresql.auto.conf'), 'max_files_per_process = nonsense\n');

    await expect(open(dataDir)).rejects.toThrow(/did not come up: .*(max_files_per_process|configuration file)/);
  });

  it.runIf(nobodyReachesUs)('runs for root as nobody where nobody can reach the data', async () => {
    const database = await open(newDirectory());

    expect(ownerOf(database.serverPid())).toBe(nobody);
  });

  it.runIf(isRoot)('runs for root where nobody can reach the data, and later processes find it there', async () => {
    const dataDir = newDirectory();
    chmodSync(dataDir, 0o700);

    const first = await open(dataDir);
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await open(dataDir);

    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it.runIf(nobodyReachesUs)('runs for an ordinary user as that user', async () => {
    const dataDir = newDirectory();
    spawnSync('chown', ['nobody', dataDir]);

    const report = await reportOf(start(dataDir, undefined, nobody));

    expect(report.failure).toBeUndefined();
    expect(ownerOf(report.serverPid)).toBe(nobody);
    expect(statSync(path.join(dataDir, 'postgres', 'password')).uid).toBe(nobody);
  });

  function newDirectory(): string {
    // Not under the system's own temporary directory, which may be private to one account.
    const directory = mkdtempSync(path.join(path.parse(process.cwd()).root, 'var', 'tmp', 'rechannel-embedded-'));
    chmodSync(directory, 0o755);
    directories.push(directory);
    return directory;
  }

  async function open(dataDir: string): Promise<EmbeddedDatabase> {
    const database = await openEmbeddedDatabase({ dataDir });
    opened.push(database);
    return database;
  }

  function start(dataDir: string, migrate?: 'migrate', uid?: number): ChildProcess {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, dataDir, ...(migrate ? [migrate] : [])], { uid, stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  }
});

async function reportOf(child: ChildProcess): Promise<Report> {
  if (!child.stdout) throw new Error('the process has no output');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return JSON.parse(line) as Report;
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

async function show(url: string, setting: string): Promise<unknown> {
  return ((await query(url, `select current_setting('${setting}') as value`)) as { value: string }[])[0]?.value;
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function ownerOf(pid: number | undefined): number {
  return statSync(`/proc/${pid}`).uid;
}
