// A batch: up to fifty commands, carried out in any order, answered in the order they came.
import type { SeededRandom, SimResponse } from '../kit.ts';
import { batchRefusal, errorFields, refusal } from './answers.ts';
import type { CommandContext, CommandOutcome } from './commands.ts';
import { runCommand } from './commands.ts';

interface BatchItem {
  name?: unknown;
  data?: unknown;
  command_id?: unknown;
}

/** Told of every command that was carried out or refused. */
export type Count = (outcome: CommandOutcome) => void;

/** `body` is parsed JSON. HTTP 200 even when items are refused; 400 when the batch as a whole cannot be read. */
export function runBatch(body: unknown, context: CommandContext, random: SeededRandom, count: Count): SimResponse {
  const commands = (body as { commands?: unknown } | null | undefined)?.commands;
  if (!Array.isArray(commands)) return batchRefusal('commands should be a list');
  const { switches, now } = context;
  if (commands.length > switches.maxCommands) return batchRefusal(`Too many commands, at most ${switches.maxCommands} are allowed`);
  const startTime = now();
  const items = commands as BatchItem[];
  const order = shuffled(items.length, random);
  const refused = new Set(shuffled(items.length, random).slice(0, switches.itemFailuresPerBatch));
  const stopAfter = switches.failMidBatch > 0 ? Math.floor(items.length / 2) : Infinity;

  const results: unknown[] = new Array<unknown>(items.length);
  for (const [done, index] of order.entries()) {
    if (done >= stopAfter) break;
    const item = items[index];
    const outcome: CommandOutcome = refused.has(index) ? { ok: false, error: switches.itemFailureText } : runCommand(item?.name, item?.data, context);
    count(outcome);
    results[index] = {
      success: outcome.ok,
      ...(outcome.ok ? outcome.time !== undefined && { time: outcome.time } : errorFields(outcome.error, switches.errorShape)),
      ...(switches.echoCommandId && item?.command_id !== undefined && { command_id: item.command_id }),
    };
  }
  if (stopAfter !== Infinity) {
    switches.failMidBatch -= 1;
    return refusal(500, 'Internal server error', switches);
  }
  return { status: 200, body: { results, start_time: startTime, end_time: now(), success: true } };
}

/** The numbers from 0 up to `length`, in an order drawn from the seed. */
function shuffled(length: number, random: SeededRandom): number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let at = length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}
