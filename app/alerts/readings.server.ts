/**
 * What the database says of queues, destinations, budgets and jobs, for gauges. Every process reads the same figures. Kept for
 * ten seconds, and for twenty times as long as the reading took: however large the backlog, it costs a twentieth of a connection.
 */
import { pool } from '#app/db.server.ts';

export type QueueReading = { destination: string; waiting: number; held: number; dead: number; oldestWaitingSeconds: number };
export type Readings = {
  queues: QueueReading[];
  /** Shops in which something that could be sent has waited for more than a quarter of an hour. */
  lateShops: number;
  inbound: { waiting: number; oldestSeconds: number };
  destinations: { destination: string; status: string; count: number; breakersOpen: number }[];
  connections: { status: string; count: number }[];
  /** By kind of budget (`vendor:bloomreach`, `destination`, `recharge`): the fewest tokens any one had when last taken from, and how many are blocked by a vendor's word. */
  budgets: { budget: string; fewestTokens: number; blocked: number }[];
  jobs: { job: string; state: string; count: number }[];
  notices: { kind: string; open: number }[];
  unsentNotices: number;
};

const keptMs = 10_000;
const keptTimes = 20;
const lateSeconds = 15 * 60;

let latest: { at: number; keptMs: number; readings: Promise<Readings> } | undefined;

/** The present readings, shared by all who ask within a while. Rejects when the database does not answer. */
export function readGauges(now: () => number = () => performance.now()): Promise<Readings> {
  const startedAt = now();
  if (latest && startedAt - latest.at < latest.keptMs) return latest.readings;
  const asked = { at: startedAt, keptMs, readings: read() };
  latest = asked;
  asked.readings.then(
    () => (asked.keptMs = Math.max(keptMs, keptTimes * (now() - startedAt))),
    () => (latest = latest === asked ? undefined : latest),
  );
  return asked.readings;
}

async function read(): Promise<Readings> {
  const [pending, dead, inbound, destinations, connections, budgets, jobs, notices] = await Promise.all([
    // One pass over the partial index of what waits.
    pool().query<{ shopId: string; destinationId: string; count: number; oldestSeconds: number }>(
      `select "shopId", "destinationId", count(*)::int as count, extract(epoch from now() - min("createdAt"))::float8 as "oldestSeconds" from "Delivery" where state = 'pending' group by 1, 2`,
    ),
    pool().query<{ destination: string; count: number }>(
      `select d.type as destination, count(*)::int as count from "Shop" s cross join lateral (select "destinationId" from "Delivery" where "shopId" = s.id and state = 'dead') x join "Destination" d on d.id = x."destinationId" group by 1`,
    ),
    pool().query<{ waiting: number; oldestSeconds: number }>(
      `select count(*)::int as waiting, coalesce(extract(epoch from now() - min("receivedAt")), 0)::float8 as "oldestSeconds" from "InboundWebhook" where state = 'received'`,
    ),
    pool().query<{ id: string; type: string; status: string; open: boolean }>(`select id, type, status, "openUntil" is not null and status = 'active' as open from "Destination"`),
    pool().query<{ status: string; count: number }>(`select status, count(*)::int as count from "Connection" group by 1`),
    pool().query<Readings['budgets'][number]>(
      `select case when key like 'vendor:%' then key else split_part(key, ':', 1) end as budget, min(tokens) as "fewestTokens", (count(*) filter (where "blockedUntil" > now()))::int as blocked from "Budget" group by 1`,
    ),
    readJobs(),
    pool().query<{ kind: string; open: number; unsent: number }>(
      `select kind, (count(*) filter (where "resolvedAt" is null))::int as open, (count(*) filter (where "sendDueAt" is not null))::int as unsent from "Notice" where "resolvedAt" is null or "sendDueAt" is not null group by 1`,
    ),
  ]);
  const byId = new Map(destinations.rows.map((row) => [row.id, row]));
  const queues = new Map<string, QueueReading>();
  const queueOf = (destination: string) => {
    const queue = queues.get(destination) ?? { destination, waiting: 0, held: 0, dead: 0, oldestWaitingSeconds: 0 };
    queues.set(destination, queue);
    return queue;
  };
  const lateShops = new Set<string>();
  for (const { type } of destinations.rows) queueOf(type);
  for (const { shopId, destinationId, count, oldestSeconds } of pending.rows) {
    const destination = byId.get(destinationId);
    if (!destination) continue;
    const queue = queueOf(destination.type);
    if (destination.status !== 'active') {
      queue.held += count;
      continue;
    }
    queue.waiting += count;
    queue.oldestWaitingSeconds = Math.max(queue.oldestWaitingSeconds, oldestSeconds);
    if (oldestSeconds > lateSeconds) lateShops.add(shopId);
  }
  for (const { destination, count } of dead.rows) queueOf(destination).dead = count;
  const kinds = Map.groupBy(destinations.rows, ({ type, status }) => `${type} ${status}`);
  return {
    queues: [...queues.values()],
    lateShops: lateShops.size,
    inbound: inbound.rows[0] ?? { waiting: 0, oldestSeconds: 0 },
    destinations: [...kinds.values()].map((rows) => ({ destination: rows[0]?.type ?? '', status: rows[0]?.status ?? '', count: rows.length, breakersOpen: rows.filter(({ open }) => open).length })),
    connections: connections.rows,
    budgets: budgets.rows,
    jobs,
    notices: notices.rows.filter(({ open }) => open > 0).map(({ kind, open }) => ({ kind, open })),
    unsentNotices: notices.rows.reduce((sum, { unsent }) => sum + unsent, 0),
  };
}

/** The queue keeps counts of its own; before a worker has made its tables there are none. */
async function readJobs(): Promise<Readings['jobs']> {
  const there = await pool().query<{ there: boolean }>(`select to_regclass('pgboss.queue') is not null as there`);
  if (!there.rows[0]?.there) return [];
  const rows = await pool().query<{ name: string; queued: number; active: number; failed: number; deferred: number }>(
    `select name, queued_count as queued, active_count as active, failed_count as failed, deferred_count as deferred from pgboss.queue where name not like '\\_\\_%'`,
  );
  return rows.rows.flatMap(({ name, ...counts }) => Object.entries(counts).map(([state, count]) => ({ job: name, state, count })));
}
