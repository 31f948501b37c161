/** The setup file: one JSON document that says how a shop is connected. Its shape, and what is wrong with one. */
import { z } from 'zod';
import { cleanShopDomain } from '#app/connections/shop-domain.ts';
import { InputRefused, type FieldFault } from '#app/errors.ts';

const secret = z.string('should be text');

const destinationShape = z.strictObject(
  { type: z.string('should be the type of a destination'), settings: z.record(z.string(), z.unknown(), 'should be an object of settings').default({}) },
  'should be {"type", "settings"}',
);

const shape = z.strictObject({
  shop: z.string('should be the permanent address of the shop, such as acme-usa.myshopify.com').transform((typed, context) => {
    const cleaned = cleanShopDomain(typed);
    if (cleaned.ok) return cleaned.value;
    context.addIssue({ code: 'custom', message: cleaned.message });
    return z.NEVER;
  }),
  recharge: z
    .strictObject({ apiToken: secret.optional(), clientSecret: secret.optional(), storefrontToken: z.string('should be text or null').nullable().optional() }, 'should be {"apiToken", "clientSecret", "storefrontToken"}')
    .optional(),
  destinations: z
    .array(destinationShape, 'should be a list of destinations')
    .default([])
    .superRefine((list, context) => {
      for (const [index, { type }] of list.entries()) {
        if (list.findIndex((other) => other.type === type) < index) context.addIssue({ code: 'custom', path: [index, 'type'], message: `names "${type}" a second time; a shop has one of each type` });
      }
    }),
  portal: z
    .strictObject(
      {
        mode: z.enum(['token', 'hash'], 'should be token, or hash for older portals').optional(),
        label: z.record(z.string(), z.string('should be the text of the link'), 'should be labels by language, such as {"en": "Manage Subscriptions"}').optional(),
      },
      'should be {"mode", "label"}',
    )
    .optional(),
});

export type SetupDocument = z.infer<typeof shape>;

/** The parts whose own shape is right, whatever is wrong elsewhere: so that all faults can be told at once. */
export type DocumentParts = Pick<SetupDocument, 'recharge' | 'portal'> & {
  shop: string | null;
  destinations: (SetupDocument['destinations'][number] & { index: number })[];
};

export type ReadDocument = { parts: DocumentParts; faults: FieldFault[] };

/**
 * Reads a setup file's text. `{"env": "NAME"}` stands for the variable of that name in `environment`. Returns what is wrong with its
 * shape, each with its path; messages repeat no values. Throws InputRefused for text that is no JSON.
 */
export function readDocument(text: string, environment: Record<string, string | undefined>): ReadDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InputRefused('The setup file is not JSON.', [{ path: '', message: 'should be one JSON document' }]);
  }
  const faults: FieldFault[] = [];
  const resolved = resolveVariables(json, [], environment, faults);
  const parsed = shape.safeParse(resolved);
  const missing = new Set(faults.map((fault) => fault.path));
  for (const issue of parsed.error?.issues ?? []) faults.push(...faultsOf(issue).filter((fault) => !missing.has(fault.path)));
  return { parts: parsed.success ? partsOf(parsed.data) : goodParts(resolved), faults };
}

function partsOf({ destinations, ...others }: SetupDocument): DocumentParts {
  return { ...others, destinations: destinations.map((destination, index) => ({ ...destination, index })) };
}

function goodParts(resolved: unknown): DocumentParts {
  const raw = (typeof resolved === 'object' ? resolved : null) as Record<string, unknown> | null;
  const list = Array.isArray(raw?.destinations) ? (raw.destinations as unknown[]) : [];
  return {
    shop: shape.shape.shop.safeParse(raw?.shop).data ?? null,
    recharge: shape.shape.recharge.safeParse(raw?.recharge).data,
    portal: shape.shape.portal.safeParse(raw?.portal).data,
    destinations: list.flatMap((item, index) => {
      const good = destinationShape.safeParse(item);
      return good.success ? [{ ...good.data, index }] : [];
    }),
  };
}

/** Replaces each `{"env": "NAME"}`, and notes those whose variable is missing. */
function resolveVariables(value: unknown, path: (string | number)[], environment: Record<string, string | undefined>, faults: FieldFault[]): unknown {
  if (Array.isArray(value)) return value.map((item, index) => resolveVariables(item, [...path, index], environment, faults));
  if (value === null || typeof value !== 'object') return value;
  const { env: name, ...others } = value as Record<string, unknown>;
  if (typeof name === 'string' && Object.keys(others).length === 0 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    const found = environment[name];
    if (found === undefined || found === '') faults.push({ path: pathOf(path), message: `names the variable ${name}, which is not set` });
    return found ?? '';
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolveVariables(inner, [...path, key], environment, faults)]));
}

function faultsOf(issue: z.core.$ZodIssue): FieldFault[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? part.toString() : part));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: pathOf([...path, key]), message: 'is not known here' }));
  if (issue.code === 'invalid_type' && issue.path.length === 0) return [{ path: '', message: 'should be one JSON object' }];
  return [{ path: pathOf(path), message: issue.message }];
}

/** `destinations[1].settings.apiKey`. */
export function pathOf(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '');
}
