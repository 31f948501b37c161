/** The web role: `npm run web`, any number of them on one database. */
import path from 'node:path';
import { exposeGauges } from '#app/alerts/gauges.server.ts';
import { log } from '#app/log.server.ts';
import { handlePortal } from '#app/portal/handler.server.ts';
import { createPages, readBuild } from '#app/web/pages.server.ts';
import { createWebServer } from '#app/web/server.server.ts';
import { openProcess, stopOnSignal, stopWith } from './open.ts';

const opened = await openProcess('web');
const { settings } = opened;
/** How long callers are told to close before the web server stops listening; a load balancer sees `/readyz` in that time. */
const lingerMs = 2_000;
const buildDirectory = path.resolve(import.meta.dirname, '..', 'build');

try {
  const remixHandler = createPages({
    build: await readBuild(buildDirectory),
    clientDirectory: path.join(buildDirectory, 'client'),
    appUrl: settings.shopify.appUrl,
    // The simulated admin frames the app from its own origin; the real one is named by Shopify's package.
    frameOrigin: settings.shopifyApiUrl,
    production: settings.production,
  });
  const web = createWebServer({ remixHandler, portalHandler: handlePortal, ...(settings.metricsToken ? { metricsToken: settings.metricsToken } : {}) });
  exposeGauges();
  const port = await web.listen(settings.port, settings.host);
  stopOnSignal(async () => {
    await web.stop(25_000, lingerMs);
    await opened.close();
  }, 35_000);
  log.info('Web is ready', { port, host: settings.host });
} catch (error) {
  await opened.close();
  stopWith(error instanceof Error ? error.message : String(error), 1);
}
