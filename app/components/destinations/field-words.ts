/** A destination's fields in the reader's language: the catalogue first, the manifest's English where it has none. */
import type { TFunction } from 'i18next';
import type { Field, Manifest } from '#app/destinations/contract.ts';

export type FieldWords = { label: string; help: string; choice: (value: string) => string; choiceHelp: (value: string) => string };

export function fieldWords(t: TFunction, manifest: Manifest, name: string, field: Field): FieldWords {
  const key = `destinations.${manifest.type}.fields.${name}`;
  return {
    label: t(`${key}.label`, field.label),
    help: t(`${key}.help`, field.help),
    choice: (value) => t(`${key}.choices.${value}.label`, value),
    choiceHelp: (value) => t(`${key}.choices.${value}.help`, ''),
  };
}

/** What is wrong with a field: that it is empty, or what it should be. */
export function faultWords(t: TFunction, manifest: Manifest, name: string, field: Field, typed: unknown, message: string): string {
  const { label } = fieldWords(t, manifest, name, field);
  if (typeof typed === 'string' && typed.trim() === '') return t('form.needed', { label });
  return t(`destinations.${manifest.type}.fields.${name}.fault`, message);
}
