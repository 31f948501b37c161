/** What a settings form holds while it is filled in. Secrets are null while the stored one is kept. */
import type { Manifest } from '#app/destinations/contract.ts';

export type FormValue = string | boolean | string[] | number | null;
export type FormValues = Record<string, FormValue>;

/** What the form starts with: the stored settings, or the manifest's defaults. */
export function startValues(manifest: Manifest, stored: Record<string, unknown> | null): FormValues {
  return Object.fromEntries(
    Object.entries(manifest.fields).map(([name, field]) => {
      if (field.kind === 'secret') return [name, stored ? null : ''];
      const value = stored?.[name] ?? ('default' in field ? field.default : '');
      return [name, Array.isArray(value) ? [...value] : (value as FormValue)];
    }),
  );
}

export function sameValues(a: FormValues, b: FormValues): boolean {
  return Object.keys(a).every((name) => {
    const [left, right] = [a[name], b[name]];
    // An opened but empty secret field changes nothing.
    if ((left === null && right === '') || (left === '' && right === null)) return true;
    return Array.isArray(left) && Array.isArray(right) ? left.join() === right.join() : left === right;
  });
}

/** The body of a save: a kept secret is left out. */
export function typedSettings(values: FormValues): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
