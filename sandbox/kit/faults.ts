// Which requests a simulator answers wrongly, and how.
import { z } from 'zod';
import type { SeededRandom } from './seeded-random.ts';

const headers = z.record(z.string(), z.string()).optional();
const jsonBody = z.unknown().optional();

const fault = z.discriminatedUnion('kind', [
  /** Answers with this status; the request is not carried out unless `execute` is true. */
  z.object({ kind: z.literal('status'), status: z.number().int().min(100).max(599), body: jsonBody, headers, execute: z.boolean().optional() }),
  /** Waits, then carries on as usual. */
  z.object({ kind: z.literal('delay'), ms: z.number().nonnegative() }),
  /** Reads the request and never answers; nothing is carried out. */
  z.object({ kind: z.literal('hang') }),
  /** Cuts the connection without an answer; nothing is carried out. */
  z.object({ kind: z.literal('reset') }),
  /** Carries out, then sends only the first `bytes` (default half). `declare: 'full'` keeps the whole length in the header, so HTTP itself notices. */
  z.object({ kind: z.literal('cut'), bytes: z.number().int().nonnegative().optional(), declare: z.enum(['cut', 'full']).optional() }),
  /** Carries out, then cuts the connection: the caller cannot know that it worked. */
  z.object({ kind: z.literal('executeThenDrop') }),
  z.object({ kind: z.literal('redirect'), location: z.string(), status: z.number().int().optional() }),
  /** A small gzip body that inflates to this many bytes. */
  z.object({ kind: z.literal('gzipBomb'), inflatedBytes: z.number().int().positive() }),
  /** Carries out, then sends the true answer slowly. */
  z.object({ kind: z.literal('drip'), bytesPerSecond: z.number().positive() }),
  /** Carries out, then replaces the body; status and headers stay. Text is sent as it is, anything else as JSON. */
  z.object({ kind: z.literal('body'), body: z.unknown(), headers }),
]);

export const faultRuleInput = z.object({
  id: z.string().optional(),
  /** `path` is the source of a regular expression, tried on the path without the query. */
  match: z.object({ method: z.string().optional(), path: z.string().optional() }).default({}),
  /** How many requests it hits; -1 means until removed. */
  times: z.number().int().default(1),
  /** Chance that a matching request is hit, drawn from the simulator's seed. */
  probability: z.number().min(0).max(1).optional(),
  /** Lets this many matching requests through first. */
  after: z.number().int().nonnegative().default(0),
  fault,
});

export type Fault = z.infer<typeof fault>;
export type FaultRuleInput = z.input<typeof faultRuleInput>;
export interface FaultRule extends z.output<typeof faultRuleInput> {
  id: string;
  /** How many matching requests came, and how many of them were hit. */
  seen: number;
  hits: number;
}

/** Holds the rules; the first rule that applies to a request wins. */
export class FaultBook {
  readonly #rules: FaultRule[] = [];
  readonly #random: SeededRandom;
  #lastId = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Adds a rule, or replaces the one with the same id. Throws a ZodError for a rule it does not understand. */
  add(input: FaultRuleInput): FaultRule {
    const parsed = faultRuleInput.parse(input);
    if (parsed.match.path !== undefined) new RegExp(parsed.match.path);
    const rule: FaultRule = { ...parsed, id: parsed.id ?? `fault-${++this.#lastId}`, seen: 0, hits: 0 };
    this.remove(rule.id);
    this.#rules.push(rule);
    return rule;
  }

  remove(id: string): boolean {
    const index = this.#rules.findIndex((rule) => rule.id === id);
    if (index >= 0) this.#rules.splice(index, 1);
    return index >= 0;
  }

  clear(): void {
    this.#rules.length = 0;
  }

  list(): readonly FaultRule[] {
    return this.#rules;
  }

  /** The fault for this request, if any; counts it as used. */
  take(request: { method: string; path: string }): { rule: FaultRule; fault: Fault } | undefined {
    for (const rule of this.#rules) {
      if (!applies(rule, request)) continue;
      rule.seen += 1;
      if (rule.seen <= rule.after) continue;
      if (rule.times !== -1 && rule.hits >= rule.times) continue;
      if (rule.probability !== undefined && !this.#random.chance(rule.probability)) continue;
      rule.hits += 1;
      return { rule, fault: rule.fault };
    }
    return undefined;
  }
}

function applies(rule: FaultRule, request: { method: string; path: string }): boolean {
  const { method, path } = rule.match;
  if (method !== undefined && method.toUpperCase() !== request.method) return false;
  return path === undefined || new RegExp(path).test(request.path);
}
