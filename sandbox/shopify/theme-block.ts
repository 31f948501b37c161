// Renders the blocks of our theme app extension as a storefront would, with real Liquid and the extension's own locales.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TagToken, TopLevelToken } from 'liquidjs';
import { Liquid } from 'liquidjs';

export const extensionFolder = fileURLToPath(new URL('../../extensions/manage-subscriptions', import.meta.url));

export interface ThemeSetting {
  type: string;
  id?: string;
  default?: unknown;
  [attribute: string]: unknown;
}

export interface BlockSchema {
  name: string;
  target: 'section' | 'body' | 'head' | 'compliance_head';
  settings: ThemeSetting[];
  [attribute: string]: unknown;
}

export interface BlockRender {
  /** File name in blocks/ without its ending. */
  block: string;
  /** ISO code of the shopper's language; a language we lack falls back to the default one. */
  locale: string;
  /** Null for a guest. */
  customer: { id: number; first_name: string; email: string } | null;
  pageType?: string;
  designMode?: boolean;
  /** What the merchant chose; anything left out takes the schema's default. */
  settings?: Record<string, unknown>;
  /** Root of the language, `/` or for example `/de`. */
  rootUrl?: string;
}

type Catalogue = { [key: string]: string | Catalogue };

/** Names of all blocks the extension ships. */
export function blockNames(): string[] {
  return readdirSync(join(extensionFolder, 'blocks'))
    .filter((file) => file.endsWith('.liquid'))
    .map((file) => file.slice(0, -'.liquid'.length))
    .sort();
}

export function blockSource(block: string): string {
  return readFileSync(join(extensionFolder, 'blocks', `${block}.liquid`), 'utf8');
}

/** The block's `{% schema %}` as JSON; throws when there is none or it does not parse. */
export function readBlockSchema(block: string): BlockSchema {
  const found = /{%-?\s*schema\s*-?%}([\s\S]*?){%-?\s*endschema\s*-?%}/.exec(blockSource(block));
  if (!found?.[1]) throw new Error(`blocks/${block}.liquid has no schema`);
  return JSON.parse(found[1]) as BlockSchema;
}

/** A catalogue of locales/, e.g. `readLocale('de')`, or undefined when the extension has none in that language. */
export function readLocale(language: string, kind: 'storefront' | 'schema' = 'storefront'): Catalogue | undefined {
  const ending = kind === 'schema' ? '.schema.json' : '.json';
  for (const name of [`${language}${ending}`, `${language}.default${ending}`]) {
    try {
      return JSON.parse(readFileSync(join(extensionFolder, 'locales', name), 'utf8')) as Catalogue;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** HTML of a block, as Shopify would put it into the page. Throws on any Liquid error and on a missing translation. */
export async function renderBlock(render: BlockRender): Promise<string> {
  const schema = readBlockSchema(render.block);
  const settings: Record<string, unknown> = {};
  for (const setting of schema.settings) if (setting.id !== undefined) settings[setting.id] = setting.default ?? '';
  Object.assign(settings, render.settings);

  const rootUrl = render.rootUrl ?? '/';
  return engineFor(render.locale).parseAndRender(
    blockSource(render.block),
    { block: { id: `demo-${render.block}`, settings, shopify_attributes: '' } },
    {
      globals: {
        customer: render.customer,
        request: { page_type: render.pageType ?? 'customers/account', design_mode: render.designMode ?? false, locale: { iso_code: render.locale } },
        routes: { root_url: rootUrl, account_url: `${rootUrl.replace(/\/$/, '')}/account` },
      },
    },
  );
}

function engineFor(locale: string): Liquid {
  const catalogue = readLocale(locale) ?? readLocale(locale.split('-')[0] ?? 'en') ?? readLocale('en') ?? {};
  const engine = new Liquid({ root: join(extensionFolder, 'snippets'), extname: '.liquid', strictFilters: true, jekyllInclude: false });
  engine.registerFilter('t', (key: string) => translate(catalogue, key));
  engine.registerFilter('asset_url', (name: string) => `/extension-assets/${name}`);
  engine.registerTag('schema', ignoredUntil('endschema'));
  engine.registerTag('doc', ignoredUntil('enddoc'));
  return engine;
}

function translate(catalogue: Catalogue, key: string): string {
  let at: string | Catalogue | undefined = catalogue;
  for (const part of key.split('.')) at = typeof at === 'object' ? at[part] : undefined;
  if (typeof at !== 'string') throw new Error(`translation missing: ${key}`);
  return at;
}

/** A tag whose content Shopify reads itself and prints nothing of. */
function ignoredUntil(end: string): Parameters<Liquid['registerTag']>[1] {
  return {
    parse(_tag: TagToken, rest: TopLevelToken[]) {
      while (rest.length > 0) {
        const token = rest.shift();
        if ((token as TagToken | undefined)?.name === end) return;
      }
      throw new Error(`${end} not found`);
    },
    render: () => '',
  };
}
