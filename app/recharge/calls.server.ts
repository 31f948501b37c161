/** Sends single calls to Recharge: headers, allowance, retries, the caller's deadline. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Http, HttpAnswer } from '../http.server.ts';
import { Failure, toFailure } from '../errors.ts';
import type { RechargeBudget, Priority } from './client.server.ts';
import { cutAnswer, failureOf, transportFailure, type Call } from './errors.ts';
import { parseRechargeJson } from './json.ts';
import { nextWaitMs, slowDownMs, throttledWaitMs, type Troubles } from './retry.ts';

export const apiVersion = '2021-11';

export type CallOptions = {
  baseUrl: string;
  apiToken: string;
  http: Http;
  budget: RechargeBudget;
  priority: Priority;
  /** By `performance.now()`. */
  deadlineAt: number;
  /** How long one call of a person may take in all. */
  interactiveMs: number;
  wait?: (ms: number) => Promise<unknown>;
  random?: () => number;
};

/** `body` is parsed JSON, undefined where the call ignores it. */
export type CallAnswer = { answer: HttpAnswer; body: unknown };
/** Throws Failure with system `Recharge`. `accept` lets a non-2xx answer pass as an answer. */
export type Send = (call: Call, accept?: (answer: HttpAnswer) => boolean) => Promise<CallAnswer>;

export function createSend(options: CallOptions): Send {
  const { budget, priority, random = Math.random, wait = sleep } = options;
  let calmUntil = 0;

  return async (call, accept) => {
    const end = Math.min(options.deadlineAt, priority === 'interactive' ? performance.now() + options.interactiveMs : Infinity);
    const remaining = () => end - performance.now();
    const troubles: Troubles = { lost: 0, busy: 0, throttled: 0 };
    for (;;) {
      if (remaining() <= 0) throw tooLate();
      if (call.sessionToken === undefined) {
        const calmMs = calmUntil - performance.now();
        if (priority === 'background' && calmMs > 0 && calmMs < remaining()) await wait(calmMs);
        await (end === Infinity ? budget.take(priority) : budget.take(priority, Math.max(0, remaining())));
      }
      try {
        const result = await sendOnce(options, call, remaining(), accept);
        calmUntil = performance.now() + slowDownMs(result.answer.headers['x-recharge-limit']);
        return result;
      } catch (error) {
        const failure = toFailure(error);
        count(troubles, failure);
        if (failure.kind === 'throttled' && call.sessionToken === undefined) await budget.penalise(throttledWaitMs(failure, troubles.throttled, random));
        const waitMs = nextWaitMs(failure, call.repeatable, troubles, random);
        if (waitMs === null || waitMs >= remaining()) throw error;
        await wait(waitMs);
      }
    }
  };
}

async function sendOnce(options: CallOptions, call: Call, remainingMs: number, accept?: (answer: HttpAnswer) => boolean): Promise<CallAnswer> {
  if (remainingMs <= 0) throw tooLate();
  const answer = await options
    .http({
      method: call.method,
      url: options.baseUrl + call.path + queryOf(call.query),
      headers: {
        accept: 'application/json',
        'x-recharge-access-token': call.sessionToken ?? options.apiToken,
        // Without it Recharge silently answers in the store's default version.
        'x-recharge-version': apiVersion,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(remainingMs < 15_000 ? { timeoutMs: Math.ceil(remainingMs) } : {}),
    })
    .catch((error: unknown) => {
      throw transportFailure(call, error);
    });
  if (accept?.(answer)) return { answer, body: undefined };
  if (answer.status < 200 || answer.status > 299) throw failureOf(call, answer, [options.apiToken, ...(call.sessionToken ? [call.sessionToken] : []), ...Object.values(call.headers ?? {})]);
  if (call.answerIgnored) return { answer, body: undefined };
  try {
    return { answer, body: parseRechargeJson(answer.text) };
  } catch {
    throw cutAnswer(call, answer.status);
  }
}

function count(troubles: Troubles, failure: Failure): void {
  if (failure.code === 'recharge_busy') troubles.busy += 1;
  else if (failure.kind === 'throttled') troubles.throttled += 1;
  else troubles.lost += 1;
}

function queryOf(query: Call['query'] = {}): string {
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return said.length > 0 ? `?${new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString()}` : '';
}

function tooLate(): Failure {
  return new Failure('transient', 'Recharge took too long to answer.', { code: 'recharge_too_late', system: 'Recharge' });
}
