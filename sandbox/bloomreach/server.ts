// Bloomreach Engagement's tracking API as far as Rechannel uses it, with everything it received open to reading.
import type { SimRequest, SimResponse, Simulator } from '../kit.ts';
import { seededRandom, startSimulator } from '../kit.ts';
import { checkAccess } from './access.ts';
import { batchRefusal, refusal } from './answers.ts';
import { runBatch } from './batch.ts';
import type { CommandContext, CommandOutcome } from './commands.ts';
import { ProjectState, runCommand } from './commands.ts';
import type { BloomreachOptions, BloomreachSwitches } from './options.ts';
import { demoProject, standardSwitches } from './options.ts';
import { receivedPage } from './page.ts';
import type { Received } from './readback.ts';
import { answerReadback, readReceived } from './readback.ts';

export type { BloomreachKey, BloomreachOptions, BloomreachProject, BloomreachSwitches } from './options.ts';
export { demoProject } from './options.ts';

export interface BloomreachSimulator extends Simulator<BloomreachSwitches> {
  /** Everything stored so far, as GET /_sim/customers, /_sim/events and /_sim/stats show it. */
  received(): Received;
}

/** Starts the simulator; `GET /` shows people what it received. */
export async function startBloomreachSimulator(options: BloomreachOptions = {}): Promise<BloomreachSimulator> {
  const projects = options.projects ?? [demoProject];
  const now = options.now ?? ((): number => Date.now() / 1000);
  const switches: BloomreachSwitches = { ...standardSwitches, ...options.switches };
  const states = new Map<string, ProjectState>();
  const counts = { commands: 0, refusedCommands: 0, throttled: 0 };
  let random = seededRandom(options.seed ?? 'bloomreach');
  let minute = { number: -1, requests: 0 };

  const clear = (): void => {
    for (const project of projects) states.set(project.token, new ProjectState(project));
    Object.assign(counts, { commands: 0, refusedCommands: 0, throttled: 0 });
    random = seededRandom(options.seed ?? 'bloomreach');
    minute = { number: -1, requests: 0 };
  };
  clear();

  const count = (outcome: CommandOutcome): void => {
    counts.commands += 1;
    if (!outcome.ok) counts.refusedCommands += 1;
  };

  function handle(request: SimRequest): SimResponse {
    if (request.path === '/' && request.method === 'GET') return { status: 200, body: receivedPage(readReceived(states, counts), switches) };
    const [, token, route] = /^\/track\/v2\/projects\/([^/]+)\/(.+)$/.exec(request.path) ?? [];
    if (token === undefined || route === undefined) return refusal(404, 'Not found', switches);
    const overLimit = countRequest();
    if (overLimit) return overLimit;
    const access = checkAccess(projects, token, request, switches);
    if (!access.ok) return access.answer;
    const state = states.get(token);
    if (!state) return refusal(404, 'Project not found', switches);
    return answer(`${request.method} ${route}`, request, { state, key: access.key, switches, now });
  }

  function answer(route: string, request: SimRequest, context: CommandContext): SimResponse {
    switch (route) {
      case 'GET system/time':
        return { status: 200, body: { errors: [], success: true, time: now() } };
      case 'POST customers':
      case 'POST customers/events':
      case 'POST batch':
        break;
      default:
        return refusal(404, 'Not found', switches);
    }
    if (request.rawBody.length > switches.maxBodyBytes) return refusal(switches.tooLargeStatus, 'Request is too large', switches);
    const body = parse(request);
    if (body === undefined) return batchRefusal('Invalid JSON');
    if (route === 'POST batch') return runBatch(body, context, random, count);
    const outcome = runCommand(route.slice('POST '.length), body, context);
    count(outcome);
    return outcome.ok ? { status: 200, body: { errors: [], success: true } } : refusal(switches.singleErrorStatus, outcome.error, switches);
  }

  /** Loopback is one address, so all callers share one limit, as all shops behind one sender do. */
  function countRequest(): SimResponse | undefined {
    const current = Math.floor(now() / 60);
    if (minute.number !== current) minute = { number: current, requests: 0 };
    minute.requests += 1;
    if (minute.requests <= switches.requestsPerMinute) return undefined;
    counts.throttled += 1;
    const waitSeconds = Math.max(1, Math.ceil((current + 1) * 60 - now()));
    return refusal(429, 'Too many requests', switches, switches.retryAfter ? { 'retry-after': String(waitSeconds) } : undefined);
  }

  const simulator = await startSimulator<BloomreachSwitches>({
    name: 'bloomreach',
    ...(options.port !== undefined && { port: options.port }),
    ...(options.host !== undefined && { host: options.host }),
    ...(options.seed !== undefined && { seed: options.seed }),
    switches,
    handle,
    control: (request) => answerReadback(request, states, counts),
    reset: clear,
  });
  // The kit's object has getters, so it is extended rather than copied.
  return Object.assign(simulator, { received: () => readReceived(states, counts) });
}

function parse(request: SimRequest): unknown {
  try {
    return request.json();
  } catch {
    return undefined;
  }
}
