// Runs Prisma's command line against a scratch database on the embedded server, so that nothing but this project is needed.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { closeTestServer, createEmptyDatabase } from '#tests/support/database.ts';

export const projectDirectory = path.resolve(import.meta.dirname, '..');

/** Runs `prisma` with `args`; returns its exit code and what it printed. */
export async function runPrisma(args: string[]): Promise<{ code: number; output: string }> {
  const scratch = await createEmptyDatabase();
  try {
    const child = spawn(process.execPath, [path.join(projectDirectory, 'node_modules', 'prisma', 'build', 'index.js'), ...args], {
      cwd: projectDirectory,
      env: { ...process.env, DATABASE_URL: scratch.url, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? 1)));
    return { code, output };
  } finally {
    await scratch.drop();
    await closeTestServer();
  }
}
