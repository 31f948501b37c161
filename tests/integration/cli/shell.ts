/** Runs the real command line as a process of its own. */
import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export type Ran = { exitCode: number | null; out: string; err: string; json: unknown };

const project = path.resolve(import.meta.dirname, '..', '..', '..');

/** Runs `cli <words>` under the variables given (and PATH alone beside them); `input` goes to its standard input. */
export async function cli(words: readonly string[], variables: Record<string, string>, input = ''): Promise<Ran> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'processes/cli.ts', ...words], { cwd: project, env: { NODE_ENV: 'test', PATH: process.env.PATH ?? '', ...variables } });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (err += part.toString('utf8')));
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  let json: unknown;
  try {
    json = JSON.parse(out);
  } catch {
    json = undefined;
  }
  return { exitCode, out, err, json };
}

/** Writes a setup file into a directory of its own. */
export async function setupFile(document: unknown): Promise<string> {
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'rechannel-setup-')), 'setup.json');
  await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document));
  return file;
}
