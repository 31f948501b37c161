/** `rotate-keys`: re-encrypts every secret with the first key. */
import { rotateKeys } from '#app/connections/rotate-keys.server.ts';
import type { CliCommand } from '../command.ts';
import { table } from '../output.ts';
import { exitCodes } from '../refusal.ts';

export const rotateKeysCommand: CliCommand = {
  usage: 'rotate-keys',
  summary: 'encrypts every stored secret anew with the first of ENCRYPTION_KEYS; can be repeated',
  async run() {
    const rotated = await rotateKeys();
    const warnings = rotated.failed.map(({ column, count, message }) => `${count} of ${column} could not be opened: ${message}`);
    return {
      json: rotated,
      text: table(['column', 'encrypted anew'], Object.entries(rotated.columns), 'Everything is encrypted with the first key already.'),
      warnings,
      ...(warnings.length > 0 ? { exitCode: exitCodes.failed } : {}),
    };
  },
};
