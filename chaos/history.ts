/** What happened in a run, one JSON line for each thing, in the order in which the harness saw it. */
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export type Happening =
  /** The first try of a webhook; `event` is the id of the one subscription it is about, `n` counts a customer's webhooks from 1. */
  | { kind: 'sent'; event: string; shop: string; customer: string; n: number; topic: string; /** Why it must never be taken by the destination. */ poison?: string }
  /** What one try was answered; `status` is null when no answer came. */
  | { kind: 'answered'; event: string; status: number | null; ms: number; why?: string }
  /** A copy of an acknowledged webhook was answered. */
  | { kind: 'copied'; event: string; status: number | null }
  /** The destination took it. `digest` is of the bytes, `eventId` is what a receiver recognises a repeat by. */
  | { kind: 'arrived'; shop: string; event: string; eventId: string; commandId: string; digest: string }
  /** The destination took it and its answer was lost on purpose: a repeat is owed. */
  | { kind: 'answer-lost'; shop: string; event: string }
  | { kind: 'fault'; what: string; on: string };

/** `at` is in ms since the run began. */
export type Entry = Happening & { at: number };

export type History = {
  record(happening: Happening): void;
  entries: readonly Entry[];
  /** Milliseconds since the run began. */
  now(): number;
  close(): Promise<void>;
};

/** Keeps the history in memory and, when `file` is given, on disk. */
export function openHistory(file?: string): History {
  const startedAt = performance.now();
  const now = () => Math.round((performance.now() - startedAt) * 10) / 10;
  const entries: Entry[] = [];
  if (file) mkdirSync(path.dirname(file), { recursive: true });
  const out = file ? createWriteStream(file) : undefined;
  return {
    entries,
    now,
    record(happening) {
      const entry = { at: now(), ...happening };
      entries.push(entry);
      out?.write(`${JSON.stringify(entry)}\n`);
    },
    close: () => new Promise((resolve) => (out ? out.end(() => resolve()) : resolve())),
  };
}

export function readHistory(file: string): Entry[] {
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
}
