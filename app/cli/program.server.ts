/** The command line: reads the words, runs one command, prints its result. JSON goes to standard output, everything else beside it. */
import { Command, CommanderError } from 'commander';
import { InputRefused } from '#app/errors.ts';
import type { CliCommand } from './command.ts';
import { applyCommand } from './commands/apply.server.ts';
import { backfillCommand } from './commands/backfill.server.ts';
import { deliveriesCommand, deliveryCommand } from './commands/deliveries.server.ts';
import { eventsCommand } from './commands/events.server.ts';
import { parityCommand } from './commands/parity.server.ts';
import { pauseCommand, resumeCommand } from './commands/pause.server.ts';
import { replayCommand } from './commands/replay.server.ts';
import { rotateKeysCommand } from './commands/rotate-keys.server.ts';
import { runJobCommand } from './commands/run-job.server.ts';
import { statusCommand } from './commands/status.server.ts';
import { toJson, type Printed } from './output.ts';
import { exitCodes, refusalOf } from './refusal.ts';

export const commands: readonly CliCommand[] = [
  applyCommand,
  statusCommand,
  eventsCommand,
  deliveriesCommand,
  deliveryCommand,
  replayCommand,
  runJobCommand,
  backfillCommand,
  parityCommand,
  pauseCommand,
  resumeCommand,
  rotateKeysCommand,
];

export type Io = {
  /** Standard output: results only. */
  out(text: string): void;
  /** Standard error: everything else. */
  err(text: string): void;
  /** Runs work that needs the database, which it opens before and closes after. */
  withDatabase<Result>(work: () => Promise<Result>): Promise<Result>;
};

/** Runs the command that `words` name (without node and script) and returns the exit code; never throws. */
export async function runCli(words: readonly string[], io: Io): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = newProgram(io);
  for (const command of commands) {
    const sub = program.command(command.usage).description(command.summary).option('--json', 'print JSON');
    command.options?.(sub);
    sub.action(async () => {
      const printed = await io.withDatabase(() => command.run(sub.args, sub.opts()));
      print(io, printed, { json: sub.opts().json === true, alwaysJson: command.alwaysJson === true });
      exitCode = printed.exitCode ?? exitCodes.done;
    });
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (thrown) {
    return refuse(io, thrown, words);
  }
  return exitCode;
}

function newProgram(io: Io): Command {
  return new Command('npm run cli --')
    .description('Operates Rechannel from a shell. Every command takes --json. Exit codes: 0 done, 1 failed, 2 wrong input, 3 refused by a vendor.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.err(text), writeErr: (text) => io.err(text), outputError: () => {} })
    .showSuggestionAfterError(true);
}

function print(io: Io, { json, text, warnings = [] }: Printed, wanted: { json: boolean; alwaysJson: boolean }): void {
  for (const warning of warnings) io.err(`Warning: ${warning}\n`);
  if (wanted.json || wanted.alwaysJson) io.out(`${toJson(json)}\n`);
  else io.out(`${text}\n`);
  if (wanted.alwaysJson) io.err(`${text}\n`);
}

function refuse(io: Io, thrown: unknown, words: readonly string[]): number {
  const error = thrown instanceof CommanderError && thrown.code === 'commander.unknownCommand' ? unknownCommand(words) : thrown;
  const refusal = refusalOf(error);
  // Help that was asked for, or shown because no command was named, is printed already.
  if (error instanceof CommanderError && (error.code.startsWith('commander.help') || error.code === 'commander.version')) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongInput;
  if (words.includes('--json')) io.out(`${toJson(refusal.json)}\n`);
  io.err(`${refusal.text}\n`);
  return refusal.exitCode;
}

function unknownCommand(words: readonly string[]): InputRefused {
  const message = `"${words.find((word) => !word.startsWith('-')) ?? ''}" is no command. There are: ${commands.map(({ usage }) => usage.split(' ')[0]).join(', ')}.`;
  return new InputRefused(message, [{ path: 'command', message }]);
}
