/** Answers operators: is the process up, may traffic be sent to it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type pg from 'pg';
import { isMigrated, readMigrations, type Migration } from '#app/database/migrate.server.ts';

/** What can fail, in the words of /readyz. */
export type Check = 'database' | 'migrations' | 'clock' | 'stopping';
export type Readiness = { ready: boolean; failing: Check[] };

export type Health = {
  /** GET /healthz: 200 while the process answers at all. */
  alive(request: IncomingMessage, response: ServerResponse): void;
  /** GET /readyz: 200, or 503 with the names of the checks that fail. */
  ready(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** From now on not ready, so that a load balancer turns away while the last requests are answered. */
  stopping(): void;
};

export const mostClockSkewMs = 60_000;
const checkLimitMs = 2_000;
/** Several probes within a second share one look at the database. */
const sharedForMs = 1_000;

export function createHealth(pool: () => pg.Pool, now: () => number = Date.now): Health {
  const migrations = readMigrations();
  let latest: { at: number; readiness: Promise<Readiness> } | undefined;
  let stopping = false;

  function readiness(): Promise<Readiness> {
    if (stopping) return Promise.resolve({ ready: false, failing: ['stopping'] });
    if (!latest || performance.now() - latest.at > sharedForMs) latest = { at: performance.now(), readiness: look(pool(), migrations, now) };
    return latest.readiness;
  }

  return {
    alive: (request, response) => answer(request, response, 200, { status: 'ok' }),
    async ready(request, response) {
      const { ready, failing } = await readiness();
      answer(request, response, ready ? 200 : 503, ready ? { status: 'ready' } : { status: 'not ready', failing });
    },
    stopping: () => (stopping = true),
  };
}

async function look(pool: pg.Pool, migrations: Migration[], now: () => number): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('No answer in time')), checkLimitMs);
  });
  try {
    const failing = await Promise.race([late, ask()]);
    return { ready: failing.length === 0, failing };
  } catch {
    return { ready: false, failing: ['database'] };
  } finally {
    clearTimeout(timer);
  }

  async function ask(): Promise<Check[]> {
    const askedAt = now();
    const query = { text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as "databaseMs"', query_timeout: checkLimitMs };
    const { rows } = await pool.query<{ databaseMs: number }>(query);
    const middle = (askedAt + now()) / 2;
    const clockFails = Math.abs((rows[0]?.databaseMs ?? 0) - middle) > mostClockSkewMs;
    const migrationsFail = !(await isMigrated(pool, migrations));
    return [...(migrationsFail ? (['migrations'] as const) : []), ...(clockFails ? (['clock'] as const) : [])];
  }
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, body: object): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Length': '0' }).end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  response.end(request.method === 'HEAD' ? undefined : text);
}
