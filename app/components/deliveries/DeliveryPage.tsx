/** One delivery with its story. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { BlockStack, Card, Layout, Page, Text } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '#app/admin/plain-failure.ts';
import { ConfirmModal } from '../ConfirmModal.tsx';
import { eventWords } from '../event-words.ts';
import { FailureBanner } from '../FailureBanner.tsx';
import { ExactTime } from '../Time.tsx';
import { useAnswer } from '../useAnswer.ts';
import { AttemptTimeline } from './AttemptTimeline.tsx';
import { DeliveryBadge } from './DeliveryBadge.tsx';
import { SupportNote } from './SupportNote.tsx';
import type { DeliveryPageData } from './types.ts';

export function DeliveryPage(data: DeliveryPageData) {
  const { delivery, destinationLabel, canReplay, commands } = data;
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const fetcher = useFetcher<{ ok: true } | Refusal>();
  const [asking, setAsking] = useState(false);
  const busy = fetcher.state !== 'idle';
  const answer = busy ? undefined : fetcher.data;
  useAnswer(fetcher, (given) => {
    setAsking(false);
    if (given.ok) shopify.toast.show(t('deliveries.replayed', { count: 1 }));
  });
  return (
    <Page
      title={`${eventWords(t, delivery.eventType)} → ${destinationLabel}`}
      titleMetadata={<DeliveryBadge state={delivery.state} />}
      backAction={{ content: t('nav.deliveries'), url: '/app/deliveries' }}
      {...(canReplay ? { primaryAction: { content: t('deliveries.replayOne'), onAction: () => setAsking(true), loading: busy } } : {})}
    >
      <Layout>
        <Layout.Section>
          <BlockStack gap="400">
            {answer && !answer.ok && <FailureBanner failure={answer.failure} />}
            <Card>
              <BlockStack gap="300">
                <Text as="h2" variant="headingMd">
                  {t('deliveries.detail.what')}
                </Text>
                <Text as="p">{t(`deliveries.stateWords.${delivery.state}`, { destination: destinationLabel })}</Text>
                {delivery.reason && (
                  <Text as="p" breakWord>
                    {t('deliveries.detail.reason')} {delivery.reason}
                  </Text>
                )}
                {delivery.state === 'pending' && (
                  <Text as="p" tone="subdued">
                    {t('deliveries.detail.nextTry')} <ExactTime at={delivery.dueAt} />
                  </Text>
                )}
              </BlockStack>
            </Card>
            <AttemptTimeline attempts={delivery.attempts} destination={destinationLabel} />
            <Card>
              <BlockStack gap="300">
                <Text as="h2" variant="headingMd">
                  {t('deliveries.detail.commands')}
                </Text>
                {'unavailable' in commands && <Text as="p">{t('deliveries.detail.commandsUnavailable')}</Text>}
                {'skip' in commands && <Text as="p">{commands.skip}</Text>}
                {'commands' in commands && (
                  <>
                    <Text as="p" tone="subdued">
                      {t('deliveries.detail.commandsText')}
                    </Text>
                    {commands.commands.map((command) => (
                      <pre className="answer" key={command} tabIndex={0} aria-label={t('destinations.preview.command')}>
                        {command}
                      </pre>
                    ))}
                  </>
                )}
              </BlockStack>
            </Card>
          </BlockStack>
        </Layout.Section>
        <Layout.Section variant="oneThird">
          <BlockStack gap="400">
            <Card>
              <BlockStack gap="300">
                <Text as="h2" variant="headingMd">
                  {t('deliveries.detail.event')}
                </Text>
                <dl className="facts one-column">
                  <dt>{t('deliveries.columns.customer')}</dt>
                  <dd>{delivery.email ?? delivery.rechargeCustomerId ?? '–'}</dd>
                  <dt>{t('deliveries.detail.occurredAt')}</dt>
                  <dd>
                    <ExactTime at={delivery.occurredAt} />
                  </dd>
                  <dt>{t('deliveries.detail.recordedAt')}</dt>
                  <dd>
                    <ExactTime at={delivery.createdAt} />
                  </dd>
                  {delivery.settledAt && (
                    <>
                      <dt>{t('deliveries.detail.settledAt')}</dt>
                      <dd>
                        <ExactTime at={delivery.settledAt} />
                      </dd>
                    </>
                  )}
                  <dt>{t('deliveries.detail.origin')}</dt>
                  <dd>{t(`deliveries.origins.${delivery.origin}`, delivery.origin)}</dd>
                  <dt>{t('deliveries.detail.object')}</dt>
                  <dd>{delivery.objectId}</dd>
                  <dt>{t('deliveries.detail.ids')}</dt>
                  <dd>
                    {delivery.deliveryId} / {delivery.eventId}
                  </dd>
                </dl>
              </BlockStack>
            </Card>
            <SupportNote delivery={delivery} destination={destinationLabel} />
          </BlockStack>
        </Layout.Section>
      </Layout>
      <ConfirmModal
        open={asking}
        title={t('deliveries.replayQuestion', { count: 1 })}
        effect={[t(delivery.state === 'delivered' ? 'deliveries.replayEffectDelivered' : 'deliveries.replayEffect', { destination: destinationLabel }), t('deliveries.replayOrder')]}
        action={t('deliveries.replayConfirm')}
        busy={busy}
        onConfirm={() => !busy && fetcher.submit({}, { method: 'post' })}
        onClose={() => setAsking(false)}
      />
    </Page>
  );
}
