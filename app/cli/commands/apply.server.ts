/** `apply FILE`: makes a shop's connections what a setup file says. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { applySetup, type Applied } from '#app/apply/apply.server.ts';
import { InputRefused } from '#app/errors.ts';
import type { CliCommand } from '../command.ts';

export const applyCommand: CliCommand = {
  usage: 'apply <file>',
  summary: 'connects a shop as a setup file (JSON) says; "-" reads standard input',
  alwaysJson: true,
  options: (command) => void command.option('--dry-run', 'check everything, at the vendors too, and change nothing'),
  async run([file = ''], { dryRun }) {
    const { applied, warnings } = await applySetup(await readText(file), { actor: 'cli', dryRun: dryRun === true, environment: process.env });
    return { json: applied, text: sentence(applied, dryRun === true), warnings };
  },
};

async function readText(file: string): Promise<string> {
  if (file === '-') {
    const parts: Buffer[] = [];
    for await (const part of process.stdin) parts.push(part as Buffer);
    return Buffer.concat(parts).toString('utf8');
  }
  // npm runs scripts in the project's directory; a relative path means the one where the person stands.
  const standing = path.resolve(process.env.INIT_CWD ?? '.', file);
  return readFile(existsSync(file) ? file : standing, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new InputRefused(`The setup file ${file} cannot be read (${error.code ?? error.message}).`, [{ path: 'FILE', message: `cannot be read: ${error.code ?? error.message}` }]);
  });
}

function sentence({ shop, recharge, destinations, changed }: Applied, dryRun: boolean): string {
  const done = dryRun ? (changed ? 'would be changed' : 'is as the file says') : changed ? 'was changed' : 'was as the file says';
  const missing = recharge.missingScopes.length > 0 ? ` Recharge's token lacks, for the portal: ${recharge.missingScopes.join(', ')}.` : '';
  return `${shop} ${done}: Recharge ${recharge.status}, ${destinations.map(({ type, status }) => `${type} ${status}`).join(', ') || 'no destination in the file'}.${missing}`;
}
