// The filters that lists share.
import { invalid } from './errors.ts';
import type { FilterMaker } from './paging.ts';

/** Comma separated values, any of which may match. */
export function anyOf<T>(of: (row: T) => string | number | null): FilterMaker<T> {
  return (text) => {
    const wanted = new Set(text.split(',').map((value) => value.trim()));
    return (row) => wanted.has(String(of(row)));
  };
}

/** Any of the comma separated values among several of the row's. */
export function anyAmong<T>(of: (row: T) => readonly (string | number | null)[]): FilterMaker<T> {
  return (text) => {
    const wanted = new Set(text.split(',').map((value) => value.trim()));
    return (row) => of(row).some((value) => wanted.has(String(value)));
  };
}

/** Bounds include the instant itself; rows without one never match. */
export function instants<T>(name: string, of: (row: T) => string | null): Record<string, FilterMaker<T>> {
  const bound =
    (isMin: boolean): FilterMaker<T> =>
    (text, parameter) => {
      const limit = readInstant(text, parameter);
      return (row) => {
        const value = of(row);
        return value !== null && (isMin ? Date.parse(value) >= limit : Date.parse(value) <= limit);
      };
    };
  return { [`${name}_min`]: bound(true), [`${name}_max`]: bound(false) };
}

export function yesOrNo<T>(of: (row: T) => boolean): FilterMaker<T> {
  return (text) => {
    const wanted = text === 'true' || text === '1';
    return (row) => of(row) === wanted;
  };
}

/** ISO 8601 with offset, without (UTC) or a day alone. Throws 422 in Recharge's words. */
export function readInstant(text: string, parameter: string): number {
  const iso = text.replace(' ', '+');
  const isIso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(iso);
  const ms = isIso ? Date.parse(/T/.test(iso) && !/(Z|[+-]\d{2}:?\d{2})$/.test(iso) ? `${iso}Z` : iso) : Number.NaN;
  if (Number.isNaN(ms)) throw invalid({ [parameter]: [`Invalid date: ${text}. Must be a valid ISO-8601 datetime string`] });
  return ms;
}
