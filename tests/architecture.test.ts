import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

type Area = { name: string; files: string[]; may: Map<string, string[] | null> };

/** Rows of the table in docs/architecture.md: | area | `files` | other areas, or `area: word` for one part of it |. */
function readTable(): Area[] {
  const text = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| [a-z0-9]+ \| `/.test(line));
  return rows.map((row) => {
    const [, name = '', files = '', may = ''] = row.split('|').map((cell) => cell.trim());
    const allowed = may.split(',').map((word) => word.trim()).filter(Boolean);
    return {
      name,
      files: [...files.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''),
      may: new Map(allowed.map((word) => { const [area = '', part] = word.split(':').map((piece) => piece.trim()); return [area, part ? [part] : null]; })),
    };
  });
}

function sourcesUnder(folder: string): string[] {
  const full = path.join(root, folder);
  if (!existsSync(full)) return [];
  return readdirSync(full, { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join(folder, file.replaceAll(path.sep, '/')))
    .filter((file) => /\.(ts|tsx|mts|mjs|js)$/.test(file) && !file.includes('node_modules') && !file.includes('/dist/'));
}

type Import = { to: string; typeOnly: boolean };

/** Every `from '…'`, `import '…'`, `import('…')` and re-export of a file; paths of the project from its root, packages by name. */
function importsOf(file: string, text = readFileSync(path.join(root, file), 'utf8')): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const match of code.matchAll(/(?:^|[;\s])(import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"]+)['"]/g)) found.push({ to: match[3] ?? '', typeOnly: match[2] !== undefined });
  for (const match of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) found.push({ to: match[1] ?? '', typeOnly: false });
  return found.map(({ to, typeOnly }) => ({ to: resolve(file, to), typeOnly }));
}

function resolve(file: string, to: string): string {
  if (to.startsWith('#')) return to.slice(1);
  return to.startsWith('.') ? path.posix.join(path.posix.dirname(file), to) : `package:${to}`;
}

const areas = readTable();

function areaOf(file: string): Area | undefined {
  const inApp = file.replace(/^app\//, '');
  return areas.find((area) =>
    area.files.some((pattern) => {
      if (pattern.includes('*')) return new RegExp(`^${pattern.replaceAll('*', '[^/]+')}`).test(inApp);
      return pattern.endsWith('/') ? inApp.startsWith(pattern) : inApp === pattern;
    }),
  );
}

const isTest = (file: string) => /\.test\.tsx?$/.test(file);
const appFiles = sourcesUnder('app').filter((file) => !isTest(file) && !file.endsWith('.json'));

/** What is wrong with one import of one file; undefined when nothing is. */
function fault(file: string, { to, typeOnly }: Import): string | undefined {
  const area = areaOf(file);
  if (!area) return `${file} belongs to no area of docs/architecture.md`;
  if (to.startsWith('package:')) return packageFault(area.name, to.slice('package:'.length), file, typeOnly);
  if (!to.startsWith('app/')) return to.startsWith('package.json') || to.startsWith('build/') ? undefined : `${file} imports ${to}, outside app/`;
  const target = areaOf(to);
  if (!target) return `${file} imports ${to}, which belongs to no area`;
  if (area.name === 'components' && to.includes('.server') && !typeOnly) return `${file} is a component and imports ${to}`;
  if (target.name === area.name) {
    const destination = (name: string) => name.split('/')[2];
    return area.name === 'destination' && destination(file) !== destination(to) ? `${file} imports another destination, ${to}` : undefined;
  }
  // What a page shows is typed where it is read; the type leaves nothing in the browser.
  if (area.name === 'components' && typeOnly && ['connections', 'delivery'].includes(target.name)) return undefined;
  const part = area.may.get(target.name);
  if (part === undefined) return `${file} (${area.name}) imports ${to} (${target.name})`;
  return part === null || part.some((word) => to.includes(word)) ? undefined : `${file} (${area.name}) may import only ${part.join(', ')} of ${target.name}, not ${to}`;
}

function packageFault(area: string, name: string, file: string, typeOnly: boolean): string | undefined {
  if (name.startsWith('@shopify/polaris') && area !== 'components' && !/root\.tsx$|i18n/.test(file)) return `${file} imports Polaris outside components`;
  const screens = ['components', 'routes', 'shopify', 'web', 'i18n'];
  if (/^(react|react-dom|@remix-run|@shopify)(\/|$)/.test(name) && !screens.includes(area)) return `${file} imports ${name} outside ${screens.join(', ')}`;
  if (area === 'recharge' && /^(pg|@prisma)/.test(name) && !typeOnly) return `${file} opens the database`;
  return undefined;
}

describe('the structure is what docs/architecture.md says', () => {
  test('the table was read', () => {
    expect(areas.length).toBeGreaterThan(15);
    expect(appFiles.length).toBeGreaterThan(60);
  });

  test('every file has an area, and every area imports only what its row names', () => {
    expect(appFiles.flatMap((file) => importsOf(file).flatMap((each) => fault(file, each) ?? []))).toEqual([]);
  });

  test('simulators know nothing of the app, and the app nothing of what surrounds it', () => {
    const wrong = sourcesUnder('sandbox').flatMap((file) => importsOf(file).filter(({ to }) => /^(app|tests|demo|bench)\//.test(to)).map(({ to }) => `${file} imports ${to}`));
    const outward = appFiles.flatMap((file) => importsOf(file).filter(({ to }) => /^(sandbox|tests|demo|bench|processes|scripts)\//.test(to)).map(({ to }) => `${file} imports ${to}`));
    expect([...wrong, ...outward]).toEqual([]);
  });

  test.each([
    ['a destination that reads the database', 'app/destinations/bloomreach/mapping.ts', "import { pool } from '#app/db.server.ts';"],
    ['a re-export upwards', 'app/recharge/client.server.ts', "export { pool } from '../db.server.ts';"],
    ['a bare import', 'app/events/event.ts', "import '#app/connections/shops.server.ts';"],
    ['a dynamic import', 'app/delivery/retry.ts', "const x = await import('#app/intake/process.server.ts');"],
    ['a server module in a component', 'app/components/AdminFrame.tsx', "import { pool } from '#app/delivery/queries.server.ts';"],
    ['Polaris in a route', 'app/routes/app.tsx', "import { Page } from '@shopify/polaris';"],
    ['React in the domain', 'app/delivery/state.ts', "import { useState } from 'react';"],
  ])('the guard sees %s', (_, file, line) => {
    const planted = importsOf(file, line);
    expect(planted).toHaveLength(1);
    expect(planted.map((each) => fault(file, each))).toEqual([expect.any(String)]);
  });
});
