/** The frame around every screen: Polaris in the page's language, the admin's navigation menu, and the App Bridge link component. */
import { NavMenu } from '@shopify/app-bridge-react';
import polarisStyles from '@shopify/polaris/build/esm/styles.css?url';
import german from '@shopify/polaris/locales/de.json' with { type: 'json' };
import english from '@shopify/polaris/locales/en.json' with { type: 'json' };
import { AppProvider } from '@shopify/shopify-app-remix/react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import adminStyles from './admin.css?url';

export const adminStylesheets = [
  { rel: 'stylesheet', href: polarisStyles },
  { rel: 'stylesheet', href: adminStyles },
];

export function AdminFrame({ children }: { children: ReactNode }) {
  const { t, i18n } = useTranslation();
  return (
    // App Bridge already stands in the document's head, so the provider does not add it again.
    <AppProvider apiKey="" isEmbeddedApp={false} i18n={i18n.language === 'de' ? german : english}>
      <NavMenu>
        <a href="/app" rel="home">
          {t('app.name')}
        </a>
        <a href="/app/recharge">{t('nav.recharge')}</a>
        <a href="/app/destinations">{t('nav.destinations')}</a>
        <a href="/app/deliveries">{t('nav.deliveries')}</a>
        <a href="/app/portal">{t('nav.portal')}</a>
      </NavMenu>
      {children}
    </AppProvider>
  );
}
