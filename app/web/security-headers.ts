/** Headers that every page carries unless it says otherwise, and who may frame it. */

export type HeaderRules = {
  /** The app's public address is https: browsers are told to stay there. */
  https: boolean;
  /** An origin that may frame pages besides Shopify's: that of the simulated admin, where the operator has set one. */
  frameOrigin: string | undefined;
};

type Headers = { getHeader(name: string): number | string | string[] | undefined; setHeader(name: string, value: string): unknown };

/** Adds what is missing to a response whose headers are complete and not sent yet. */
export function addSecurityHeaders(response: Headers, { https, frameOrigin }: HeaderRules): void {
  const missing = (name: string, value: string) => {
    if (response.getHeader(name) === undefined) response.setHeader(name, value);
  };
  missing('X-Content-Type-Options', 'nosniff');
  missing('Referrer-Policy', 'strict-origin-when-cross-origin');
  missing('Cross-Origin-Resource-Policy', 'same-origin');
  if (https) missing('Strict-Transport-Security', 'max-age=31536000');
  // Documents bring Shopify's own frame-ancestors; whatever has none is not to be framed.
  missing('Content-Security-Policy', "frame-ancestors 'none'");
  if (frameOrigin) response.setHeader('Content-Security-Policy', allowFrame(String(response.getHeader('Content-Security-Policy')), frameOrigin));
}

/** Adds an origin to the frame-ancestors that name Shopify; pages that nobody may frame stay so. */
export function allowFrame(policy: string, origin: string): string {
  return policy.replace(/(^|[;,]\s*)(frame-ancestors)\s+(?!'none')([^;,]*)/gi, (_, before: string, name: string, sources: string) => `${before}${name} ${sources.trim()} ${origin}`);
}
