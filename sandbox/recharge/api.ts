// The merchant API's door: rate, token, version, route, scope, collisions; then the route answers.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimRequest, SimResponse } from '../kit.ts';
import type { Call, Route } from './call.ts';
import { readBody } from './call.ts';
import { badAuthentication, callInProgress, endpointNotFound, RechargeError, unsupportedVersion } from './errors.ts';
import { RateBuckets } from './rate-bucket.ts';
import type { Version } from './types.ts';
import type { World } from './world.ts';

interface CompiledRoute extends Route {
  pattern: RegExp;
}

export interface Api {
  handle(request: SimRequest): Promise<SimResponse>;
  reset(): void;
}

/** `open` answers what needs no merchant token, such as the portal; undefined passes the request on. */
export function createApi(getWorld: () => World, routes: readonly Route[], open: (world: World, request: SimRequest) => SimResponse | undefined): Api {
  const compiled: CompiledRoute[] = routes.map((route) => ({ ...route, pattern: new RegExp(`^${route.path.replaceAll(':id', '(\\d+)')}/?$`) }));
  const buckets = new RateBuckets();
  let lists = 0;

  async function handle(request: SimRequest): Promise<SimResponse> {
    const world = getWorld();
    const opened = open(world, request);
    if (opened !== undefined) return opened;
    const headers: Record<string, string> = { 'x-request-id': world.random.hex(32) };
    const tokenText = request.headers['x-recharge-access-token'];
    try {
      if (tokenText !== undefined) {
        const fill = buckets.take(tokenText, performance.now(), world.switches);
        headers['x-recharge-limit'] = fill.header;
        if (!fill.allowed) return { status: 429, headers: { ...headers, ...retryAfter(world) }, body: { warning: 'too many requests' } };
      }
      const call = admit(world, request, tokenText, headers);
      const answer = await run(call, compiled);
      if (request.method === 'GET' && isCutShort(world, answer)) {
        const text = JSON.stringify(answer.body);
        return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: text.slice(0, Math.floor(text.length * 0.6)) };
      }
      return { ...answer, headers: { ...headers, ...answer.headers } };
    } catch (error) {
      if (!(error instanceof RechargeError)) throw error;
      return { status: error.status, headers, body: error.body };
    }
  }

  /** One in N answers with several rows. */
  function isCutShort(world: World, answer: SimResponse): boolean {
    const nth = world.switches.cutEveryNthList;
    if (nth === 0 || typeof answer.body !== 'object' || !('next_cursor' in answer.body)) return false;
    lists += 1;
    return lists % nth === 0;
  }

  return { handle, reset: () => buckets.clear() };
}

function admit(world: World, request: SimRequest, tokenText: string | undefined, headers: Record<string, string>): Call {
  const token = world.tokens.get(tokenText ?? '');
  const store = token === undefined ? undefined : world.stores.get(token.shop);
  if (token === undefined || store?.installed !== true) throw badAuthentication();
  const version = request.headers['x-recharge-version'] ?? store.default_api_version;
  if (version !== '2021-01' && version !== '2021-11') throw unsupportedVersion(version);
  headers['x-recharge-version'] = version;
  let body: Record<string, unknown> | undefined;
  return { world, store, token, version: version as Version, request, query: request.query, ids: [], body: () => (body ??= readBody(request)) };
}

async function run(call: Call, routes: CompiledRoute[]): Promise<SimResponse> {
  const { request, store, world } = call;
  const onPath = routes.filter((route) => route.pattern.test(request.path));
  if (onPath.length === 0) throw endpointNotFound();
  const route = onPath.find((each) => each.method === request.method);
  if (route === undefined) throw new RechargeError(405, { error: 'Method not allowed' });
  checkScopes(call, route.scopes);
  call.ids = (route.pattern.exec(request.path) ?? []).slice(1).map(Number);
  if (request.method !== 'GET') call.body();
  const addresses = route.writes?.(call) ?? [];
  if (addresses.length === 0 || world.switches.concurrentWrites === 'allow') return route.answer(call);
  if (addresses.some((id) => store.busy_addresses.has(id))) throw callInProgress();
  for (const id of addresses) store.busy_addresses.set(id, (store.busy_addresses.get(id) ?? 0) + 1);
  try {
    if (world.switches.writeHoldMs > 0) await sleep(world.switches.writeHoldMs);
    return await route.answer(call);
  } finally {
    for (const id of addresses) {
      const held = (store.busy_addresses.get(id) ?? 1) - 1;
      if (held > 0) store.busy_addresses.set(id, held);
      else store.busy_addresses.delete(id);
    }
  }
}

/** Throws 403 naming the scope; the real body is unknown. */
export function checkScopes(call: Pick<Call, 'token' | 'world'>, scopes: readonly string[]): void {
  const missing = scopes.find((scope) => scope !== '' && !scope.split('|').some((each) => call.token.scopes.includes(each)));
  if (missing !== undefined) throw new RechargeError(403, { [call.world.switches.forbiddenKey]: `This token is missing the scope ${missing.replaceAll('|', ' or ')}` });
}

function retryAfter(world: World): Record<string, string> {
  return world.switches.retryAfterSeconds === null ? {} : { 'retry-after': String(world.switches.retryAfterSeconds) };
}
