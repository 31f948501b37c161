/** The worker role: `npm run worker`, any number of them on one database. */
import { startAlerts } from '#app/alerts/watch.server.ts';
import { log } from '#app/log.server.ts';
import { startSchedule } from '#app/schedule/schedule.server.ts';
import { startWorker } from '#app/worker.server.ts';
import { openProcess, stopOnSignal } from './open.ts';

const opened = await openProcess('worker');
// Begun before the signals are listened for, awaited after: a stop in the middle of the start gives back what is leased.
const worker = startWorker();
const schedule = startSchedule();
const alerts = Promise.all([worker, schedule]).then(() => startAlerts());
stopOnSignal(async () => {
  await Promise.all([alerts, schedule, worker].map(async (part) => (await part).stop()));
  await opened.close();
});
await alerts;
log.info('Worker is ready');
