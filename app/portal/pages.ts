/**
 * The help pages that a shopper sees instead of the portal: plain HTML without script, readable at 320 px, light and dark.
 * A page depends on its kind and language alone, so nothing from a request can appear in it.
 */
import { createHash } from 'node:crypto';
import type { PageLanguage } from './language.ts';
import { loginPath } from './login.ts';
import { portalPath } from './parameters.ts';
import type { HelpPage } from './words.ts';
import { words } from './words.ts';

const style = `
:root { color-scheme: light dark; --ink: #1f2124; --paper: #ffffff; --soft: #4a4f55; --button: #1f2124; --on-button: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #f1f2f3; --paper: #16181a; --soft: #c3c8ce; --button: #f1f2f3; --on-button: #16181a; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
main { max-width: 38rem; margin: 0 auto; padding-top: min(10vh, 4rem); }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
ul { margin: 1rem 0 1.5rem; padding-left: 1.25rem; }
li { margin-bottom: 0.5rem; }
a { display: inline-block; min-height: 44px; padding: 0.6rem 1.25rem; border-radius: 0.5rem; background: var(--button); color: var(--on-button); text-decoration: none; font-weight: 600; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
footer { margin-top: 1.5rem; color: var(--soft); }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** Nothing may load or run but the style above. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** One help page as HTML. */
export function helpPage(page: HelpPage, language: PageLanguage): string {
  const text = words[language][page];
  const target = page === 'not_signed_in' ? loginPath(null) : portalPath;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(text.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escape(text.title)}</h1>
<p>${escape(text.lead)}</p>
<ul>
${text.steps.map((step) => `<li>${escape(step)}</li>`).join('\n')}
</ul>
<a href="${escape(target)}" rel="nofollow">${escape(text.link)}</a>
<footer>${escape(text.close)}</footer>
</main>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
