/**
 * What a destination is: a manifest of settings, a pure mapping from events to commands, and a client that sends them.
 * The engine, the screens, the setup file and the conformance suite are written against this page only.
 */
import { InputRefused, type Failure, type FieldFault } from '../errors.ts';
import type { DomainEvent, EventType } from '../events/event.ts';

type FieldBase = {
  /** Keys of the translation catalogues: `<key>.label`, `<key>.help`; `label` and `help` are the English defaults. */
  label: string;
  help: string;
  required?: boolean;
};

export type TextField = FieldBase & {
  kind: 'text';
  default?: string;
  /** Cleans what was typed, then says what is wrong with it; the message names what it should be, with an example. */
  parse?: (typed: string) => { ok: true; value: string } | { ok: false; message: string };
};
export type SecretField = FieldBase & { kind: 'secret' };
export type ChoiceField = FieldBase & { kind: 'choice'; choices: readonly string[]; default: string };
export type ToggleField = FieldBase & { kind: 'toggle'; default: boolean };
/** Any number of words out of a list; keeps the list's order. */
export type TicksField = FieldBase & { kind: 'ticks'; choices: readonly string[]; default: readonly string[] };
export type NumberField = FieldBase & { kind: 'number'; min: number; max: number; default: number };

export type Field = TextField | SecretField | ChoiceField | ToggleField | TicksField | NumberField;
export type Fields = Record<string, Field>;

type ValueOf<F extends Field> = F extends ChoiceField
  ? F['choices'][number]
  : F extends ToggleField
    ? boolean
    : F extends TicksField
      ? F['choices'][number][]
      : F extends NumberField
        ? number
        : string;

/** The settings type that follows from the fields; an optional text that was left empty is ''. */
export type SettingsOf<F extends Fields> = { [K in keyof F]: ValueOf<F[K]> };

/** `state`: only the newest matters, a waiting older one is superseded. `event`: each one counts. */
export type Acceptance = 'state' | 'event';

export type Manifest<F extends Fields = Fields> = {
  type: string;
  label: string;
  fields: F;
  /** Commands that one request may carry; 1 when absent. */
  batch?: number;
  /** False when the vendor cannot recognise a repeated command: an unknown outcome then becomes a question instead of a second send. */
  idempotent: boolean;
  /** What the vendor allows, of which we use a part; kept per credential and per vendor host, shared by all processes. */
  budget: { perCredentialPerMinute: number; perHostPerMinute: number };
  /** Recharge scopes this destination cannot do without, each with the feature that it carries, in the merchant's words. */
  scopes: Record<string, string>;
};

/** Who the event is about, as far as the mapping asked for it with `needs`. */
export type CustomerContext = {
  rechargeCustomerId: string | null;
  email: string | null;
  shopifyCustomerId: string | null;
  shopDomain: string;
  /** Present when the mapping needs `subscriptions`; read from a complete list, never guessed. */
  subscriptions: { activeCount: number; totalCount: number; /** ISO 8601; grows strictly with every change. */ stateAt: string } | null;
};

export type Need = 'email' | 'shopifyCustomerId' | 'subscriptions';

export type Mapped<C> = { commands: C[] } | { skip: string };

export type SendItem<C> = {
  /** The delivery's id: stable over retries. */
  key: string;
  commands: C[];
};

export type SendResult =
  | { ok: true; status: number; answer: string }
  | { ok: false; failure: Failure; answer: string };

export type Checked = { ok: boolean; message: string };

export type HttpRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Whole-answer limit in ms; a sane default applies. */
  timeoutMs?: number;
};
export type HttpAnswer = { status: number; headers: Record<string, string>; text: string };
/** Sends one request. Throws Failure: `transient` when surely nothing left, `unknown_outcome` when it left and no whole answer came. */
export type Http = (request: HttpRequest) => Promise<HttpAnswer>;

export type Connected<C> = {
  /** Is the key good, and for what? Never throws for a refusal: `ok: false` with the vendor's words and what to do. */
  check(): Promise<Checked>;
  /** One result for each item, in order. Throws Failure when nothing is known of any. */
  send(items: SendItem<C>[]): Promise<SendResult[]>;
};

export type Plugin<F extends Fields = Fields, C = unknown> = {
  manifest: Manifest<F>;
  /** Which events this destination takes under these settings; all others are not sent at all. */
  accepts(settings: SettingsOf<F>): Partial<Record<EventType, Acceptance>>;
  /** What `map` must know about the customer beyond the event itself. */
  needs(event: DomainEvent, settings: SettingsOf<F>): readonly Need[];
  /** Pure. The commands are stored at the first attempt and sent unchanged ever after. */
  map(event: DomainEvent, settings: SettingsOf<F>, customer: CustomerContext): Mapped<C>;
  /** `baseUrlOverride` is the operator's (sandboxes); otherwise the vendor's own host rules hold. */
  connect(settings: SettingsOf<F>, http: Http, baseUrlOverride?: string): Connected<C>;
};

/** Fixes the types of a plugin from its fields and commands. */
export function definePlugin<const F extends Fields, C>(plugin: Plugin<F, C>): Plugin<F, C> {
  return plugin;
}

/** Fixes the type of a manifest from its fields. */
export function defineManifest<const F extends Fields>(manifest: Manifest<F>): Manifest<F> {
  return manifest;
}

/**
 * Checks typed settings against the manifest's fields; the same function for form, setup file and API.
 * `stored` holds secrets kept from before: an absent or empty secret keeps the stored one.
 * Throws InputRefused that names every wrong field with its path (`path` prefixes them).
 */
export function parseSettings<F extends Fields>(
  manifest: Manifest<F>,
  typed: Record<string, unknown>,
  stored: Partial<Record<string, string>> = {},
  path = 'settings',
): SettingsOf<F> {
  const faults: FieldFault[] = [];
  const settings: Record<string, unknown> = {};
  for (const name of Object.keys(typed)) {
    if (!Object.hasOwn(manifest.fields, name)) {
      faults.push({ path: `${path}.${name}`, message: `${manifest.label} has no such setting. It has: ${Object.keys(manifest.fields).join(', ')}.` });
    }
  }
  for (const [name, field] of Object.entries(manifest.fields)) {
    const parsed = parseField(field, Object.hasOwn(typed, name) ? typed[name] : undefined, stored[name]);
    if (parsed.ok) settings[name] = parsed.value;
    else faults.push({ path: `${path}.${name}`, message: parsed.message });
  }
  if (faults.length > 0) throw new InputRefused(`${manifest.label} settings need a change`, faults);
  return settings as SettingsOf<F>;
}

type Parsed = { ok: true; value: unknown } | { ok: false; message: string };

function parseField(field: Field, typed: unknown, stored: string | undefined): Parsed {
  switch (field.kind) {
    case 'text':
      return parseText(field, typed);
    case 'secret': {
      const secret = typeof typed === 'string' && typed.trim() !== '' ? typed.trim() : stored;
      if (typed !== undefined && typed !== null && typeof typed !== 'string') return refused(`${field.label} is text.`);
      return secret ? { ok: true, value: secret } : field.required === false ? { ok: true, value: '' } : refused(`${field.label} is needed.`);
    }
    case 'choice':
      if (typed === undefined || typed === null) return { ok: true, value: field.default };
      return field.choices.includes(typed as string) ? { ok: true, value: typed } : refused(`${field.label} is one of: ${field.choices.join(', ')}.`);
    case 'toggle':
      if (typed === undefined || typed === null) return { ok: true, value: field.default };
      return typeof typed === 'boolean' ? { ok: true, value: typed } : refused(`${field.label} is true or false.`);
    case 'ticks': {
      if (typed === undefined || typed === null) return { ok: true, value: [...field.default] };
      if (!Array.isArray(typed)) return refused(`${field.label} is a list.`);
      const unknown = typed.filter((word) => !field.choices.includes(word as string));
      if (unknown.length > 0) return refused(`${field.label} does not know ${unknown.map((word) => JSON.stringify(word)).join(', ')}. It knows: ${field.choices.join(', ')}.`);
      return { ok: true, value: field.choices.filter((word) => typed.includes(word)) };
    }
    case 'number':
      if (typed === undefined || typed === null) return { ok: true, value: field.default };
      if (typeof typed !== 'number' || !Number.isInteger(typed) || typed < field.min || typed > field.max) {
        return refused(`${field.label} is a whole number from ${field.min} to ${field.max}.`);
      }
      return { ok: true, value: typed };
  }
}

function parseText(field: TextField, typed: unknown): Parsed {
  if (typed !== undefined && typed !== null && typeof typed !== 'string') return refused(`${field.label} is text.`);
  const text = (typed ?? field.default ?? '').trim();
  if (text === '') return field.required === false ? { ok: true, value: '' } : refused(`${field.label} is needed.`);
  return field.parse ? field.parse(text) : { ok: true, value: text };
}

function refused(message: string): Parsed {
  return { ok: false, message };
}

/** Names of the fields that are secrets: encrypted at rest, never sent back. */
export function secretNames(manifest: Manifest): string[] {
  return Object.entries(manifest.fields)
    .filter(([, field]) => field.kind === 'secret')
    .map(([name]) => name);
}
