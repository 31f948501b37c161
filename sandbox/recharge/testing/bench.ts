// What the simulator's own tests share: a caller with a token, a receiver of webhooks, the shared fixtures.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startSimulator } from '../../kit.ts';
import type { RecordedRequest, SimResponse, Simulator } from '../../kit.ts';
import { DEFAULT_TOKEN } from '../stores.ts';

export const FIXTURES = fileURLToPath(new URL('../../../../shared/fixtures/recharge/', import.meta.url));
export const hasFixtures = existsSync(FIXTURES);

export function fixture<T = unknown>(name: string): T {
  return JSON.parse(readFileSync(FIXTURES + name, 'utf8')) as T;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** The parsed body; null when empty. */
  body: Record<string, never> & { [key: string]: unknown };
}

export type Caller = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

/** Calls with a token and version 2021-11 unless other headers are given; an empty header is left out. */
export function callerOf(url: string, token = DEFAULT_TOKEN): Caller {
  return async (method, path, body, headers = {}) => {
    const all = { 'x-recharge-access-token': token, 'x-recharge-version': '2021-11', 'content-type': 'application/json', ...headers };
    const answer = await fetch(url + path, {
      method,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text === '' ? null : JSON.parse(text)) as Answer['body'] };
  };
}

export interface Receiver {
  url: string;
  sim: Simulator;
  /** What the receiver answers; 200 unless changed. */
  answer: (number: number) => SimResponse;
  received: () => readonly RecordedRequest[];
  topics: () => string[];
  bodies: <T = Record<string, { id: number } & Record<string, unknown>>>() => T[];
  clear: () => void;
}

export async function startReceiver(): Promise<Receiver> {
  let number = 0;
  const sim = await startSimulator({ name: 'receiver', handle: () => receiver.answer(++number) });
  const receiver: Receiver = {
    url: sim.url,
    sim,
    answer: () => ({ status: 200 }),
    received: () => sim.requests,
    topics: () => sim.requests.map((request) => request.path.replace('/hooks/', '')),
    bodies: <T>() => sim.requests.map((request) => JSON.parse(request.body) as T),
    clear: () => sim.requestLog.clear(),
  };
  return receiver;
}

/** Registers one webhook per topic at `/hooks/<topic>`; returns their ids. */
export async function register(call: Caller, receiver: Receiver, topics: readonly string[], extra: object = {}): Promise<number[]> {
  const ids: number[] = [];
  for (const topic of topics) {
    const answer = await call('POST', '/webhooks', { address: `${receiver.url}/hooks/${topic}`, topic, version: '2021-11', ...extra });
    if (answer.status !== 201) throw new Error(`registering ${topic} gave ${answer.status}`);
    ids.push((answer.body as unknown as { webhook: { id: number } }).webhook.id);
  }
  return ids;
}

/** The topics the observed production receiver listened to. */
export const OBSERVED_TOPICS = [
  'subscription/created', 'subscription/updated', 'subscription/deleted', 'subscription/activated', 'subscription/cancelled',
  'order/created', 'order/processed', 'order/success', 'order/upcoming', 'charge/created', 'charge/updated', 'charge/upcoming', 'charge/deleted',
];
