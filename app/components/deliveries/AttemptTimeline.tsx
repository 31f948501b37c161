/** Each try with its time, outcome and the vendor's own answer, oldest first. */
import { Badge, BlockStack, Card, InlineStack, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { AttemptRow } from '#app/delivery/queries.server.ts';
import { ExactTime } from '../Time.tsx';

export function AttemptTimeline({ attempts, destination }: { attempts: readonly AttemptRow[]; destination: string }) {
  const { t } = useTranslation();
  return (
    <Card>
      <BlockStack gap="400">
        <Text as="h2" variant="headingMd">
          {t('deliveries.detail.attempts')}
        </Text>
        {attempts.length === 0 && <Text as="p">{t('deliveries.detail.noAttempts')}</Text>}
        <ol className="timeline">
          {attempts.map((attempt) => (
            <li key={attempt.number}>
              <BlockStack gap="200">
                <InlineStack gap="200" blockAlign="center">
                  <Text as="h3" variant="headingSm">
                    {t('deliveries.detail.attempt', { number: attempt.number })}
                  </Text>
                  <Badge tone={attempt.outcome === 'delivered' ? 'success' : 'warning'}>{t(`deliveries.outcomes.${attempt.outcome}`, attempt.outcome)}</Badge>
                </InlineStack>
                <Text as="p" tone="subdued">
                  <ExactTime at={attempt.at} /> · {t('deliveries.detail.duration', { ms: attempt.durationMs })}
                  {attempt.status !== null && ` · HTTP ${attempt.status}`}
                  {attempt.requestedBy !== 'engine' && ` · ${t('deliveries.detail.byHand')}`}
                </Text>
                {attempt.vendorAnswer && (
                  <>
                    <Text as="p">{t('failures.answered', { system: destination })}</Text>
                    <pre className="answer" tabIndex={0} aria-label={t('failures.answered', { system: destination })}>
                      {attempt.vendorAnswer}
                    </pre>
                  </>
                )}
              </BlockStack>
            </li>
          ))}
        </ol>
      </BlockStack>
    </Card>
  );
}
