/**
 * Background work goes through pg-boss: distribution between processes, heartbeats, retries and its own clean-up.
 * Deliveries do not (docs/decisions/0002-lanes-and-queue.md).
 */
import { PgBoss } from 'pg-boss';
import { databaseUrl } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';

export type JobName = 'webhook-check' | 'reconcile' | 'import-customers' | 'prune';
export type JobData = { shopId: string; destinationId?: string; slot?: string };
export type JobHandler = (data: JobData, signal: AbortSignal) => Promise<unknown>;

type QueueOptions = { retryLimit: number; retryDelay: number; expireInSeconds: number; /** Jobs of a kind at once in one process. */ atOnce: number };

/** Checks that found nothing missing take a second; one that fills a gap may take an hour, and must not keep other shops waiting. */
const queues: Record<JobName, QueueOptions> = {
  'webhook-check': { retryLimit: 3, retryDelay: 10, expireInSeconds: 6 * 3600, atOnce: 4 },
  reconcile: { retryLimit: 10, retryDelay: 10, expireInSeconds: 12 * 3600, atOnce: 2 },
  'import-customers': { retryLimit: 20, retryDelay: 60, expireInSeconds: 86_000, atOnce: 1 },
  prune: { retryLimit: 3, retryDelay: 300, expireInSeconds: 3600, atOnce: 1 },
};

/** Passed on to the connections: without them a query on a connection that died unnoticed waits for ever. */
const reach = { keepAlive: true, query_timeout: 15_000 };

export type JobQueue = {
  /** Asks for a job; while one of the same `singletonKey` waits or was asked for within `onceInSeconds`, nothing happens. */
  enqueue(name: JobName, data: JobData, singletonKey: string, onceInSeconds: number): Promise<void>;
  /** Jobs under way stop at their next page and are begun again by another process. */
  stop(): Promise<void>;
};

/** Opens the queue in this process and works on its jobs. */
export async function openJobQueue(handlers: Record<JobName, JobHandler>): Promise<JobQueue> {
  const boss = new PgBoss({ ...reach, connectionString: databaseUrl(), application_name: 'rechannel-jobs', max: 3, useListenNotify: true, superviseIntervalSeconds: 5, monitorIntervalSeconds: 5 });
  boss.on('error', (error) => log.warn('The job queue met an error', { error }));
  await boss.start();
  const stopping = new AbortController();
  for (const [name, { atOnce: _, ...options }] of Object.entries(queues)) {
    // A job whose worker died is taken over after ten seconds without a heartbeat.
    await boss.createQueue(name, { ...options, retryBackoff: true, policy: 'standard', heartbeatSeconds: 10, notify: true, deleteAfterSeconds: 86_400 });
    await boss.updateQueue(name, options);
  }
  for (const name of Object.keys(queues) as JobName[]) {
    await boss.work<JobData>(name, { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1, batchSize: 1, localConcurrency: queues[name].atOnce }, async ([job]) => {
      if (!job) return;
      const { shopId, destinationId, slot } = job.data;
      log.info('Job begins', { job: name, shopId, destinationId, slot });
      await handlers[name](job.data, AbortSignal.any([job.signal, stopping.signal]));
      log.info('Job done', { job: name, shopId, destinationId, slot });
    });
  }
  return {
    async enqueue(name, data, singletonKey, onceInSeconds) {
      await boss.send(name, data, { singletonKey, singletonSeconds: onceInSeconds });
    },
    async stop() {
      stopping.abort(new Error('The process is stopping'));
      await boss.stop({ graceful: true, timeout: 20_000 });
    },
  };
}
