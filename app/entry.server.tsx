/** Renders a page on the server, in the language of the request. */
import { PassThrough } from 'node:stream';
import { createReadableStreamFromReadable, type EntryContext } from '@remix-run/node';
import { RemixServer } from '@remix-run/react';
import { renderToPipeableStream } from 'react-dom/server';
import { I18nextProvider } from 'react-i18next';
import { localeOf, translator } from '#app/i18n.ts';
import { log } from '#app/log.server.ts';
import { addDocumentResponseHeaders } from '#app/shopify.server.ts';
import { appBridgeAddress } from '#app/shopify/upstream.server.ts';

export const streamTimeout = 5_000;

export default function handleRequest(request: Request, status: number, headers: Headers, context: EntryContext): Promise<Response> {
  addDocumentResponseHeaders(request, headers);
  // The package names Shopify's own script here, whatever the operator set.
  if (headers.has('Link')) headers.set('Link', `<${appBridgeAddress()}>; rel="preload"; as="script"`);
  headers.set('Content-Type', 'text/html; charset=utf-8');
  headers.set('X-Content-Type-Options', 'nosniff');
  headers.set('Referrer-Policy', 'no-referrer');
  headers.set('Cache-Control', 'no-store, private');
  return new Promise((resolve, reject) => {
    let code = status;
    const { pipe, abort } = renderToPipeableStream(
      <I18nextProvider i18n={translator(localeOf(request))}>
        <RemixServer context={context} url={request.url} />
      </I18nextProvider>,
      {
        onAllReady() {
          const body = new PassThrough();
          resolve(new Response(createReadableStreamFromReadable(body), { headers, status: code }));
          pipe(body);
        },
        onShellError: reject,
        onError(error) {
          code = 500;
          log.error('A page could not be rendered', { error });
        },
      },
    );
    setTimeout(abort, streamTimeout + 1_000).unref();
  });
}

/** What a loader or action throws unexpectedly goes to our log, never to the console or the page. */
export function handleError(error: unknown, { request }: { request: Request }): void {
  if (request.signal.aborted) return;
  log.error('A page or form failed', { path: new URL(request.url).pathname, error });
}
