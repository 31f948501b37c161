/**
 * Production in one command: web and worker side by side on one database. A role that dies is started again;
 * a signal stops both, web first, so that nothing arrives that nobody would send.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { log } from '#app/log.server.ts';
import { openProcess, stopOnSignal } from './open.ts';

const roles = ['web', 'worker'] as const;
type Role = (typeof roles)[number];

const opened = await openProcess('start');
const children = new Map<Role, ChildProcess>();
let stopping = false;

for (const role of roles) launch(role, 0);
stopOnSignal(async () => {
  stopping = true;
  for (const role of roles) await end(role);
  await opened.close();
}, 55_000);

function launch(role: Role, failures: number): void {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...process.execArgv, path.join(import.meta.dirname, `${role}.ts`)], {
    stdio: 'inherit',
    env: { ...process.env, RECHANNEL_ROLE: role },
  });
  children.set(role, child);
  child.on('exit', (code, signal) => {
    if (stopping) return;
    // Exit code 2 is a setting that is wrong: starting again would not change it.
    if (code === 2) process.exit(2);
    const inRow = performance.now() - startedAt > 60_000 ? 0 : failures + 1;
    const waitMs = Math.min(30_000, 250 * 2 ** inRow);
    log.error('A process ended and is started again', { role, code, signal, waitMs });
    setTimeout(() => {
      if (!stopping) launch(role, inRow);
    }, waitMs);
  });
}

async function end(role: Role): Promise<void> {
  const child = children.get(role);
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
