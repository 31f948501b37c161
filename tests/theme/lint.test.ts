// Shopify's linter and our own reading of what it does not look at: the schema of every block and the locale files.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { themeCheckRun } from '@shopify/theme-check-node';
import { describe, expect, it } from 'vitest';
import { blockNames, blockSource, extensionFolder, readBlockSchema, readLocale } from '#sandbox/shopify/theme-block.ts';

const configFile = fileURLToPath(new URL('../../.theme-check.yml', import.meta.url));

describe('theme app extension', () => {
  it('has no finding of Shopify\'s theme check', async () => {
    const run = await themeCheckRun(extensionFolder, configFile);

    const findings = run.offenses.map((offense) => `${offense.uri.split('/').slice(-2).join('/')}: ${offense.check}: ${offense.message}`);
    expect(findings).toEqual([]);
    expect(run.theme.length, 'theme check read the blocks, snippets and locales').toBeGreaterThanOrEqual(8);
  });

  it('BF-11 ships no script: no file, no tag, no schema entry', () => {
    const files = readdirSync(extensionFolder, { recursive: true }).map(String).filter((name) => statSync(join(extensionFolder, name)).isFile());

    expect(files.filter((name) => /\.(m|c)?[jt]sx?$/.test(name))).toEqual([]);
    for (const name of files.filter((each) => each.endsWith('.liquid'))) {
      const source = readFileSync(join(extensionFolder, name), 'utf8');
      expect(source, name).not.toMatch(/<script|{%-?\s*javascript|\son[a-z]+\s*=|javascript:/i);
    }
    for (const block of blockNames()) expect(readBlockSchema(block)).not.toHaveProperty('javascript');
  });

  it('BF-03 writes no theme file: it holds blocks, snippets and locales only', () => {
    expect(readdirSync(extensionFolder).sort()).toEqual(['blocks', 'locales', 'shopify.extension.toml', 'snippets']);
    expect(readFileSync(join(extensionFolder, 'shopify.extension.toml'), 'utf8')).toMatch(/^type = "theme"$/m);
  });
});

const settingSchema = knownSettings();

describe.each(blockNames())('schema of blocks/%s', (block) => {
  const schema = readBlockSchema(block);
  const texts = translationKeysOf(schema);

  it('is the last thing in the file and stands there once', () => {
    expect(blockSource(block).match(/{%-?\s*schema/g)).toHaveLength(1);
    expect(blockSource(block)).toMatch(/{% endschema %}\s*$/);
  });

  it('names a target that Shopify has, and one we offer', () => {
    expect(['section', 'body']).toContain(schema.target);
    expect(Object.keys(schema).filter((key) => !['name', 'target', 'settings', 'enabled_on', 'disabled_on', 'stylesheet', 'class', 'tag'].includes(key))).toEqual([]);
  });

  it('has a name of at most 25 characters in every language', () => {
    for (const language of ['en', 'de']) {
      const name = resolve(readLocale(language, 'schema'), schema.name);
      expect(name.length, `${language}: ${name}`).toBeLessThanOrEqual(25);
    }
  });

  it('has settings of known types with unique ids, and defaults that are among the options', () => {
    const ids = schema.settings.flatMap((setting) => (setting.id === undefined ? [] : [setting.id]));
    expect(new Set(ids).size).toBe(ids.length);
    for (const setting of schema.settings) {
      expect(settingSchema.types, setting.id ?? 'header').toContain(setting.type);
      expect(setting.id === undefined, `${setting.type} without id`).toBe(['header', 'paragraph'].includes(setting.type));
      if (setting.type !== 'select') continue;
      const values = (setting.options as { value: string }[]).map((option) => option.value);
      expect(new Set(values).size).toBe(values.length);
      expect(values).toContain(setting.default);
    }
  });

  it('is limited to templates that exist', () => {
    for (const key of ['enabled_on', 'disabled_on'] as const) {
      const limit = schema[key] as { templates?: string[] } | undefined;
      for (const template of limit?.templates ?? []) expect(settingSchema.templates).toContain(template);
    }
    expect([schema.enabled_on, schema.disabled_on].filter(Boolean).length, 'Shopify takes one of the two').toBeLessThanOrEqual(1);
  });

  it('BF-80 takes every text from the catalogues, in English and German', () => {
    expect(texts.length).toBeGreaterThan(3);
    for (const key of texts) for (const language of ['en', 'de']) expect(resolve(readLocale(language, 'schema'), key), `${language} ${key}`).not.toBe('');
  });
});

describe('locales', () => {
  it.each(['storefront', 'schema'] as const)('BF-80 %s texts have the same keys in English and German, none empty', (kind) => {
    const english = leaves(readLocale('en', kind));
    const german = leaves(readLocale('de', kind));

    expect(english.length).toBeGreaterThan(0);
    expect(german.map(([key]) => key)).toEqual(english.map(([key]) => key));
    for (const [key, text] of [...english, ...german]) expect(text.trim(), key).not.toBe('');
  });

  it('RP-11 the link reads "Manage Subscriptions" in English and "Abos verwalten" in German', () => {
    expect(readLocale('en')).toMatchObject({ manage_subscriptions: { label: 'Manage Subscriptions' } });
    expect(readLocale('de')).toMatchObject({ manage_subscriptions: { label: 'Abos verwalten' } });
  });

  it('keeps no text that nothing uses', () => {
    const sources = readdirSync(extensionFolder, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.liquid'))
      .map((name) => readFileSync(join(extensionFolder, name), 'utf8'))
      .join('\n');
    for (const [key] of leaves(readLocale('en'))) expect(sources).toContain(`'${key}' | t`);
    for (const [key] of leaves(readLocale('en', 'schema'))) expect(sources).toContain(`"t:${key}"`);
  });
});

type Node = string | { [key: string]: Node };

function leaves(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  return Object.entries((node ?? {}) as Record<string, Node>)
    .flatMap(([key, value]) => leaves(value, path === '' ? key : `${path}.${key}`))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function resolve(catalogue: unknown, key: string): string {
  const found = leaves(catalogue).find(([path]) => `t:${path}` === key);
  if (!found) throw new Error(`no text for ${key}`);
  return found[1];
}

/** Texts of a schema; a text that is not a `t:` key is an error. */
function translationKeysOf(schema: unknown): string[] {
  const keys: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if (typeof value === 'string' && ['name', 'label', 'info', 'content', 'placeholder'].includes(name)) {
        if (!value.startsWith('t:')) throw new Error(`${name} "${value}" is not in the catalogues`);
        keys.push(value);
      } else visit(value);
    }
  };
  visit(schema);
  return keys;
}

/** Setting types and template names from the data that theme check ships. */
function knownSettings(): { types: string[]; templates: string[] } {
  const require = createRequire(import.meta.url);
  const data = join(dirname(require.resolve('@shopify/theme-check-docs-updater/package.json')), 'data');
  const read = (name: string): unknown => JSON.parse(readFileSync(join(data, name), 'utf8'));
  const setting = read('setting.json') as { properties: { type: { enum: string[] } } };
  const section = read('section.json') as { definitions: { sectionToggle: { properties: { templates: { items: { enum: string[] } } } } } };
  return { types: setting.properties.type.enum, templates: section.definitions.sectionToggle.properties.templates.items.enum };
}
