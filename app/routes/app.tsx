/** The embedded admin: every page below it belongs to one verified shop. */
import type { HeadersFunction, LinksFunction, LoaderFunctionArgs, MetaFunction } from '@remix-run/node';
import { isRouteErrorResponse, Outlet, useLoaderData, useRouteError } from '@remix-run/react';
import { AdminFrame, adminStylesheets } from '#app/components/AdminFrame.tsx';
import { AdminProblem, problemOf } from '#app/components/AdminProblem.tsx';
import { PageSkeleton } from '#app/components/PageSkeleton.tsx';
import { ShopClockContext } from '#app/components/Time.tsx';
import { useLateNavigation } from '#app/components/useLateNavigation.ts';
import { requireMerchant } from '#app/shopify/merchant.server.ts';

/** The admin around the frame shows the page's own title; this one is for assistive technology. */
export const meta: MetaFunction = () => [{ title: 'Rechannel' }];

export const links: LinksFunction = () => adminStylesheets;

export async function loader({ request }: LoaderFunctionArgs) {
  const { shop } = await requireMerchant(request);
  return { clock: { timezone: shop.timezone, now: new Date().toISOString() } };
}

export default function App() {
  const { clock } = useLoaderData<typeof loader>();
  const late = useLateNavigation();
  return (
    <AdminFrame>
      <ShopClockContext.Provider value={clock}>{late ? <PageSkeleton /> : <Outlet />}</ShopClockContext.Provider>
    </AdminFrame>
  );
}

/** Answers of Shopify's package (bounce, retry) pass through as they are; everything else becomes a page with a way on. */
export function ErrorBoundary() {
  const error = useRouteError();
  const problem = problemOf(error);
  if (problem === 'shopify') return <div dangerouslySetInnerHTML={{ __html: isRouteErrorResponse(error) ? String(error.data ?? '') : '' }} />;
  return (
    <AdminFrame>
      <AdminProblem problem={problem} />
    </AdminFrame>
  );
}

/** Shopify's package sets the headers that steer App Bridge on whatever it throws. */
export const headers: HeadersFunction = ({ errorHeaders, parentHeaders, loaderHeaders, actionHeaders }) =>
  errorHeaders && [...errorHeaders].length > 0 ? errorHeaders : new Headers([...parentHeaders, ...loaderHeaders, ...actionHeaders]);
