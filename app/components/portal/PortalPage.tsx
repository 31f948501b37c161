/** Manage Subscriptions: three ways to place the link, how it is made, what came of it in the last seven days. */
import { Banner, BlockStack, Layout, Page, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import { OutcomesCard } from './OutcomesCard.tsx';
import { PlacementCard } from './PlacementCard.tsx';
import { PortalModeForm } from './PortalModeForm.tsx';
import type { PortalPageData } from './types.ts';

export function PortalPage({ mode, linkUrl, blockEditorUrl, embedEditorUrl, connected, missingScopes, outcomes }: PortalPageData) {
  const { t } = useTranslation();
  return (
    <Page title={t('portal.title')} subtitle={t('portal.subtitle')} backAction={{ content: t('app.name'), url: '/app' }}>
      <BlockStack gap="400">
        {!connected && (
          <Banner tone="warning" title={t('portal.notConnected.title')} action={{ content: t('destinations.rechargeFirst.action'), url: '/app/recharge' }}>
            <Text as="p">{t('portal.notConnected.text')}</Text>
          </Banner>
        )}
        {connected && missingScopes.length > 0 && (
          <Banner tone="critical" title={t('portal.missingScopes.title')} action={{ content: t('destinations.missingScopes.action'), url: '/app/recharge' }}>
            <Text as="p">{t('portal.missingScopes.text', { list: missingScopes.map((scope) => t(`scopes.${scope}.label`)).join(', ') })}</Text>
          </Banner>
        )}
        <Layout>
          <Layout.AnnotatedSection title={t('portal.place.title')} description={t('portal.place.help')}>
            <PlacementCard linkUrl={linkUrl} blockEditorUrl={blockEditorUrl} embedEditorUrl={embedEditorUrl} />
          </Layout.AnnotatedSection>
          <Layout.AnnotatedSection title={t('portal.mode.title')} description={t('portal.mode.help')}>
            <PortalModeForm mode={mode} />
          </Layout.AnnotatedSection>
          <Layout.AnnotatedSection title={t('portal.outcomes.title')} description={t('portal.outcomes.help')}>
            <OutcomesCard outcomes={outcomes} />
          </Layout.AnnotatedSection>
        </Layout>
      </BlockStack>
    </Page>
  );
}
