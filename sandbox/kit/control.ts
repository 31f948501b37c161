// The control routes under /_sim/ that every simulator offers to tests and to people with curl.
import { ZodError } from 'zod';
import type { FaultBook, FaultRuleInput } from './faults.ts';
import type { RequestLog } from './request-log.ts';
import type { SimRequest, SimResponse } from './server.ts';

export interface ControlParts {
  name: string;
  faults: FaultBook;
  requests: RequestLog;
  switches: object;
  reset(): void | Promise<void>;
  /** The simulator's own control routes; undefined means "not mine". */
  control?(request: SimRequest): SimResponse | undefined | Promise<SimResponse | undefined>;
}

/** Answers a request below /_sim/. Wrong input gives 422 with `{"error": text}`. */
export async function answerControl(parts: ControlParts, request: SimRequest): Promise<SimResponse> {
  try {
    return (await parts.control?.(request)) ?? (await answerCommon(parts, request)) ?? { status: 404, body: { error: `no control route ${request.method} ${request.path}` } };
  } catch (error) {
    if (error instanceof ZodError) return { status: 422, body: { error: error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ') } };
    return { status: 422, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

async function answerCommon(parts: ControlParts, request: SimRequest): Promise<SimResponse | undefined> {
  const { faults, requests, switches } = parts;
  switch (`${request.method} ${request.path}`) {
    case 'GET /_sim/health':
      return { status: 200, body: { name: parts.name, ok: true, requests: requests.total } };
    case 'GET /_sim/requests': {
      const path = request.query.get('path');
      const method = request.query.get('method');
      const found = requests.find({ ...(path !== null && { path }), ...(method !== null && { method }) });
      const limit = Number(request.query.get('limit') ?? found.length);
      return { status: 200, body: { count: found.length, requests: limit > 0 ? found.slice(-limit) : [] } };
    }
    case 'DELETE /_sim/requests':
      requests.clear();
      return { status: 204 };
    case 'GET /_sim/faults':
      return { status: 200, body: { faults: faults.list() } };
    case 'POST /_sim/faults': {
      const input = request.json() as FaultRuleInput | FaultRuleInput[];
      const added = (Array.isArray(input) ? input : [input]).map((rule) => faults.add(rule));
      return { status: 201, body: { faults: added } };
    }
    case 'DELETE /_sim/faults': {
      const id = request.query.get('id');
      if (id === null) faults.clear();
      else if (!faults.remove(id)) return { status: 404, body: { error: `no fault ${id}` } };
      return { status: 204 };
    }
    case 'GET /_sim/switches':
      return { status: 200, body: switches };
    case 'PATCH /_sim/switches':
      setSwitches(switches, request.json());
      return { status: 200, body: switches };
    case 'POST /_sim/reset':
      faults.clear();
      requests.clear();
      await parts.reset();
      return { status: 204 };
    default:
      return undefined;
  }
}

/** Changes switches in place; refuses names that do not exist and values of another type, changing nothing. */
export function setSwitches(switches: object, changes: unknown): void {
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes)) throw new Error('switches must be a JSON object');
  const current = switches as Record<string, unknown>;
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(current, name)) throw new Error(`no switch ${name}; there are ${Object.keys(current).join(', ')}`);
    const before = current[name];
    if (before !== null && value !== null && typeof before !== typeof value) throw new Error(`switch ${name} is a ${typeof before}`);
  }
  Object.assign(current, changes);
}
