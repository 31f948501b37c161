/** The list of deliveries with saved views, filters and search in the address, and a way to send the dead ones again. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { BlockStack, Card, Page } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '#app/admin/plain-failure.ts';
import { ConfirmModal } from '../ConfirmModal.tsx';
import { FailureBanner } from '../FailureBanner.tsx';
import { useAnswer } from '../useAnswer.ts';
import { DeliveryFilters } from './DeliveryFilters.tsx';
import { DeliveryTable } from './DeliveryTable.tsx';
import type { DeliveriesPageData } from './types.ts';

export function DeliveriesPage({ items, next, filter, destinations, deadCount }: DeliveriesPageData) {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const fetcher = useFetcher<{ ok: true; accepted: number } | Refusal>();
  const [asking, setAsking] = useState<string[] | 'all' | null>(null);
  const busy = fetcher.state !== 'idle';
  const answer = busy ? undefined : fetcher.data;

  useAnswer(fetcher, (given) => {
    setAsking(null);
    if (given.ok) shopify.toast.show(t('deliveries.replayed', { count: given.accepted }));
  });

  function replay() {
    if (busy || asking === null) return;
    const options = { method: 'post', encType: 'application/json' } as const;
    if (asking === 'all') void fetcher.submit({ intent: 'replayDead', destination: filter.destination }, options);
    else void fetcher.submit({ intent: 'replay', deliveryIds: asking }, options);
  }

  const count = asking === 'all' ? deadCount : (asking?.length ?? 0);
  const offersAll = filter.state === 'dead' && items.length > 0;
  return (
    <Page
      title={t('nav.deliveries')}
      subtitle={t('deliveries.subtitle')}
      backAction={{ content: t('app.name'), url: '/app' }}
      {...(offersAll ? { primaryAction: { content: t('deliveries.replayAll'), onAction: () => setAsking('all') } } : {})}
    >
      <BlockStack gap="400">
        {answer && !answer.ok && <FailureBanner failure={answer.failure} />}
        <Card padding="0">
          <DeliveryFilters filter={filter} destinations={destinations} deadCount={deadCount} />
          <DeliveryTable key={JSON.stringify(filter)} items={items} next={next} filter={filter} destinations={destinations} onReplay={setAsking} />
        </Card>
      </BlockStack>
      <ConfirmModal
        open={asking !== null}
        title={asking === 'all' && filter.destination ? t('deliveries.replayAllQuestion') : t('deliveries.replayQuestion', { count })}
        effect={[t('deliveries.replayEffect'), t('deliveries.replayOrder')]}
        action={t('deliveries.replayConfirm')}
        busy={busy}
        onConfirm={replay}
        onClose={() => setAsking(null)}
      />
    </Page>
  );
}
