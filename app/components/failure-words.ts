/** Failures in the reader's language: what happened, which system refused, what to do. */
import type { TFunction } from 'i18next';
import type { PlainFailure } from '#app/admin/plain-failure.ts';

/** A sentence for the code if the catalogue has one, else for the kind; the vendor's own words are shown beside it, untranslated. */
export function failureWords(t: TFunction, failure: Pick<PlainFailure, 'kind' | 'code' | 'system' | 'status' | 'message'>): string {
  const values = { system: failure.system ?? t('failures.theOtherSystem'), status: failure.status ?? '', message: failure.message };
  return t([`failures.code.${failure.code}`, `failures.kind.${failure.kind}`], values);
}
