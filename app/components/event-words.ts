/** An event's type in words; the type itself for one that the catalogue does not know yet. */
import type { TFunction } from 'i18next';

export function eventWords(t: TFunction, type: string): string {
  return t(`events.${type.replace('.', '_')}`, type);
}
