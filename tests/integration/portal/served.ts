// A process of its own that serves the portal route; its output is what an operator's log would hold.
import { handlePortal } from '#app/portal/handler.server.ts';
import { serve } from './stage.ts';

const served = await serve(handlePortal);
process.send?.(served.url);
process.once('disconnect', () => process.exit(0));
