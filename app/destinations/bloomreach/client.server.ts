/**
 * Talks to Bloomreach's Tracking API: one batch call for everything. A 200 says nothing about the items in it,
 * so each is judged by its own result. Errors and shapes: docs/vendors/bloomreach.md.
 */
import { Failure, toFailure, type FailureKind } from '../../errors.ts';
import type { Checked, Connected, Http, HttpAnswer, SendItem, SendResult } from '../contract.ts';
import type { BloomreachSettings } from './manifest.ts';
import type { BloomreachCommand } from './mapping.ts';

/** Half of what the vendor takes in one message. */
const batchBytes = 400_000;
const batchCommands = 50;
const system = 'Bloomreach';

export function connectBloomreach(settings: BloomreachSettings, http: Http, baseUrlOverride?: string): Connected<BloomreachCommand> {
  const project = `${baseUrlOverride ?? settings.apiBaseUrl}/track/v2/projects/${encodeURIComponent(settings.projectToken)}`;
  const headers = {
    authorization: `Basic ${Buffer.from(`${settings.apiKeyId}:${settings.apiSecret}`, 'utf8').toString('base64')}`,
    'content-type': 'application/json',
    accept: 'application/json',
  };
  const post = (commands: readonly string[]) => http({ method: 'POST', url: `${project}/batch`, headers, body: `{"commands":[${commands.join(',')}]}`, timeoutMs: 10_000 });

  async function sendBatch(items: readonly SendItem<BloomreachCommand>[]): Promise<SendResult[]> {
    const written = items.flatMap((item) => item.commands.map((command, index) => JSON.stringify({ name: command.name, command_id: commandId(item.key, index), data: command.data })));
    const answer = await post(written);
    const refusal = refusalOf(answer);
    if (!refusal) return resultsOf(items, answer);
    // One bad command must not take the others down with it: ask again in halves until it stands alone.
    if ((answer.status === 400 || answer.status === 413) && items.length > 1) {
      const middle = Math.ceil(items.length / 2);
      return sendParts([items.slice(0, middle), items.slice(middle)]);
    }
    return items.map(() => ({ ok: false, failure: refusal, answer: cut(answer.text) }));
  }

  /** What one part achieved stays known when a later one gets no answer; after that nothing more is sent. */
  async function sendParts(parts: Iterable<readonly SendItem<BloomreachCommand>[]>): Promise<SendResult[]> {
    const results: SendResult[] = [];
    let broken: Failure | undefined;
    for (const part of parts) {
      if (!broken) {
        try {
          results.push(...(await sendBatch(part)));
          continue;
        } catch (error) {
          broken = toFailure(error);
          results.push(...part.map((): SendResult => ({ ok: false, failure: broken as Failure, answer: '' })));
          continue;
        }
      }
      const unsent = new Failure('transient', 'Not sent, because the request before it got no answer.', { code: 'bloomreach_not_sent', system });
      results.push(...part.map((): SendResult => ({ ok: false, failure: unsent, answer: '' })));
    }
    return results;
  }

  return {
    send: (items) => sendParts(requests(items)),
    check: () => check(http, project, headers, post),
  };
}

async function check(http: Http, project: string, headers: Record<string, string>, post: (commands: readonly string[]) => Promise<HttpAnswer>): Promise<Checked> {
  try {
    const time = await http({ method: 'GET', url: `${project}/system/time`, headers, timeoutMs: 10_000 });
    const timeRefusal = refusalOf(time);
    if (timeRefusal) return { ok: false, message: timeRefusal.message };
    const batch = await post(['{"name":"system/time"}']);
    const batchRefusal = refusalOf(batch);
    if (batchRefusal) return { ok: false, message: batchRefusal.message };
    return { ok: true, message: 'Bloomreach accepted the key. Whether it may set events and properties shows with the first delivery.' };
  } catch (error) {
    if (error instanceof Failure) return { ok: false, message: `Bloomreach could not be reached: ${error.message} Check the API base URL.` };
    throw error;
  }
}

/** Null when the call itself went through; otherwise what it means for all of it. Reads status and body. */
function refusalOf(answer: HttpAnswer): Failure | null {
  const body = parse(answer.text);
  if (answer.status >= 200 && answer.status < 300) {
    if (body === undefined) {
      return fail('unknown_outcome', 'Bloomreach answered with something that is not JSON. Check that the API base URL is the one of your project.', 'bloomreach_odd_answer', answer);
    }
    if (Array.isArray(body.results) || body.success === true) return null;
    return fail('rejected', `Bloomreach refused it: ${wordsOf(body) || 'no reason given'}`, 'bloomreach_refused', answer);
  }
  const words = body ? wordsOf(body) : '';
  const said = words ? ` It said: ${words}` : '';
  switch (answer.status) {
    case 401:
    case 403:
      return fail('unauthorised', `Bloomreach refused the key (${answer.status}).${said} Check key ID, secret and the rights Events > Set and Customer properties > Set of its API group.`, 'bloomreach_key_refused', answer);
    case 404:
      return fail('unauthorised', `Bloomreach does not know this project (404).${said} Check project token and API base URL.`, 'bloomreach_project_unknown', answer);
    case 429:
      return fail('throttled', `Bloomreach takes no more for now (429).${said}`, 'bloomreach_throttled', answer);
    default:
      if (answer.status >= 300 && answer.status < 400) return fail('unauthorised', 'Bloomreach sent us elsewhere, which is never followed. Check the API base URL.', 'bloomreach_redirect', answer);
      if (answer.status === 408 || answer.status === 425 || answer.status >= 500) return fail('transient', `Bloomreach has trouble (${answer.status}).${said}`, 'bloomreach_unavailable', answer);
      return fail('rejected', `Bloomreach refused it (${answer.status}).${said}`, 'bloomreach_refused', answer);
  }
}

type ItemResult = { success?: unknown; command_id?: unknown; errors?: unknown; error?: unknown; message?: unknown };

function resultsOf(items: readonly SendItem<BloomreachCommand>[], answer: HttpAnswer): SendResult[] {
  const body = parse(answer.text);
  const results = (Array.isArray(body?.results) ? body.results : []) as (ItemResult | null)[];
  const byId = new Map(results.flatMap((result) => (result && typeof result.command_id === 'string' ? [[result.command_id, result] as const] : [])));
  let position = 0;
  return items.map((item) => {
    const own = item.commands.map((_, index) => byId.get(commandId(item.key, index)) ?? results[position + index] ?? null);
    position += item.commands.length;
    return resultOf(own, answer);
  });
}

/** A delivery is through when each of its commands is. */
function resultOf(own: readonly (ItemResult | null)[], answer: HttpAnswer): SendResult {
  const text = cut(JSON.stringify(own));
  const bad = own.find((result) => result?.success !== true);
  if (bad === undefined) return { ok: true, status: answer.status, answer: text };
  if (bad === null) return { ok: false, answer: text, failure: fail('unknown_outcome', 'Bloomreach did not say what became of it.', 'bloomreach_no_result', answer) };
  return { ok: false, answer: text, failure: fail('rejected', `Bloomreach refused it: ${wordsOf(bad) || 'no reason given'}`, 'bloomreach_item_refused', answer) };
}

/** Cuts into requests below the vendor's limits in commands and bytes. */
function* requests(items: readonly SendItem<BloomreachCommand>[]): Generator<SendItem<BloomreachCommand>[]> {
  let part: SendItem<BloomreachCommand>[] = [];
  let bytes = 0;
  let commands = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item.commands));
    if (part.length > 0 && (bytes + size > batchBytes || commands + item.commands.length > batchCommands)) {
      yield part;
      [part, bytes, commands] = [[], 0, 0];
    }
    part.push(item);
    bytes += size;
    commands += item.commands.length;
  }
  if (part.length > 0) yield part;
}

function commandId(key: string, index: number): string {
  return index === 0 ? `d-${key}` : `d-${key}-${index}`;
}

function fail(kind: FailureKind, message: string, code: string, answer: HttpAnswer): Failure {
  const retryAfterMs = kind === 'throttled' || kind === 'transient' ? retryAfter(answer.headers['retry-after']) : undefined;
  return new Failure(kind, message, { code, system, status: answer.status, vendorAnswer: cut(answer.text), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** Seconds or an HTTP date, in ms from now. */
function retryAfter(header: string | undefined): number | undefined {
  if (!header) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** The vendor's words, which come as text, list or map under `errors`, `error` or `message`. */
function wordsOf(body: ItemResult): string {
  const said = body.errors ?? body.error ?? body.message;
  return cut(flatten(said).join('; '), 500);
}

function flatten(said: unknown): string[] {
  if (typeof said === 'string') return [said];
  if (Array.isArray(said)) return said.flatMap(flatten);
  return said && typeof said === 'object' ? Object.values(said).flatMap(flatten) : [];
}

function parse(text: string): (ItemResult & { results?: unknown }) | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return body && typeof body === 'object' && !Array.isArray(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function cut(text: string, length = 2000): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
