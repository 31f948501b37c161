/** The web role without its pages, which need a build: everything that answers Recharge is the same as in processes/web.ts. */
import { env } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';
import { createWebServer } from '#app/web/server.server.ts';
import { openProcess, stopOnSignal } from '../processes/open.ts';

const opened = await openProcess('web');
const web = createWebServer();
const port = await web.listen(env().port, '127.0.0.1');
stopOnSignal(async () => {
  await web.stop();
  await opened.close();
}, 35_000);
log.info('Web is ready', { port });
