/** Every tool this version can send to, connected or not. */
import { BlockStack, Button, Card, InlineStack, Page, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { DestinationView } from '#app/connections/destinations.server.ts';
import { manifests } from '#app/destinations/manifests.ts';
import { StatusBadge } from '../StatusBadge.tsx';
import { RelativeTime } from '../Time.tsx';

export function DestinationsPage({ destinations }: { destinations: readonly DestinationView[] }) {
  const { t } = useTranslation();
  return (
    <Page title={t('nav.destinations')} subtitle={t('destinations.subtitle')} backAction={{ content: t('app.name'), url: '/app' }}>
      <BlockStack gap="400">
        {manifests.map((manifest) => {
          const destination = destinations.find(({ type }) => type === manifest.type);
          const address = `/app/destinations/${manifest.type}`;
          return (
            <Card key={manifest.type}>
              <BlockStack gap="300">
                <InlineStack align="space-between" blockAlign="center" gap="200">
                  <Text as="h2" variant="headingMd">
                    {manifest.label}
                  </Text>
                  <StatusBadge status={destination?.status ?? 'none'} />
                </InlineStack>
                <Text as="p">{t(`destinations.${manifest.type}.purpose`, '')}</Text>
                {destination && (
                  <Text as="p" tone="subdued">
                    {destination.lastSuccessAt ? (
                      <>
                        {t('home.connections.lastSuccess')} <RelativeTime at={destination.lastSuccessAt} />
                      </>
                    ) : (
                      t('home.connections.nothingYet')
                    )}
                  </Text>
                )}
                <InlineStack gap="200">
                  <Button url={address} {...(destination ? {} : { variant: 'primary' })} accessibilityLabel={t(destination ? 'destinations.openNamed' : 'destinations.setUpNamed', { destination: manifest.label })}>
                    {t(destination ? 'destinations.open' : 'destinations.setUp')}
                  </Button>
                  {destination && (
                    <Button url={`${address}/preview`} variant="tertiary" accessibilityLabel={`${t('destinations.preview.action')} (${manifest.label})`}>
                      {t('destinations.preview.action')}
                    </Button>
                  )}
                </InlineStack>
              </BlockStack>
            </Card>
          );
        })}
      </BlockStack>
    </Page>
  );
}
