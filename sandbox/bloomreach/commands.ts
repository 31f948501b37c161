// One command, as a single call or as an item of a batch: check it, then carry it out.
import { CustomerBook } from './customers.ts';
import { EventBook } from './events.ts';
import { checkIds } from './ids.ts';
import type { BloomreachKey, BloomreachProject, BloomreachSwitches } from './options.ts';

export const defaultHardIds = ['registered', 'recharge_id'];

/** What a project holds. */
export class ProjectState {
  readonly customers: CustomerBook;
  readonly events = new EventBook();
  /** Things Bloomreach takes without a word and that are nearly always a mistake. */
  readonly oddities = { millisecondTimestamps: 0, nonAsciiNames: 0 };
  readonly project: BloomreachProject;

  constructor(project: BloomreachProject) {
    this.project = project;
    this.customers = new CustomerBook(project.hardIds ?? defaultHardIds);
  }
}

export type CommandOutcome = { ok: true; time?: number } | { ok: false; error: string };

export interface CommandContext {
  state: ProjectState;
  key: BloomreachKey;
  switches: BloomreachSwitches;
  /** Seconds. */
  now: () => number;
}

export function runCommand(name: unknown, data: unknown, context: CommandContext): CommandOutcome {
  switch (name) {
    case 'system/time':
      return { ok: true, time: context.now() };
    case 'customers':
      return updateCustomer(asObject(data) ?? {}, context);
    case 'customers/events':
      return addEvent(asObject(data) ?? {}, context);
    default:
      return { ok: false, error: `Unknown command ${String(name)}` };
  }
}

function updateCustomer(data: Record<string, unknown>, { state, key, switches, now }: CommandContext): CommandOutcome {
  const checked = idsOf(data, state, switches);
  if (!checked.ok) return checked;
  const properties = asObject(data.properties);
  if (!properties || Object.keys(properties).length === 0) return { ok: false, error: 'At least one property should be specified' };
  if (key.properties && Object.keys(properties).some((name) => !key.properties?.includes(name))) return { ok: false, error: 'not authorized to update specified customer properties' };
  const tooLarge = findTooLarge(properties, switches);
  if (tooLarge) return tooLarge;
  const updatedAt = readTimestamp(data.update_timestamp, now);
  if (updatedAt === undefined) return { ok: false, error: 'update_timestamp is not a valid timestamp' };

  noteOddities(state, Object.keys(properties), updatedAt);
  state.customers.update(state.customers.resolve(checked.ids), properties, updatedAt, switches.maxProperties);
  return { ok: true };
}

function addEvent(data: Record<string, unknown>, { state, key, switches, now }: CommandContext): CommandOutcome {
  const checked = idsOf(data, state, switches);
  if (!checked.ok) return checked;
  const { event_type: type } = data;
  if (typeof type !== 'string' || type === '') return { ok: false, error: 'event_type is required' };
  if (key.eventTypes && !key.eventTypes.includes(type)) return { ok: false, error: 'Not authorized to add event of specified type' };
  const properties = data.properties === undefined ? {} : asObject(data.properties);
  if (!properties) return { ok: false, error: 'properties should be an object' };
  const tooLarge = findTooLarge(properties, switches);
  if (tooLarge) return tooLarge;
  const timestamp = readTimestamp(data.timestamp, now);
  if (timestamp === undefined) return { ok: false, error: 'timestamp is not a valid timestamp' };

  noteOddities(state, [type, ...Object.keys(properties)], timestamp);
  state.events.add(state.customers.resolve(checked.ids), { ids: checked.ids, type, timestamp, properties }, now());
  return { ok: true };
}

function idsOf(data: Record<string, unknown>, state: ProjectState, switches: BloomreachSwitches): ReturnType<typeof checkIds> {
  return checkIds(data.customer_ids, {
    normalise: switches.normaliseIds,
    refuseUnknown: switches.unknownIds === 'refuse',
    hardIds: state.project.hardIds ?? defaultHardIds,
  });
}

function findTooLarge(properties: Record<string, unknown>, switches: BloomreachSwitches): { ok: false; error: string } | undefined {
  const name = Object.keys(properties).find((each) => Buffer.byteLength(JSON.stringify(properties[each]) ?? '') > switches.maxPropertyBytes);
  return name === undefined ? undefined : { ok: false, error: `Value of property ${name} is too large` };
}

/** Seconds as a number, or ISO 8601 as text; milliseconds are not recognised and stay what they are. */
function readTimestamp(given: unknown, now: () => number): number | undefined {
  if (given === undefined || given === null) return now();
  if (typeof given === 'number') return Number.isFinite(given) ? given : undefined;
  if (typeof given !== 'string' || !/^\d{4}-\d\d-\d\d/.test(given)) return undefined;
  const ms = Date.parse(given);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

function noteOddities(state: ProjectState, names: readonly string[], timestamp: number): void {
  if (timestamp > 1e11) state.oddities.millisecondTimestamps += 1;
  if (names.some((name) => /[^\x20-\x7e]/.test(name))) state.oddities.nonAsciiNames += 1;
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
