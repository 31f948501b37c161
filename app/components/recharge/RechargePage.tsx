/** Connect Recharge: what each value is and where it is found on the left, the cards on the right. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { BlockStack, Layout, Page } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import { useAnswer } from '../useAnswer.ts';
import { StatusBadge } from '../StatusBadge.tsx';
import { CredentialsForm } from './CredentialsForm.tsx';
import { DisconnectCard, disconnectKey } from './DisconnectCard.tsx';
import { PermissionsCard } from './PermissionsCard.tsx';
import { SecretWarning } from './SecretWarning.tsx';
import { TokenPathsHelp } from './TokenPathsHelp.tsx';
import { WebhooksCard } from './WebhooksCard.tsx';
import type { RechargeAnswer, RechargePageData } from './types.ts';

export function RechargePage({ connection, permissions, secretWrong, webhooksLastDay, quarantined }: RechargePageData) {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const disconnecting = useFetcher<RechargeAnswer>({ key: disconnectKey });
  useAnswer(disconnecting, (given) => given.ok && shopify.toast.show(t('recharge.disconnect.done')));
  return (
    <Page title={t('recharge.title')} backAction={{ content: t('app.name'), url: '/app' }} titleMetadata={<StatusBadge status={connection?.status ?? 'none'} />}>
      <BlockStack gap="400">
        {secretWrong && connection && <SecretWarning count={connection.refusedCount} at={connection.refusedAt} />}
        <Layout>
          <Layout.AnnotatedSection title={t('recharge.credentials.title')} description={<TokenPathsHelp />}>
            <CredentialsForm connection={connection} />
          </Layout.AnnotatedSection>
          <Layout.AnnotatedSection title={t('recharge.permissions.title')} description={t('recharge.permissions.help')}>
            <PermissionsCard permissions={permissions} connection={connection} />
          </Layout.AnnotatedSection>
          {connection && (
            <Layout.AnnotatedSection title={t('recharge.webhooks.title')} description={t('recharge.webhooks.help')}>
              <WebhooksCard connection={connection} webhooksLastDay={webhooksLastDay} quarantined={quarantined} />
            </Layout.AnnotatedSection>
          )}
          {connection && (
            <Layout.AnnotatedSection title={t('recharge.disconnect.title')} description={t('recharge.disconnect.help')}>
              <DisconnectCard />
            </Layout.AnnotatedSection>
          )}
        </Layout>
      </BlockStack>
    </Page>
  );
}
