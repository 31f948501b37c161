// What the simulator holds, for tests, for the demo and for people with curl.
import type { SimRequest, SimResponse } from '../kit.ts';
import type { ProjectState } from './commands.ts';

export interface ReceivedEvent {
  project: string;
  customer: number;
  ids: Record<string, string[]>;
  type: string;
  timestamp: number;
  properties: Record<string, unknown>;
  receivedAt: number;
  duplicates: number;
}

export interface ReceivedCustomer {
  project: string;
  customer: number;
  ids: Record<string, string[]>;
  properties: Record<string, unknown>;
  /** Update time of each property, seconds. */
  updatedAt: Record<string, number>;
  events: number;
}

export interface ReceivedStats {
  commands: number;
  refusedCommands: number;
  throttled: number;
  customers: number;
  merges: number;
  events: number;
  billableEvents: number;
  duplicateEvents: number;
  droppedProperties: number;
  millisecondTimestamps: number;
  nonAsciiNames: number;
}

export interface Received {
  customers: ReceivedCustomer[];
  /** In order of arrival. */
  events: ReceivedEvent[];
  stats: ReceivedStats;
}

interface Counts {
  commands: number;
  refusedCommands: number;
  throttled: number;
}

export function readReceived(states: ReadonlyMap<string, ProjectState>, counts: Counts): Received {
  const all = [...states.values()];
  const customers = all.flatMap((state) =>
    state.customers.all.map((customer) => ({
      project: state.project.token,
      customer: customer.number,
      ids: Object.fromEntries([...customer.ids].filter(([, values]) => values.size > 0).map(([name, values]) => [name, [...values]])),
      properties: Object.fromEntries([...customer.properties].map(([name, { value }]) => [name, value])),
      updatedAt: Object.fromEntries([...customer.properties].map(([name, { updatedAt }]) => [name, updatedAt])),
      events: state.events.of(customer).length,
    })),
  );
  const events = all.flatMap((state) => {
    const successor = new Map(state.customers.all.flatMap((customer) => [customer.number, ...customer.mergedFrom].map((number) => [number, customer.number])));
    return state.events.all.map(({ customerNumber, number: _number, ...event }) => ({ project: state.project.token, customer: successor.get(customerNumber) ?? customerNumber, ...event }));
  });
  const sum = (of: (state: ProjectState) => number): number => all.reduce((total, state) => total + of(state), 0);
  const billableEvents = sum((state) => state.events.billable);
  return {
    customers,
    events,
    stats: {
      ...counts,
      customers: customers.length,
      merges: sum((state) => state.customers.merges),
      events: events.length,
      billableEvents,
      duplicateEvents: billableEvents - events.length,
      droppedProperties: sum((state) => state.customers.droppedProperties),
      millisecondTimestamps: sum((state) => state.oddities.millisecondTimestamps),
      nonAsciiNames: sum((state) => state.oddities.nonAsciiNames),
    },
  };
}

/** GET /_sim/customers, /_sim/events and /_sim/stats; filters `project`, `id` (any id value of the customer), `type`, and `limit` for the newest. */
export function answerReadback(request: SimRequest, states: ReadonlyMap<string, ProjectState>, counts: Counts): SimResponse | undefined {
  if (request.method !== 'GET' || !['/_sim/customers', '/_sim/events', '/_sim/stats'].includes(request.path)) return undefined;
  const { query } = request;
  const received = readReceived(states, counts);
  const project = query.get('project');
  const id = query.get('id');
  const customers = received.customers.filter((each) => (project === null || each.project === project) && (id === null || Object.values(each.ids).some((values) => values.includes(id))));
  switch (request.path) {
    case '/_sim/customers':
      return { status: 200, body: { count: customers.length, customers: limited(customers, query) } };
    case '/_sim/events': {
      const type = query.get('type');
      const wanted = new Set(customers.map((each) => `${each.project} ${each.customer}`));
      const events = received.events.filter((each) => wanted.has(`${each.project} ${each.customer}`) && (type === null || each.type === type));
      return { status: 200, body: { count: events.length, events: limited(events, query) } };
    }
    case '/_sim/stats':
      return { status: 200, body: received.stats };
    default:
      return undefined;
  }
}

function limited<T>(list: T[], query: URLSearchParams): T[] {
  const limit = query.get('limit');
  return limit === null ? list : list.slice(-Math.max(1, Number(limit)));
}
