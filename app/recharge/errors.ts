/**
 * What an answer of Recharge means for whoever must act: one classification, from status and body.
 * Source: contract of Recharge 2.2 to 2.4 (statuses, the four shapes of error bodies, 409).
 */
import type { HttpAnswer } from '../http.server.ts';
import { Failure, type FailureKind } from '../errors.ts';
import { isRecord, own } from './fields.ts';
import { parseRechargeJson } from './json.ts';
import { tokenPaths } from './scopes.ts';

export type Call = {
  method: 'GET' | 'POST' | 'DELETE';
  /** With its leading slash; names nobody's data but ids. */
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Doing it twice is the same as once: it may be sent again when its outcome is unknown. */
  repeatable: boolean;
  /** The permission it needs, for the message of a 403. */
  scope?: string;
  /** Sent instead of the merchant's token, and on its own allowance: a customer's session. */
  sessionToken?: string;
  /** The answer's body is of no interest, and may be missing. */
  answerIgnored?: boolean;
};

const system = 'Recharge';

/** The failure that a non-2xx answer stands for. `secrets` are cut out of the vendor's words. */
export function failureOf(call: Call, answer: HttpAnswer, secrets: readonly string[] = []): Failure {
  const { status } = answer;
  const said = vendorWords(answer, secrets);
  const fail = (kind: FailureKind, code: string, message: string, retryAfterMs?: number) =>
    new Failure(kind, message, { code, system, status, ...(said ? { vendorAnswer: said } : {}), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  const quoted = said ? ` Recharge's words: ${said}` : '';

  if (call.sessionToken !== undefined && (status === 401 || status === 403)) {
    return fail('rejected', 'recharge_session_refused', `Recharge did not accept the customer's session (${status}).${quoted}`);
  }
  switch (status) {
    case 401:
      return fail('unauthorised', 'recharge_token_refused', `Recharge refused the API token (401). Copy it again, or create a new one in Recharge under ${tokenPaths[0]}. A store that never used Recharge's API must ask Recharge for access first.${quoted}`);
    case 403:
      return fail('unauthorised', 'recharge_scope_missing', `Recharge answered that the API token may not do this (403). ${call.scope ? `Give the token the permission ${call.scope}` : "Check the token's permissions"} in Recharge under ${tokenPaths[0]}. A store that never used Recharge's API must ask Recharge for access first.${quoted}`);
    case 404:
      return fail('rejected', 'recharge_not_found', `Recharge has nothing at this address (404).${quoted}`);
    case 408:
    case 425:
      return fail('transient', 'recharge_unavailable', `Recharge could not answer just now (${status}).${quoted}`);
    case 409:
      return fail('transient', 'recharge_busy', `Recharge is still working on another change of the same customer (409).${quoted}`);
    case 422:
      return fail('rejected', 'recharge_invalid', `Recharge refused this as invalid (422).${quoted}`);
    case 426:
      return fail('rejected', 'recharge_version_refused', `Recharge no longer supports the API version that Rechannel uses (426). Update Rechannel.${quoted}`);
    case 429:
      return fail('throttled', 'recharge_throttled', 'Recharge asks to slow down (429).', retryAfterOf(answer));
  }
  if (status >= 500 && status !== 501) {
    return fail(call.repeatable ? 'transient' : 'unknown_outcome', 'recharge_unavailable', `Recharge has a fault of its own (${status}).`);
  }
  if (status >= 300 && status < 400) return fail('rejected', 'recharge_redirected', `Recharge sent us elsewhere (${status}), which is never followed.`);
  return fail('rejected', 'recharge_refused', `Recharge refused this (${status}).${quoted}`);
}

/** A failure of the transport, told as Recharge's: a read that was lost may simply be asked again. */
export function transportFailure(call: Call, thrown: unknown): unknown {
  if (!(thrown instanceof Failure)) return thrown;
  const details = { code: thrown.code, system, cause: thrown.cause, ...(thrown.status === undefined ? {} : { status: thrown.status }) };
  if (thrown.code === 'answer_too_large') return new Failure(call.repeatable ? 'rejected' : 'unknown_outcome', 'Recharge answered with more than Rechannel takes in.', details);
  if (thrown.kind === 'rejected') return new Failure('rejected', thrown.message, details);
  if (thrown.kind === 'transient') return new Failure('transient', `Recharge could not be reached. Nothing was sent.`, details);
  return new Failure(call.repeatable ? 'transient' : 'unknown_outcome', 'Recharge did not answer in full.', details);
}

/** A 2xx whose body is cut short or no JSON: Recharge does that now and then. */
export function cutAnswer(call: Call, status: number): Failure {
  return new Failure(call.repeatable ? 'transient' : 'unknown_outcome', `Recharge's answer was cut short.`, { code: 'recharge_answer_cut', system, status });
}

/** A whole answer that says something else than the contract. */
export function oddAnswer(call: Call, what: string): Failure {
  return new Failure('rejected', `Recharge's answer to ${call.method} ${call.path.replace(/\d+/g, '…')} ${what}.`, { code: 'recharge_answer_odd', system });
}

export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof Failure && thrown.system === system && thrown.status === 404;
}

export function isTokenRefused(thrown: unknown): thrown is Failure {
  return thrown instanceof Failure && thrown.code === 'recharge_token_refused';
}

/** A good token that is refused for sessions alone. Carries no status, so that nobody takes the token for dead. */
export function sessionNotAllowed(refusal: Failure, withStorefrontToken: boolean): Failure {
  const cure = withStorefrontToken ? 'Check the storefront token in the Recharge connection' : 'Add the storefront token to the Recharge connection';
  return new Failure('unauthorised', `Recharge opened no portal session for a customer. ${cure}, and give the API token the permission write_session.`, {
    code: 'recharge_session_not_allowed',
    system,
    ...(refusal.vendorAnswer ? { vendorAnswer: refusal.vendorAnswer } : {}),
  });
}

/** True for the 422 of a registration whose address and topic exist already. */
export function isDuplicateWebhook(answer: HttpAnswer): boolean {
  return answer.status === 422 && own(own(parsed(answer.text), 'errors'), 'duplicate') !== undefined;
}

/** Seconds or an HTTP date, as ms from now; undefined when absent or unreadable. */
function retryAfterOf(answer: HttpAnswer): number | undefined {
  const said = answer.headers['retry-after']?.trim();
  if (!said) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}

const maxWords = 500;

/** The text of any of the four shapes: `error`, `errors` as text, `errors` by field (lists, texts, nested), `warning`. */
export function vendorWords(answer: HttpAnswer, secrets: readonly string[] = []): string {
  const body = parsed(answer.text);
  const words = isRecord(body) ? ['error', 'errors', 'warning'].flatMap((key) => flatten(own(body, key), '')) : [];
  const plain = secrets.filter((secret) => secret !== '').reduce((text, secret) => text.replaceAll(secret, '[secret]'), [...new Set(words)].join('; '));
  return plain.replace(/[\w.+%-]+@[\w-]+(\.[\w-]+)+/g, '[email]').replace(/\p{Cc}+/gu, ' ').slice(0, maxWords);
}

function flatten(value: unknown, path: string, depth = 0): string[] {
  const prefix = path ? `${path}: ` : '';
  if (typeof value === 'string') return [prefix + value];
  if (depth > 5) return [];
  if (Array.isArray(value)) return value.slice(0, 20).flatMap((item) => flatten(item, path, depth + 1));
  if (isRecord(value)) return Object.entries(value).slice(0, 20).flatMap(([key, inner]) => flatten(inner, key === '_schema' ? path : path ? `${path}.${key}` : key, depth + 1));
  return [];
}

function parsed(text: string): unknown {
  try {
    return parseRechargeJson(text);
  } catch {
    return undefined;
  }
}
