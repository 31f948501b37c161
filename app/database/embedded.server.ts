// Keeps the embedded PostgreSQL running for as long as any of our processes uses it.
import path from 'node:path';
import pg from 'pg';
import { chooseAccount, type Account } from './account.server.ts';
import { findBinaries } from './binaries.server.ts';
import { choosePort, lastLogLine, makeCluster, pause, readPassword, runningPostmaster, spawnPostmaster, stopPostmaster } from './cluster.server.ts';

export type EmbeddedDatabase = {
  /** Address of the database `rechannel`, with its password: not for logs. */
  url: string;
  port: number;
  /** True when the server ran already, started by another process of ours or left behind by a killed one. */
  adopted: boolean;
  /** Process id of the server, which changes when it had to be restarted. */
  serverPid(): number | undefined;
  /** Leaves the server; the last user of it shuts it down and everything committed is on disk. */
  stop(): Promise<void>;
};

type Options = {
  dataDir: string;
  log?: (message: string) => void;
  /** Name of a platform package, for tests; otherwise that of this machine. */
  platform?: string;
};

type Membership = { client: pg.Client; pid: number; port: number; started: boolean };

// Users of the server hold this advisory lock, shared, in the database `postgres`. Whoever gets it exclusively is alone.
const usersLock = 7_273_001;
const databaseName = 'rechannel';
const startLimitMs = 60_000;

/**
 * Starts the PostgreSQL server under `dataDir/postgres`, or joins the one that runs there, and keeps it running.
 * Any number of processes may do so at once. A server that dies is started again, on the same port, after 0.1 to 5 s.
 * Throws an error of one line when this platform has no binaries or the server does not come up.
 */
export async function openEmbeddedDatabase({ dataDir, log = () => {}, platform }: Options): Promise<EmbeddedDatabase> {
  const account = chooseAccount(findBinaries(platform), path.resolve(dataDir, 'postgres'));
  await makeCluster(account);
  let membership: Membership | undefined = await join(account);
  let stopping = false;
  let rejoining: Promise<void> | undefined;
  const { port, started } = membership;
  await createDatabase(connection(account, port, 'postgres'));
  watch(membership);

  function watch({ client }: Membership) {
    client.once('end', () => {
      membership = undefined;
      if (!stopping) rejoining = rejoin();
    });
  }

  async function rejoin(): Promise<void> {
    log('the embedded PostgreSQL went away; starting it again');
    for (let delayMs = 100; !stopping; delayMs = Math.min(delayMs * 2, 5000)) {
      await pause(delayMs);
      try {
        if (stopping) return;
        membership = await join(account, port);
        if (membership.port !== port) throw new Error(`it now listens on port ${membership.port}, not ${port}`);
        watch(membership);
        log('the embedded PostgreSQL is back');
        return;
      } catch (error) {
        log(`the embedded PostgreSQL is still away: ${(error as Error).message}`);
      }
    }
  }

  return {
    url: connection(account, port, databaseName),
    port,
    adopted: !started,
    serverPid: () => membership?.pid,
    async stop() {
      if (stopping) return;
      stopping = true;
      await rejoining;
      if (membership !== undefined) await leave(account, membership);
    },
  };
}

/** Connects to the running server or starts one, and becomes one of its users. */
async function join(account: Account, fixedPort?: number): Promise<Membership> {
  const { directory } = account;
  let started = false;
  let exited = false;
  let starts = 0;
  for (const end = Date.now() + startLimitMs; Date.now() < end; await pause(30)) {
    const running = runningPostmaster(directory);
    if (running === undefined) {
      if (started && !exited) continue;
      const port = fixedPort ?? (await choosePort(directory));
      if (runningPostmaster(directory) !== undefined) continue;
      // After a kill the memory of the old server stays taken for a moment; a setting it refuses never gets better.
      if (++starts > 10) break;
      if (exited) await pause(100 * starts);
      const child = spawnPostmaster(account, port);
      started = true;
      exited = false;
      child.once('exit', () => (exited = true));
      child.once('error', () => (exited = true));
      continue;
    }
    if (Number.isNaN(running.port)) continue;
    const client = await enter(connection(account, running.port, 'postgres'), path.join(directory, 'data'));
    if (client !== undefined) return { client, ...running, started: started && !exited };
  }
  throw new Error(`The embedded PostgreSQL in ${directory} did not come up: ${lastLogLine(directory)}`);
}

async function enter(connectionString: string, dataDirectory: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000, keepAlive: true, application_name: 'rechannel supervisor' });
  client.on('error', () => {});
  try {
    await client.connect();
    // Waits while the last user shuts the server down; the connection then breaks and the caller starts afresh.
    const { rows } = await client.query<{ directory: string }>(`select current_setting('data_directory') as directory, pg_advisory_lock_shared(${usersLock})`);
    if (rows[0]?.directory === dataDirectory) {
      holdProcess(client, false);
      return client;
    }
    throw new Error(`Port ${client.port} belongs to the PostgreSQL of ${rows[0]?.directory}, not of ${dataDirectory}`);
  } catch (error) {
    await client.end().catch(() => {});
    // 28P01: something answers on that port with another password, so it is not ours and never will be.
    if ((error as { code?: string }).code === '28P01') throw new Error(`The PostgreSQL on 127.0.0.1:${client.port} refuses the password kept for ${dataDirectory}`, { cause: error });
    return undefined;
  }
}

async function leave(account: Account, { client, pid }: Membership): Promise<void> {
  holdProcess(client, true);
  try {
    const { rows } = await client.query<{ alone: boolean }>(
      `select pg_advisory_unlock_shared(${usersLock}), pg_try_advisory_lock(${usersLock}) as alone`);
    if (rows[0]?.alone) await stopPostmaster(account, pid);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Watching the server is no reason for a process to stay; leaving it is. The types lack these two methods. */
function holdProcess(client: pg.Client, hold: boolean): void {
  const { connection } = client as unknown as { connection: { ref(): void; unref(): void } };
  if (hold) connection.ref();
  else connection.unref();
}

async function createDatabase(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  } catch (error) {
    // Two processes that open a new directory at once both try; either one's database will do.
    if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
  } finally {
    await client.end();
  }
}

function connection({ directory }: Account, port: number, database: string): string {
  return `postgres://app:${readPassword(directory)}@127.0.0.1:${port}/${database}`;
}
