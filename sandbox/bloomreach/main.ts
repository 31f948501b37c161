// Runs the Bloomreach simulator alone from a shell. PORT chooses the port.
import { runFromShell } from '../kit.ts';
import { demoProject, startBloomreachSimulator } from './server.ts';

const { token, keys } = demoProject;
const auth = `-u ${keys[0]?.id}:${keys[0]?.secret}`;

await runFromShell(
  () => startBloomreachSimulator({ port: Number(process.env.PORT ?? 0) }),
  [
    'open $URL in a browser to see what arrives',
    `curl ${auth} $URL/track/v2/projects/${token}/system/time`,
    `curl ${auth} $URL/track/v2/projects/${token}/batch -d '{"commands":[{"name":"customers/events","data":{"customer_ids":{"registered":"ana@example.com"},"event_type":"subscription","properties":{"status":"created"}}}]}'`,
    'curl "$URL/_sim/events?type=subscription"',
    'curl "$URL/_sim/customers?id=ana@example.com"',
    'curl $URL/_sim/stats',
  ],
);
