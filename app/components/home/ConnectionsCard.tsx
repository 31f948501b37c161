/** Recharge and each destination with their state, in one look. */
import { Badge, BlockStack, Button, Card, InlineStack, Link, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { Home } from '#app/admin/home.server.ts';
import { useThemeBlocks } from '../portal/useThemeBlocks.ts';
import { StatusBadge } from '../StatusBadge.tsx';
import { RelativeTime } from '../Time.tsx';

export function ConnectionsCard({ recharge, destinations }: Pick<Home, 'recharge' | 'destinations'>) {
  const { t } = useTranslation();
  const blocks = useThemeBlocks();
  return (
    <Card>
      <BlockStack gap="400">
        <Text as="h2" variant="headingMd">
          {t('home.connections.title')}
        </Text>
        <BlockStack gap="100">
          <InlineStack align="space-between" gap="200">
            <Link url="/app/recharge">Recharge</Link>
            <StatusBadge status={recharge?.status ?? 'none'} />
          </InlineStack>
          <Text as="p" tone="subdued">
            {recharge?.status === 'active' ? t('home.connections.webhooks', recharge.webhooks) : t('home.connections.rechargeNone')}
          </Text>
        </BlockStack>
        {destinations.map((destination) => (
          <BlockStack gap="100" key={destination.type}>
            <InlineStack align="space-between" gap="200">
              <Link url={`/app/destinations/${destination.type}`}>{destination.label}</Link>
              <StatusBadge status={destination.status} />
            </InlineStack>
            <Text as="p" tone="subdued">
              {destination.lastSuccessAt ? (
                <>
                  {t('home.connections.lastSuccess')} <RelativeTime at={destination.lastSuccessAt} />
                </>
              ) : (
                t('home.connections.nothingYet')
              )}
            </Text>
          </BlockStack>
        ))}
        <InlineStack align="space-between" gap="200">
          <Link url="/app/portal">{t('nav.portal')}</Link>
          {blocks === null ? <Badge>{t('home.connections.blocksUnknown')}</Badge> : blocks.size > 0 ? <Badge tone="success">{t('portal.place.live')}</Badge> : <Badge>{t('portal.place.notLive')}</Badge>}
        </InlineStack>
        {destinations.length === 0 && (
          <BlockStack gap="200" inlineAlign="start">
            <Text as="p" tone="subdued">
              {t('home.connections.noDestination')}
            </Text>
            <Button url="/app/destinations">{t('home.connections.choose')}</Button>
          </BlockStack>
        )}
      </BlockStack>
    </Card>
  );
}
