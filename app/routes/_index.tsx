/** `/`: Shopify's own visits go on into the admin; anybody else reads what this is. */
import { redirect, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node';
import { useTranslation } from 'react-i18next';
import { PlainPage } from '#app/components/PlainPage.tsx';

export const meta: MetaFunction = () => [{ title: 'Rechannel' }, { name: 'robots', content: 'noindex' }];

export function loader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  if (searchParams.has('shop')) throw redirect(`/app?${searchParams}`);
  return null;
}

export default function Welcome() {
  const { t } = useTranslation();
  return (
    <PlainPage title={t('app.name')}>
      <p>{t('welcome.what')}</p>
      <p>{t('welcome.open')}</p>
    </PlainPage>
  );
}
