/**
 * Background work goes through pg-boss: distribution between processes, heartbeats, retries and its own clean-up.
 * Deliveries do not (docs/decisions/0002-lanes-and-queue.md).
 */
import { PgBoss } from 'pg-boss';
import { databaseUrl } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';

export type JobName = 'webhook-check' | 'import-customers' | 'prune';
export type JobData = { shopId: string; destinationId?: string };
export type JobHandler = (data: JobData, signal: AbortSignal) => Promise<void>;

const queues: Record<JobName, { retryLimit: number; retryDelay: number; expireInSeconds: number }> = {
  'webhook-check': { retryLimit: 3, retryDelay: 30, expireInSeconds: 300 },
  'import-customers': { retryLimit: 20, retryDelay: 60, expireInSeconds: 86_000 },
  prune: { retryLimit: 3, retryDelay: 300, expireInSeconds: 3600 },
};

export type JobQueue = {
  /** Asks for a job; while one of the same `singletonKey` waits or was asked for within `onceInSeconds`, nothing happens. */
  enqueue(name: JobName, data: JobData, singletonKey: string, onceInSeconds: number): Promise<void>;
  stop(): Promise<void>;
};

/** Opens the queue in this process and works on its jobs. */
export async function openJobQueue(handlers: Record<JobName, JobHandler>): Promise<JobQueue> {
  const boss = new PgBoss({ connectionString: databaseUrl(), application_name: 'rechannel-jobs', max: 3, useListenNotify: true, superviseIntervalSeconds: 5, monitorIntervalSeconds: 5 });
  boss.on('error', (error) => log.warn('The job queue met an error', { error }));
  await boss.start();
  for (const [name, options] of Object.entries(queues)) {
    // A job whose worker died is taken over after ten seconds without a heartbeat.
    await boss.createQueue(name, { ...options, retryBackoff: true, policy: 'standard', heartbeatSeconds: 10, notify: true, deleteAfterSeconds: 86_400 });
  }
  for (const name of Object.keys(queues) as JobName[]) {
    await boss.work<JobData>(name, { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1, batchSize: 1 }, async ([job]) => {
      if (!job) return;
      log.info('Job begins', { job: name, shopId: job.data.shopId, destinationId: job.data.destinationId });
      await handlers[name](job.data, job.signal);
      log.info('Job done', { job: name, shopId: job.data.shopId, destinationId: job.data.destinationId });
    });
  }
  return {
    async enqueue(name, data, singletonKey, onceInSeconds) {
      await boss.send(name, data, { singletonKey, singletonSeconds: onceInSeconds });
    },
    stop: () => boss.stop({ graceful: true, timeout: 20_000 }),
  };
}
