/**
 * Structured lines on standard output. A redactor sits under every logger, Shopify's included: secrets, tokens,
 * e-mail addresses, bodies and queries of URLs never reach a line, whatever the level.
 */
import pino from 'pino';
import { env } from './env.server.ts';

export type Fields = Record<string, unknown>;

/** Names whose values are never written, wherever they stand. */
const forbiddenNames = /token|secret|password|authorization|cookie|apikey|api_key|signature|hmac|email|e_mail|first_?name|last_?name|phone|address1|address2|body|payload|hash|session/i;
/** Names that look forbidden but hold nothing private. */
const allowedNames = new Set(['tokenName', 'bodyBytes', 'sessionShop', 'addressCount']);

const patterns: [RegExp, string][] = [
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[jwt]'],
  [/\b(sk|st|strfnt|shpat|shpss|shprt|shpua)_[\w-]+/gi, '[token]'],
  [/\b(Basic|Bearer|Token) [A-Za-z0-9+/=._~-]{8,}/g, '$1 [secret]'],
  [/[\w.+%-]+@[\w-]+(\.[\w-]+)+/g, '[email]'],
  [/(\bhttps?:\/\/[^\s"'?#]+)[?#][^\s"']*/g, '$1?[query]'],
  [/([?&](?:token|signature|hmac|id_token|session|hash|code|logged_in_customer_id)=)[^&\s"']+/gi, '$1[secret]'],
  [/(\/portal\/)[0-9a-f]{12,}/gi, '$1[hash]'],
  // A control character could forge a line or drive a terminal.
  [/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' '],
];

/** Takes out of a text what must not be logged. */
export function redactText(text: string): string {
  return patterns.reduce((safe, [pattern, replacement]) => safe.replace(pattern, replacement), text);
}

/** Takes out of any value what must not be logged; depth and size are bounded. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value.length > 2000 ? `${value.slice(0, 2000)}…` : value);
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? value.toString() : value;
  if (value instanceof Date) return value.toISOString();
  if (depth > 5) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => redact(item, depth + 1));
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, forbiddenNames.test(name) && !allowedNames.has(name) && inner !== null && inner !== undefined && typeof inner !== 'boolean' ? '[redacted]' : redact(inner, depth + 1)]),
  );
}

function redactError(error: Error, depth: number): Fields {
  const own = Object.fromEntries(Object.entries(error).filter(([name]) => ['code', 'kind', 'status', 'system'].includes(name)));
  return {
    name: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? '').split('\n').slice(0, 12).join('\n'),
    ...own,
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}

const shared = globalThis as typeof globalThis & { [memory]?: pino.Logger };
const memory = Symbol.for('rechannel.logger');

function logger(): pino.Logger {
  return (shared[memory] ??= pino({
    level: env().logLevel,
    base: { process: process.env.RECHANNEL_ROLE ?? 'app', pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }));
}

/** One line each. `fields` are redacted; `message` is a constant sentence. */
export const log = {
  debug: (message: string, fields: Fields = {}): void => logger().debug(redact(fields) as Fields, redactText(message)),
  info: (message: string, fields: Fields = {}): void => logger().info(redact(fields) as Fields, redactText(message)),
  warn: (message: string, fields: Fields = {}): void => logger().warn(redact(fields) as Fields, redactText(message)),
  error: (message: string, fields: Fields = {}): void => logger().error(redact(fields) as Fields, redactText(message)),
};
