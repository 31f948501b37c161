/** The worker role: `npm run worker`, any number of them on one database. */
import { startAlerts } from '#app/alerts/watch.server.ts';
import { log } from '#app/log.server.ts';
import { startSchedule } from '#app/schedule/schedule.server.ts';
import { startWorker } from '#app/worker.server.ts';
import { openProcess, stopOnSignal } from './open.ts';

const opened = await openProcess('worker');
const worker = await startWorker();
const schedule = await startSchedule();
const alerts = startAlerts();
stopOnSignal(async () => {
  await alerts.stop();
  await schedule.stop();
  await worker.stop();
  await opened.close();
});
log.info('Worker is ready');
