/** The language of a help page: what the link says, else what the browser prefers, else English. */

export const pageLanguages = ['en', 'de'] as const;
export type PageLanguage = (typeof pageLanguages)[number];

/** `locale` is the link's parameter, `acceptLanguage` the browser's header; both are only compared, never shown. */
export function pageLanguageOf(locale: string | undefined, acceptLanguage: string | undefined): PageLanguage {
  return languageOf(locale ?? '') ?? preferred(acceptLanguage ?? '') ?? 'en';
}

function languageOf(tag: string): PageLanguage | null {
  const primary = tag.trim().split(/[-_]/)[0]?.toLowerCase();
  return pageLanguages.find((language) => language === primary) ?? null;
}

function preferred(header: string): PageLanguage | null {
  const ranked = header
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';');
      const quality = parameters.map((parameter) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(parameter)?.[1]).find((text) => text !== undefined);
      return { language: languageOf(tag), quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return ranked.find(({ language }) => language !== null)?.language ?? null;
}
