/** The app's processes as an operator's supervisor keeps them: started again after every death, killed, frozen and asked to stop by the run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import type { History } from './history.ts';

export type Role = 'web' | 'worker';

export type Supervised = {
  name: string;
  role: Role;
  /** Where a web process listens; 0 for a worker. */
  port: number;
  running(): boolean;
  /** How often it ended without having been told to. */
  deaths(): number;
  /** Sends a signal to the process itself and records it as a fault. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, waits for the end and for the next one to be ready. Returns how long the end took. */
  restart(): Promise<number>;
  ready(): Promise<void>;
  stop(): Promise<void>;
};

const files: Record<Role, string> = { web: path.join(import.meta.dirname, 'web.ts'), worker: path.join(import.meta.dirname, '..', 'processes', 'worker.ts') };
const pauseBeforeRestartMs = 250;
const readyLimitMs = 60_000;

/** Starts the role and keeps it running; its lines go to `logFile`. */
export async function supervise(role: Role, name: string, environment: NodeJS.ProcessEnv, logFile: string, history: History): Promise<Supervised> {
  const port = role === 'web' ? await freePort() : 0;
  let stopping = false;
  let deaths = 0;
  let child = launch();
  let timer: NodeJS.Timeout | undefined;

  function launch(): ChildProcess {
    const log = openSync(logFile, 'a');
    const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', files[role]], {
      stdio: ['ignore', log, log], env: { ...environment, RECHANNEL_ROLE: role, PORT: String(port), HOST: '127.0.0.1' },
    });
    closeSync(log);
    started.once('exit', (code, signal) => {
      if (stopping) return;
      deaths++;
      history.record({ kind: 'fault', what: `ended (${signal ?? code})`, on: name });
      timer = setTimeout(() => (child = launch()), pauseBeforeRestartMs);
    });
    return started;
  }

  const running = () => child.exitCode === null && child.signalCode === null;

  async function end(limitMs: number): Promise<void> {
    if (!running()) return;
    const ended = once(child, 'exit');
    const mercy = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await ended;
    clearTimeout(mercy);
  }

  async function ready(): Promise<void> {
    if (role === 'worker') return;
    const limit = performance.now() + readyLimitMs;
    while (performance.now() < limit) {
      const is = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).then((answer) => answer.ok, () => false);
      if (is) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${name} did not become ready within a minute; its log is ${logFile}`);
  }

  return {
    name,
    role,
    port,
    running,
    deaths: () => deaths,
    signal(signal) {
      history.record({ kind: 'fault', what: signal, on: name });
      child.kill(signal);
    },
    async restart() {
      history.record({ kind: 'fault', what: 'SIGTERM', on: name });
      const startedAt = performance.now();
      const before = child;
      await end(60_000);
      const tookMs = performance.now() - startedAt;
      while (child === before) await new Promise((resolve) => setTimeout(resolve, 20));
      await ready();
      return tookMs;
    },
    ready,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await end(10_000);
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
