// The help pages: complete in both languages, nothing that runs or loads, only fixed links.
import { describe, expect, it } from 'vitest';
import { pageLanguageOf, pageLanguages } from './language.ts';
import { loginPath } from './login.ts';
import { helpPage, pagePolicy } from './pages.ts';
import { portalPages } from './parameters.ts';
import { helpPages, words } from './words.ts';

describe('help pages', () => {
  it('say the same things in every language', () => {
    const shape = (language: 'en' | 'de') => helpPages.map((page) => [page, Object.keys(words[language][page]).sort(), words[language][page].steps.length]);
    expect(shape('de')).toEqual(shape('en'));
    for (const language of pageLanguages) {
      for (const page of helpPages) {
        const { steps, ...texts } = words[language][page];
        for (const text of [...steps, ...Object.values(texts)]) expect(text.trim(), `${language} ${page}`).not.toBe('');
      }
    }
    for (const page of helpPages) expect(words.de[page].lead).not.toBe(words.en[page].lead);
  });

  it.each(helpPages.flatMap((page) => pageLanguages.map((language) => [page, language] as const)))('%s in %s is plain HTML with one fixed link', (page, language) => {
    const html = helpPage(page, language);
    expect(html).toContain(`<html lang="${language}">`);
    expect(html).toContain('name="viewport"');
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).not.toMatch(/<script|javascript:|\son\w+=|<img|<link|@import|url\(|https?:/i);
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([page === 'not_signed_in' ? loginPath(null) : '/apps/rechannel/portal']);
    expect(pagePolicy).toContain("default-src 'none'");
  });

  it('not_signed_in tells of the way over the login, the neutral page never who is known (PX-E1)', () => {
    for (const language of pageLanguages) {
      expect(words[language].not_found.steps.length).toBeGreaterThanOrEqual(3);
      expect(JSON.stringify(words[language].not_found)).not.toMatch(/Recharge|token|error/i);
    }
  });
});

describe('the language of a page', () => {
  it.each([
    ['de', 'en', 'de'],
    ['de-AT', undefined, 'de'],
    ['fr', 'de-CH,fr;q=0.9', 'de'],
    [undefined, 'fr-FR,fr;q=0.9,de;q=0.5,en;q=0.4', 'de'],
    [undefined, 'de;q=0,en;q=0.1', 'en'],
    [undefined, 'nonsense;;q=x,*', 'en'],
    [undefined, undefined, 'en'],
    ['<script>', '<script>', 'en'],
  ] as const)('link %s, browser %s: %s', (locale, header, expected) => {
    expect(pageLanguageOf(locale, header)).toBe(expected);
  });
});

describe('the login', () => {
  it('is a constant path of the shop, with a page of the list at most (RP-24)', () => {
    expect(loginPath(null)).toBe('/account/login?return_url=%2Fapps%2Frechannel%2Fportal%2Freturned');
    expect(loginPath('orders')).toBe('/account/login?return_url=%2Fapps%2Frechannel%2Fportal%2Freturned%3Fpage%3Dorders');
    for (const page of portalPages) expect(new URL(loginPath(page), 'https://shop.example').origin).toBe('https://shop.example');
  });
});
