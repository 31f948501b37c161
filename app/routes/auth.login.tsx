/** Where Shopify's package sends a visit that names no shop. There is no login of our own: the app opens from the Shopify admin. */
import { redirect, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node';
import { login } from '#app/shopify.server.ts';

export { default } from './_index.tsx';

export const meta: MetaFunction = () => [{ title: 'Rechannel' }, { name: 'robots', content: 'noindex' }];

export async function loader({ request }: LoaderFunctionArgs) {
  // With a shop in the address the package leads on to its admin; without one there is nothing to ask for.
  if (new URL(request.url).searchParams.has('shop')) await login(request);
  if (request.method !== 'GET') throw redirect('/');
  return null;
}
