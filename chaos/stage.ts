/**
 * Everything a run needs, on loopback: PostgreSQL, shops with a destination each, web processes behind a balancer, workers,
 * the sink, and a bad network wherever the scenario wants one.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedDatabase, type EmbeddedDatabase } from '#app/database/embedded.server.ts';
import { applyMigrations } from '#app/database/migrate.server.ts';
import { closeDatabase, pool } from '#app/db.server.ts';
import { seal } from '#app/secrets.server.ts';
import type { History } from './history.ts';
import { supervise, type Supervised } from './processes.ts';
import { startProxy, type Proxy } from './proxy.ts';
import type { SendingShop } from './sender.ts';
import { startSink, type Sink } from './sink.ts';

export type StageOptions = { shops: number; webs: number; workers: number; retryDelays: string; logDirectory: string };

export type Stage = {
  history: History;
  database: EmbeddedDatabase;
  shops: SendingShop[];
  sink: Sink;
  webs: Supervised[];
  workers: Supervised[];
  /** Where webhooks go: any web process that accepts. */
  front: Proxy;
  /** Between the app's processes and the database; the harness itself has a way of its own. */
  toDatabase: Proxy;
  toSink: Proxy;
  close(): Promise<void>;
};

export async function openStage(history: History, options: StageOptions): Promise<Stage> {
  const directory = mkdtempSync(path.join(tmpdir(), 'rechannel-chaos-'));
  mkdirSync(options.logDirectory, { recursive: true });
  for (const file of readdirSync(options.logDirectory)) if (file.endsWith('.log')) rmSync(path.join(options.logDirectory, file));
  process.env.ENCRYPTION_KEYS = `chaos:${randomBytes(32).toString('base64')}`;
  const database = await openEmbeddedDatabase({ dataDir: directory });
  process.env.DATABASE_URL = database.url;
  await applyMigrations(database.url);
  const sink = await startSink(history);
  const toSink = await startProxy(() => [sink.port]);
  const toDatabase = await startProxy(() => [database.port]);
  const shops: SendingShop[] = [];
  for (let number = 1; number <= options.shops; number++) shops.push(await makeShop(`shop-${number}`));

  const throughProxy = new URL(database.url);
  throughProxy.port = String(toDatabase.port);
  const environment = {
    ...process.env,
    DATABASE_URL: throughProxy.href,
    DATA_DIR: directory,
    BLOOMREACH_API_URL: `http://127.0.0.1:${toSink.port}`,
    // Nothing here may leave the machine, and nothing here asks Recharge: port 9 refuses.
    RECHARGE_API_URL: 'http://127.0.0.1:9',
    RETRY_DELAYS_SECONDS: options.retryDelays,
    LOG_LEVEL: 'warn',
  };
  const start = (role: 'web' | 'worker', count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => supervise(role, `${role}-${index + 1}`, environment, path.join(options.logDirectory, `${role}-${index + 1}.log`), history)));
  const webs = await start('web', options.webs);
  const workers = await start('worker', options.workers);
  await Promise.all(webs.map((web) => web.ready()));
  const front = await startProxy(() => webs.filter((web) => web.running()).map((web) => web.port));

  return {
    history, database, shops, sink, webs, workers, front, toDatabase, toSink,
    async close() {
      toDatabase.set({ kind: 'none' });
      toSink.set({ kind: 'none' });
      await Promise.all([...webs, ...workers].map((process) => process.stop()));
      await Promise.all([front.close(), toDatabase.close(), toSink.close(), sink.close()]);
      await closeDatabase();
      await database.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The destination's project has the shop's name, so that the sink sees whose it is. */
export async function makeShop(name: string): Promise<SendingShop> {
  const connectionKey = randomBytes(20).toString('hex');
  const secret = randomBytes(32).toString('hex');
  const shop = await pool().query<{ id: string }>('insert into "Shop" (domain) values ($1) returning id', [`${name}.myshopify.com`]);
  const shopId = shop.rows[0]?.id as string;
  const sealed = seal(secret, { shopId, table: 'Connection', column: 'clientSecret' });
  await pool().query('insert into "Connection" ("shopId", "connectionKey", "clientSecretSealed", "updatedAt") values ($1, $2, $3, now())', [shopId, connectionKey, sealed]);
  const settings = {
    apiBaseUrl: 'https://api.exponea.com', projectToken: name, apiKeyId: 'key', customerId: 'recharge_id', emailIdName: 'registered', rechargeIdName: 'recharge_id',
    linkBoth: false, importActiveProperty: false, extendedEvents: [],
  };
  await pool().query(`insert into "Destination" ("shopId", type, settings, "secretsSealed", "updatedAt") values ($1, 'bloomreach', $2, $3, now())`, [
    shopId, settings, seal(JSON.stringify({ apiSecret: 'secret' }), { shopId, table: 'Destination', column: 'secrets' }),
  ]);
  return { name, connectionKey, secret };
}

/** What the database still holds after a run. `stuckLanes` have work and no time at which anybody would look at it. */
export type Leftovers = { unread: number; pending: number; dead: number; quarantined: number; stuckLanes: number };

export async function leftovers(): Promise<Leftovers> {
  const { rows } = await pool().query<Leftovers>(
    `select (select count(*)::int from "InboundWebhook" where state = 'received') as unread,
       (select count(*)::int from "InboundWebhook" where state = 'quarantined') as quarantined,
       (select count(*)::int from "Delivery" where state = 'pending') as pending,
       (select count(*)::int from "Delivery" where state = 'dead') as dead,
       (select count(*)::int from "Lane" l where l."readyAt" is null and exists (select 1 from "Delivery" d where d."laneId" = l.id and d.state = 'pending')) as "stuckLanes"`,
  );
  return rows[0] as Leftovers;
}
