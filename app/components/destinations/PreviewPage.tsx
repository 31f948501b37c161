/** Choose a recent event or a sample and see what would be sent. The choice stands in the address. */
import { useNavigation, useSearchParams } from '@remix-run/react';
import { Banner, BlockStack, Card, Page, Select, Text } from '@shopify/polaris';
import { useContext } from 'react';
import { useTranslation } from 'react-i18next';
import type { PlainFailure } from '#app/admin/plain-failure.ts';
import { findManifest } from '#app/destinations/manifests.ts';
import { eventTypes } from '#app/events/event.ts';
import { eventWords } from '../event-words.ts';
import { FailureBanner } from '../FailureBanner.tsx';
import { ExactTime, exactText, ShopClockContext } from '../Time.tsx';

type Props = {
  type: string;
  events: { eventId: string; type: string; objectId: string; occurredAt: Date }[];
  shown: string;
  preview: { failure: PlainFailure } | { eventType: string; occurredAt: string; sample: boolean; result: { commands: string[] } | { skip: string } };
};

export function PreviewPage({ type, events, shown, preview }: Props) {
  const { t, i18n } = useTranslation();
  const { timezone } = useContext(ShopClockContext);
  const [, setParams] = useSearchParams();
  const loading = useNavigation().state === 'loading';
  const label = findManifest(type)?.label ?? type;
  return (
    <Page title={t('destinations.preview.title', { destination: label })} subtitle={t('destinations.preview.subtitle')} backAction={{ content: label, url: `/app/destinations/${type}` }}>
      <BlockStack gap="400">
        <Card>
          <Select
            label={t('destinations.preview.choose')}
            helpText={events.length === 0 ? t('destinations.preview.noEvents') : t('destinations.preview.chooseHelp')}
            disabled={loading}
            value={shown}
            onChange={(event) => setParams((before) => new URLSearchParams({ ...Object.fromEntries(before), event }), { preventScrollReset: true })}
            options={[
              ...(events.length > 0
                ? [{ title: t('destinations.preview.recent'), options: events.map((event) => ({ value: event.eventId, label: `${eventWords(t, event.type)} · ${event.objectId} · ${exactText(new Date(event.occurredAt), i18n.language, timezone)}` })) }]
                : []),
              { title: t('destinations.preview.samples'), options: eventTypes.map((sample) => ({ value: sample, label: eventWords(t, sample) })) },
            ]}
          />
        </Card>
        <div aria-live="polite" aria-busy={loading}>
          {'failure' in preview ? (
            <FailureBanner failure={preview.failure} />
          ) : (
            <Card>
              <BlockStack gap="300">
                <Text as="h2" variant="headingMd">
                  {eventWords(t, preview.eventType)}
                </Text>
                <Text as="p" tone="subdued">
                  {preview.sample ? t('destinations.preview.isSample') : <ExactTime at={preview.occurredAt} />}
                </Text>
                {'skip' in preview.result ? (
                  <Banner tone="info" title={t('destinations.preview.skipped', { destination: label })}>
                    <Text as="p">{preview.result.skip}</Text>
                  </Banner>
                ) : (
                  <BlockStack gap="300">
                    <Text as="p">{t('destinations.preview.commands', { count: preview.result.commands.length, destination: label })}</Text>
                    {preview.result.commands.map((command) => (
                      <pre className="answer" key={command} tabIndex={0} aria-label={t('destinations.preview.command')}>
                        {command}
                      </pre>
                    ))}
                  </BlockStack>
                )}
              </BlockStack>
            </Card>
          )}
        </div>
      </BlockStack>
    </Page>
  );
}
