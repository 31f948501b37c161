/** Is this destination working? With a test, and with pause, resume and remove. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { Banner, BlockStack, Button, Card, InlineStack, Text } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DestinationView } from '#app/connections/destinations.server.ts';
import { ConfirmModal } from '../ConfirmModal.tsx';
import { FailureBanner } from '../FailureBanner.tsx';
import { ExactTime, RelativeTime } from '../Time.tsx';
import { useAnswer } from '../useAnswer.ts';
import type { DestinationAnswer, DestinationIntent } from './types.ts';

export function DestinationStateCard({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const fetcher = useFetcher<DestinationAnswer>();
  const [asking, setAsking] = useState<'pause' | 'remove' | null>(null);
  const pending = fetcher.state === 'idle' ? null : ((fetcher.json as { intent?: DestinationIntent } | undefined)?.intent ?? null);
  const answer = fetcher.state === 'idle' ? fetcher.data : undefined;
  const { label } = destination;

  useAnswer(fetcher, (given) => {
    setAsking(null);
    if (given.ok) shopify.toast.show(t(`destinations.state.done.${given.intent}`, { destination: label }));
  });

  const ask = (intent: DestinationIntent) => void fetcher.submit({ intent }, { method: 'post', encType: 'application/json' });
  return (
    <Card>
      <BlockStack gap="400">
        {destination.status === 'stopped' && (
          <Banner tone="critical" title={t('destinations.state.stoppedTitle', { destination: label })}>
            <Text as="p" breakWord>
              {t('destinations.state.stoppedText')} {destination.statusReason}
            </Text>
          </Banner>
        )}
        {destination.status === 'paused' && (
          <Banner tone="info" title={t('destinations.state.pausedTitle', { destination: label })}>
            <Text as="p">{t('destinations.state.pausedText')}</Text>
          </Banner>
        )}
        <dl className="facts">
          <dt>{t('destinations.state.lastSuccess')}</dt>
          <dd>{destination.lastSuccessAt ? <ExactTime at={destination.lastSuccessAt} /> : t('destinations.state.noneYet')}</dd>
          <dt>{t('destinations.state.lastCheck')}</dt>
          <dd>
            {destination.check === null ? (
              t('destinations.state.noneYet')
            ) : (
              <>
                {t(destination.check.ok ? 'destinations.state.checkGood' : 'destinations.state.checkBad')} {destination.checkedAt && <RelativeTime at={destination.checkedAt} />}
              </>
            )}
          </dd>
        </dl>
        <div aria-live="polite">
          {answer && !answer.ok && 'check' in answer && (
            <Banner tone="critical" title={t('destinations.state.testFailed', { destination: label })}>
              <Text as="p" breakWord>
                {answer.check}
              </Text>
            </Banner>
          )}
          {answer && !answer.ok && 'failure' in answer && <FailureBanner failure={answer.failure} />}
        </div>
        <InlineStack gap="200">
          <Button loading={pending === 'test'} disabled={pending !== null && pending !== 'test'} onClick={() => ask('test')}>
            {t('destinations.state.test')}
          </Button>
          {destination.status === 'active' ? (
            <Button disabled={pending !== null} onClick={() => setAsking('pause')}>
              {t('destinations.state.pause')}
            </Button>
          ) : (
            <Button loading={pending === 'resume'} onClick={() => ask('resume')}>
              {t('destinations.state.resume')}
            </Button>
          )}
          <Button tone="critical" disabled={pending !== null} onClick={() => setAsking('remove')}>
            {t('destinations.state.remove')}
          </Button>
        </InlineStack>
      </BlockStack>
      <ConfirmModal
        open={asking !== null}
        title={t(`destinations.state.question.${asking ?? 'pause'}`, { destination: label })}
        effect={t(`destinations.state.effect.${asking ?? 'pause'}`, { destination: label })}
        action={t(`destinations.state.confirm.${asking ?? 'pause'}`, { destination: label })}
        destructive={asking === 'remove'}
        busy={pending !== null}
        onConfirm={() => asking && ask(asking)}
        onClose={() => setAsking(null)}
      />
    </Card>
  );
}
