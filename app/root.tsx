/** The document around every page. App Bridge stands first in the head of embedded pages, and only there. */
import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from '@remix-run/node';
import { isRouteErrorResponse, Links, Meta, Outlet, Scripts, ScrollRestoration, useRouteError, useRouteLoaderData } from '@remix-run/react';
import type { ReactNode } from 'react';
import { PlainProblem } from '#app/components/PlainProblem.tsx';
import { env } from '#app/env.server.ts';
import { localeOf } from '#app/i18n.ts';
import { appBridgeAddress } from '#app/shopify/upstream.server.ts';

/** The admin's font, left out where the operator replaced Shopify's own addresses: a page must not wait for a host out of reach. */
const shopifyCdn = 'https://cdn.shopify.com';

export const meta: MetaFunction = () => [{ title: 'Rechannel' }];

export const links: LinksFunction = () => [{ rel: 'icon', href: '/icon.svg', type: 'image/svg+xml' }];

export function loader({ request }: LoaderFunctionArgs) {
  const embedded = /^\/app(\/|$|\.)/.test(new URL(request.url).pathname);
  return { locale: localeOf(request), appBridge: embedded ? { address: appBridgeAddress(), apiKey: env().shopify.apiKey } : null };
}

/** The language is chosen once for a page; later requests of the same page do not name it. */
export const shouldRevalidate = () => false;

export function Layout({ children }: { children: ReactNode }) {
  const data = useRouteLoaderData<typeof loader>('root');
  return (
    <html lang={data?.locale ?? 'en'}>
      <head>
        {data?.appBridge && <meta name="shopify-api-key" content={data.appBridge.apiKey} />}
        {data?.appBridge && <script src={data.appBridge.address} data-app-bridge="" />}
        {data?.appBridge && <meta name="rechannel-head" />}
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {data?.appBridge?.address.startsWith(shopifyCdn) && <link rel="stylesheet" href={`${shopifyCdn}/static/fonts/inter/v4/styles.css`} />}
        <Meta />
        <Links />
      </head>
      <body>
        {children}
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  );
}

export default function Root() {
  return <Outlet />;
}

/** What no page caught. */
export function ErrorBoundary() {
  const error = useRouteError();
  return <PlainProblem problem={isRouteErrorResponse(error) && error.status === 404 ? 'notFound' : 'broken'} />;
}
