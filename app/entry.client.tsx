/** Brings the server's page to life in the browser, in the language that the server chose. */
import { RemixBrowser } from '@remix-run/react';
import { StrictMode, startTransition } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { isLocale, translator } from '#app/i18n.ts';

const language = document.documentElement.lang;
letAppBridgeNodesFollow();

startTransition(() => {
  hydrateRoot(
    document,
    <StrictMode>
      <I18nextProvider i18n={translator(isLocale(language) ? language : 'en')}>
        <RemixBrowser />
      </I18nextProvider>
    </StrictMode>,
  );
});

/**
 * App Bridge stands first in the head, as Shopify asks, and may add nodes right behind itself before React compares the head with
 * what it rendered. React 18 tolerates strangers only at the end of the head; in the middle it would throw the whole page away
 * and draw it again. So they move to the end.
 */
function letAppBridgeNodesFollow(): void {
  const end = document.head.querySelector('meta[name="rechannel-head"]');
  const script = document.head.querySelector('script[data-app-bridge]');
  while (end && script && script.nextSibling && script.nextSibling !== end) document.head.append(script.nextSibling);
}
