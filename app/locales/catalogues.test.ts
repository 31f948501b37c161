/** The catalogues are complete: same keys, same placeholders, every key that a screen asks for, and no visible text outside them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { setupStepIds } from '../admin/setup-steps.ts';
import { permissionTable } from '../admin/permissions.ts';
import { deliveryStates } from '../delivery/state.ts';
import { manifests } from '../destinations/manifests.ts';
import { eventTypes } from '../events/event.ts';
import de from './de.json' with { type: 'json' };
import en from './en.json' with { type: 'json' };

type Branch = string | readonly Branch[] | { readonly [key: string]: Branch | undefined };

const app = path.resolve(import.meta.dirname, '..');
const english = leaves(en);
const german = leaves(de);
const sources = ['components', 'routes'].flatMap((folder) =>
  readdirSync(path.join(app, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\./.test(file))
    .map((file) => ({ file: path.join(folder, file), text: readFileSync(path.join(app, folder, file), 'utf8') })),
);

test('BF-80 English and German have the same keys', () => {
  expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
});

test('BF-80 both languages use the same placeholders', () => {
  const differing = [...english].filter(([key, text]) => placeholders(text) !== placeholders(german.get(key) ?? '')).map(([key]) => key);

  expect(differing).toEqual([]);
});

test('BF-80 German is translated: few texts are the same as in English', () => {
  const same = [...english].filter(([key, text]) => text === german.get(key) && /[a-z]{3,} [a-z]{3,}/.test(text)).map(([key]) => key);

  expect(same).toEqual([]);
});

test('BF-80 every key that a screen names is in the catalogue', () => {
  const asked = sources.flatMap(({ file, text }) => [...text.matchAll(/\bt\(\s*'([^']+)'/g)].map(([, key]) => ({ file, key: key ?? '' })));
  const missing = asked.filter(({ key }) => !exists(key));

  expect(asked.length).toBeGreaterThan(150);
  expect(missing).toEqual([]);
});

test('BF-80 every key that a screen puts together begins like one of the catalogue', () => {
  const prefixes = sources.flatMap(({ file, text }) => [...text.matchAll(/`([a-z][A-Za-z]+(?:\.[A-Za-z]+)*\.)\$\{/g)].map(([, prefix]) => ({ file, prefix: prefix ?? '' })));
  // `settings.` names a field in an answer, not a text.
  const missing = prefixes.filter(({ prefix }) => prefix !== 'settings.' && ![...english.keys()].some((key) => key.startsWith(prefix)));

  expect(prefixes.length).toBeGreaterThan(15);
  expect(missing).toEqual([]);
});

describe('BF-80 what is put together from a list has a word for each member', () => {
  const lists: [string, readonly string[]][] = [
    ['delivery states', deliveryStates.flatMap((state) => [`deliveries.states.${state}`, `deliveries.stateWords.${state}`])],
    ['attempt outcomes', ['delivered', 'transient', 'throttled', 'unauthorised', 'rejected', 'unknown_outcome', 'bug'].map((outcome) => `deliveries.outcomes.${outcome}`)],
    ['failure kinds', ['transient', 'throttled', 'unauthorised', 'rejected', 'unknown_outcome', 'bug'].map((kind) => `failures.kind.${kind}`)],
    ['event types', eventTypes.map((type) => `events.${type.replace('.', '_')}`)],
    ['setup steps', setupStepIds.flatMap((id) => ['title', 'text', 'doneText', 'action'].map((part) => `home.guide.steps.${id}.${part}`))],
    ['permissions', permissionTable([], []).flatMap(({ scope }) => [`scopes.${scope}.label`, `scopes.${scope}.feature`])],
    ['destinations', manifests.flatMap(({ type }) => [`destinations.${type}.purpose`, `destinations.${type}.settingsHelp`])],
    [
      'fields of destinations',
      manifests.flatMap(({ type, fields }) =>
        Object.entries(fields).flatMap(([name, field]) => [
          ...['label', 'help', 'fault'].map((part) => `destinations.${type}.fields.${name}.${part}`),
          ...('choices' in field ? field.choices.map((choice) => `destinations.${type}.fields.${name}.choices.${choice}.label`) : []),
        ]),
      ),
    ],
    ['portal outcomes', ['redirected', 'login', 'not_signed_in', 'too_many', 'unknown_customer', 'no_subscription', 'recharge_disconnected', 'recharge_down', 'recharge_late', 'internal'].map((outcome) => `portal.outcomes.words.${outcome}`)],
  ];

  test.each(lists)('%s', (_, keys) => {
    expect(keys.filter((key) => !english.has(key))).toEqual([]);
  });
});

test('BF-80 no screen holds visible text of its own', () => {
  const brands = /^(Recharge)$/;
  const found = sources
    .filter(({ file }) => file.endsWith('.tsx'))
    .flatMap(({ file, text }) => [...withoutComments(text).matchAll(/(?<![=\s])>\s*([A-Za-z][^<>{}=;()]*?)\s*<\//g)].map(([, words]) => ({ file, words: words ?? '' })))
    .filter(({ words }) => !brands.test(words));

  expect(found).toEqual([]);
});

test('BF-43 BF-90 no text says "invalid", shouts or carries an emoji', () => {
  const wrong = [...english, ...german].filter(([, text]) => /\binvalid\b|ungültig|!|\p{Extended_Pictographic}/iu.test(text)).map(([key]) => key);

  expect(wrong).toEqual([]);
});

function leaves(node: Branch | undefined, prefix = ''): Map<string, string> {
  if (node === undefined) return new Map();
  if (typeof node === 'string') return new Map([[prefix.slice(0, -1), node]]);
  return new Map(Object.entries(node).flatMap(([key, inner]) => [...leaves(inner, `${prefix}${key}.`)]));
}

/** Plural forms and whole branches count too. */
function exists(key: string): boolean {
  return english.has(key) || english.has(`${key}_other`) || [...english.keys()].some((known) => known.startsWith(`${key}.`));
}

function placeholders(text: string): string {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort().join();
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
