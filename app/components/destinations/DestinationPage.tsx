/** One destination: its state with test, pause and remove, what it is for, its settings, its limits. */
import { Banner, BlockStack, Layout, Page, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import { findManifest } from '#app/destinations/manifests.ts';
import { StatusBadge } from '../StatusBadge.tsx';
import { DestinationGuide } from './DestinationGuide.tsx';
import { DestinationStateCard } from './DestinationStateCard.tsx';
import { SettingsForm } from './SettingsForm.tsx';
import type { DestinationPageData } from './types.ts';

export function DestinationPage({ type, destination, rechargeConnected, missingScopes }: DestinationPageData) {
  const { t, i18n } = useTranslation();
  const manifest = findManifest(type);
  if (!manifest) return null;
  const warning = `destinations.${type}.warning`;
  return (
    <Page
      title={manifest.label}
      backAction={{ content: t('nav.destinations'), url: '/app/destinations' }}
      titleMetadata={<StatusBadge status={destination?.status ?? 'none'} />}
      {...(destination ? { secondaryActions: [{ content: t('destinations.preview.action'), url: `/app/destinations/${type}/preview` }] } : {})}
    >
      <BlockStack gap="400">
        {!rechargeConnected && (
          <Banner tone="info" title={t('destinations.rechargeFirst.title')} action={{ content: t('destinations.rechargeFirst.action'), url: '/app/recharge' }}>
            <Text as="p">{t('destinations.rechargeFirst.text')}</Text>
          </Banner>
        )}
        {missingScopes.length > 0 && (
          <Banner tone="critical" title={t('destinations.missingScopes.title', { destination: manifest.label })} action={{ content: t('destinations.missingScopes.action'), url: '/app/recharge' }}>
            <Text as="p">{t('destinations.missingScopes.text', { list: missingScopes.map((scope) => t(`scopes.${scope}.label`)).join(', ') })}</Text>
          </Banner>
        )}
        {i18n.exists(warning) && (
          <Banner tone="warning" title={t(`${warning}.title`)}>
            <Text as="p">{t(`${warning}.text`)}</Text>
          </Banner>
        )}
        <Layout>
          {destination && (
            <Layout.AnnotatedSection title={t('destinations.state.title')} description={t('destinations.state.help')}>
              <DestinationStateCard destination={destination} />
            </Layout.AnnotatedSection>
          )}
          <Layout.AnnotatedSection title={t('destinations.about.title')} description={t(`destinations.${type}.purpose`, '')}>
            <DestinationGuide type={type} part="about" />
          </Layout.AnnotatedSection>
          <Layout.AnnotatedSection title={t('destinations.settings')} description={t(`destinations.${type}.settingsHelp`, '')}>
            <SettingsForm manifest={manifest} destination={destination} />
          </Layout.AnnotatedSection>
          <Layout.AnnotatedSection title={t('destinations.limits.title')} description={t('destinations.limits.help')}>
            <DestinationGuide type={type} part="limits" />
          </Layout.AnnotatedSection>
        </Layout>
      </BlockStack>
    </Page>
  );
}
