/** The last 24 hours in numbers, each said in words beside it; plain text, so nothing depends on a chart. */
import { BlockStack, Card, Link, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { QueueSummary } from '#app/delivery/queries.server.ts';
import { RelativeTime } from '../Time.tsx';

export function FiguresCard({ queue, portalVisits }: { queue: QueueSummary; portalVisits: number }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const figures: { id: string; value: number; page?: string }[] = [
    { id: 'webhooks', value: queue.lastDay.webhooks },
    { id: 'events', value: queue.lastDay.events },
    { id: 'delivered', value: queue.lastDay.delivered, page: '/app/deliveries?state=delivered' },
    { id: 'dead', value: queue.lastDay.dead, page: '/app/deliveries?state=dead' },
    { id: 'waiting', value: queue.waiting, page: '/app/deliveries?state=pending' },
    { id: 'held', value: queue.held, page: '/app/deliveries?state=held' },
    { id: 'portal', value: portalVisits, page: '/app/portal' },
  ];
  return (
    <Card>
      <BlockStack gap="400">
        <Text as="h2" variant="headingMd">
          {t('home.figures.title')}
        </Text>
        <dl className="figures">
          {figures.map(({ id, value, page }) => (
            <div key={id}>
              <dt>
                <Text as="span" tone="subdued">
                  {t(`home.figures.${id}`)}
                </Text>
              </dt>
              <dd>
                <Text as="span" variant="headingLg">
                  {page ? (
                    <Link url={page} removeUnderline accessibilityLabel={t('home.figures.open', { value: number.format(value), what: t(`home.figures.${id}`) })}>
                      {number.format(value)}
                    </Link>
                  ) : (
                    number.format(value)
                  )}
                </Text>
              </dd>
            </div>
          ))}
        </dl>
        <Text as="p" tone="subdued">
          {queue.oldestWaitingAt ? (
            <>
              {t('home.figures.oldest')} <RelativeTime at={queue.oldestWaitingAt} />
            </>
          ) : (
            t('home.figures.nothingWaits')
          )}
        </Text>
      </BlockStack>
    </Card>
  );
}
