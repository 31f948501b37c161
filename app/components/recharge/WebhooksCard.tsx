/** Registrations with Recharge: wanted, present, last check; repaired by hand if need be. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { Banner, BlockStack, Button, Card, InlineStack, List, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import { FailureBanner } from '../FailureBanner.tsx';
import { ExactTime, RelativeTime } from '../Time.tsx';
import { useAnswer } from '../useAnswer.ts';
import type { RechargeAnswer, RechargePageData, ShownConnection } from './types.ts';

export function WebhooksCard({ connection, webhooksLastDay, quarantined }: { connection: ShownConnection; webhooksLastDay: number; quarantined: RechargePageData['quarantined'] }) {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const repair = useFetcher<RechargeAnswer>();
  const { wanted, present, checkedAt, failed, leftBehind } = connection.webhooks;
  const complete = wanted > 0 && present >= wanted;
  useAnswer(repair, (given) => given.ok && shopify.toast.show(t('recharge.webhooks.repaired')));
  return (
    <Card>
      <BlockStack gap="400">
        {!complete && (
          <Banner tone="warning" title={t('recharge.webhooks.incomplete', { present, wanted })}>
            <Text as="p">{t('recharge.webhooks.incompleteText')}</Text>
          </Banner>
        )}
        <dl className="facts">
          <dt>{t('recharge.webhooks.registered')}</dt>
          <dd>{t('recharge.webhooks.count', { present, wanted })}</dd>
          <dt>{t('recharge.webhooks.checkedAt')}</dt>
          <dd>{checkedAt ? <RelativeTime at={checkedAt} /> : t('recharge.webhooks.never')}</dd>
          <dt>{t('recharge.webhooks.lastDay')}</dt>
          <dd>{webhooksLastDay}</dd>
          <dt>{t('recharge.webhooks.scheme')}</dt>
          <dd>
            {connection.signedWithV1Since ? (
              <>
                {t('recharge.webhooks.schemeV1')} <ExactTime at={connection.signedWithV1Since} />
              </>
            ) : (
              t(webhooksLastDay > 0 ? 'recharge.webhooks.schemeLegacy' : 'recharge.webhooks.schemeNone')
            )}
          </dd>
          <dt>{t('recharge.webhooks.refused')}</dt>
          <dd>
            {connection.refusedCount === 0 ? t('recharge.webhooks.refusedNone') : t('recharge.webhooks.refusedSome', { count: connection.refusedCount })}{' '}
            {connection.refusedAt && <RelativeTime at={connection.refusedAt} />}
          </dd>
          <dt>{t('recharge.webhooks.quarantined')}</dt>
          <dd>
            {quarantined.count === 0 ? t('recharge.webhooks.quarantinedNone') : t('recharge.webhooks.quarantinedSome', { count: quarantined.count })}
            {quarantined.newest.length > 0 && (
              <ul className="plain-list">
                {quarantined.newest.map(({ webhookId, topic, receivedAt, reason }) => (
                  <li key={webhookId}>
                    <code>{topic}</code>, <ExactTime at={receivedAt} />
                    {reason && `: ${reason}`}
                  </li>
                ))}
              </ul>
            )}
          </dd>
          {connection.previousSecretUntil && (
            <>
              <dt>{t('recharge.webhooks.formerSecret')}</dt>
              <dd>
                {t('recharge.webhooks.formerSecretUntil')} <ExactTime at={connection.previousSecretUntil} />
              </dd>
            </>
          )}
        </dl>
        {failed.length > 0 && (
          <List>
            {failed.map(({ topic, message }) => (
              <List.Item key={topic}>
                <code>{topic}</code>: {message}
              </List.Item>
            ))}
          </List>
        )}
        {leftBehind && (
          <Text as="p" tone="subdued">
            {t('recharge.webhooks.leftBehind')} {leftBehind}
          </Text>
        )}
        {repair.state === 'idle' && repair.data && !repair.data.ok && <FailureBanner failure={repair.data.failure} />}
        <InlineStack>
          <Button loading={repair.state !== 'idle'} onClick={() => repair.submit({ intent: 'repair' }, { method: 'post', encType: 'application/json' })}>
            {t('recharge.webhooks.repair')}
          </Button>
        </InlineStack>
      </BlockStack>
    </Card>
  );
}
