/** How a command that failed ends: what a person reads, what a machine reads, which exit code. */
import { CommanderError } from 'commander';
import { InputRefused, toFailure } from '#app/errors.ts';
import { redactText } from '#app/log.server.ts';

export const exitCodes = {
  done: 0,
  /** The database is away, or a bug. */
  failed: 1,
  /** Wrong command, option, file or setting; nothing was changed. */
  wrongInput: 2,
  /** A vendor refused or could not be asked. */
  vendorRefused: 3,
} as const;

export type Refusal = { exitCode: number; text: string; json: { error: Record<string, unknown> } };

/** Turns what a command threw into its ending. Secrets and personal data of a vendor's answer are taken out. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof InputRefused) {
    const listed = thrown.faults.filter((fault) => fault.path !== '' && !thrown.message.includes(fault.message));
    const text = [thrown.message, ...listed.map((fault) => `  ${fault.path}: ${fault.message}`)].join('\n');
    return { exitCode: exitCodes.wrongInput, text, json: { error: { message: thrown.message, faults: thrown.faults } } };
  }
  if (thrown instanceof CommanderError) {
    return { exitCode: thrown.exitCode === 0 ? exitCodes.done : exitCodes.wrongInput, text: thrown.message, json: { error: { message: thrown.message } } };
  }
  const failure = toFailure(thrown);
  const message = redactText(failure.message);
  const { system = null, status = null, code } = failure;
  const vendorAnswer = failure.vendorAnswer ? redactText(failure.vendorAnswer) : null;
  const named = system && !message.includes(system) ? `${system}: ${message}` : message;
  const answered = vendorAnswer && !message.includes(vendorAnswer) ? `\n  ${system ?? 'It'} answered: ${vendorAnswer}` : '';
  const exitCode = system ? exitCodes.vendorRefused : failure.kind === 'rejected' ? exitCodes.wrongInput : exitCodes.failed;
  return { exitCode, text: `${named}${answered}`, json: { error: { message, code, system, status, vendorAnswer } } };
}
