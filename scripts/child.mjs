// Runs a program in our place: its input and output are ours, so are its signals and its exit code.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectDirectory = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const binDirectory = path.join(projectDirectory, 'node_modules', '.bin');

/**
 * Resolves with the exit code (128 + number for a signal, as shells count); rejects when the program cannot be started.
 * Passes signals on, and ends the program when npm, which started us, has been killed.
 */
export function runChild(program, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: projectDirectory, stdio: 'inherit', env: childEnvironment(environment) });
    let passedOnAt = 0;
    const forward = Object.fromEntries(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => [signal, () => {
      // A signal to the whole group comes twice, once by way of npm. A terminal's Ctrl-C reaches the child by itself.
      if (Date.now() - passedOnAt < 1000 || (signal === 'SIGINT' && process.stdin.isTTY)) return;
      passedOnAt = Date.now();
      child.kill(signal);
    }]));
    for (const [signal, listener] of Object.entries(forward)) process.on(signal, listener);
    const ancestors = npmAncestors();
    const watch = setInterval(() => {
      if (npmAncestors() !== ancestors) child.kill('SIGTERM');
    }, 1000);
    const done = () => {
      clearInterval(watch);
      for (const [signal, listener] of Object.entries(forward)) process.off(signal, listener);
    };
    child.once('error', (error) => (done(), reject(error)));
    child.once('exit', (code, signal) => (done(), resolve(code ?? 128 + (os.constants.signals[signal] ?? 0))));
  });
}

/** Runs a program whose output nobody needs unless it fails; resolves with its exit code and output. */
export function runQuietly(program, args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: projectDirectory, stdio: ['ignore', 'pipe', 'pipe'], env: childEnvironment(environment) });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Who started us through npm, directly or by way of a shell; changes when one of them is gone. */
function npmAncestors() {
  if (!process.env.npm_lifecycle_event) return '';
  try {
    const [, grandparent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${process.ppid}/stat`, 'utf8')) ?? [];
    return `${process.ppid} ${grandparent}`;
  } catch {
    return `${process.ppid}`;
  }
}

function childEnvironment(environment) {
  return { ...process.env, ...environment, PATH: `${binDirectory}${path.delimiter}${process.env.PATH ?? ''}` };
}
