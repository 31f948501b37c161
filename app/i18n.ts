/** The languages of the admin and how one is chosen. Catalogues: app/locales; every text that a person reads comes from there. */
import { createInstance, type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import de from './locales/de.json' with { type: 'json' };
import en from './locales/en.json' with { type: 'json' };

export const locales = ['en', 'de'] as const;
export type Locale = (typeof locales)[number];

/**
 * The language of a page: what Shopify's admin names in its address (`locale=de-DE`), else the browser's first known
 * language, else English.
 */
export function localeOf(request: Request): Locale {
  const wanted = [new URL(request.url).searchParams.get('locale'), ...(request.headers.get('accept-language') ?? '').split(',')];
  for (const tag of wanted) {
    const language = tag?.trim().slice(0, 2).toLowerCase();
    const known = locales.find((locale) => locale === language);
    if (known) return known;
  }
  return 'en';
}

/** True for a language that the admin speaks. */
export function isLocale(word: string): word is Locale {
  return (locales as readonly string[]).includes(word);
}

/** A translator for one page; the server makes one for each request, so that languages never mix. */
export function translator(locale: Locale): i18n {
  const instance = createInstance();
  void instance.use(initReactI18next).init({
    lng: locale,
    fallbackLng: 'en',
    resources: { en: { translation: en }, de: { translation: de } },
    interpolation: { escapeValue: false },
    initAsync: false,
    react: { useSuspense: false },
  });
  return instance;
}
