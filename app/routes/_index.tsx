/** `/`: Shopify's own visits go on into the admin; anybody else reads what this is. */
import { redirect, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node';
import { useTranslation } from 'react-i18next';

export const meta: MetaFunction = () => [{ title: 'Rechannel' }, { name: 'robots', content: 'noindex' }];

export function loader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  if (searchParams.has('shop')) throw redirect(`/app?${searchParams}`);
  return null;
}

export default function Welcome() {
  const { t } = useTranslation();
  return (
    <main style={{ maxWidth: '36rem', margin: '15vh auto 0', padding: '0 1.5rem', font: '1rem/1.6 system-ui, sans-serif' }}>
      <h1>{t('app.name')}</h1>
      <p>{t('welcome.what')}</p>
      <p>{t('welcome.open')}</p>
    </main>
  );
}
