/** How the portal route answers, whatever the reason: nothing cached, nothing referred, nothing indexed, no cookie. */
import type { ServerResponse } from 'node:http';
import type { PageLanguage } from './language.ts';
import { helpPage, pagePolicy } from './pages.ts';
import type { HelpPage } from './words.ts';

/** On every answer (PX-I1). */
export const standingHeaders = { 'Cache-Control': 'no-store, private', 'Referrer-Policy': 'no-referrer', 'X-Robots-Tag': 'noindex' };

export function answerRedirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { ...standingHeaders, Location: location, 'Content-Length': '0' }).end();
}

/** An answer without a body. */
export function answerEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...standingHeaders, ...headers, ...(status === 204 ? {} : { 'Content-Length': '0' }) }).end();
}

export function answerPage(response: ServerResponse, status: number, page: HelpPage, language: PageLanguage, headers: Record<string, string> = {}): void {
  const html = helpPage(page, language);
  response
    .writeHead(status, {
      ...standingHeaders,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(html)),
      'Content-Language': language,
      'Content-Security-Policy': pagePolicy,
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    })
    .end(response.req.method === 'HEAD' ? undefined : html);
}
