/** Ends the connection after asking; says what stops and what stays. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { BlockStack, Button, Card, InlineStack, Text } from '@shopify/polaris';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmModal } from '../ConfirmModal.tsx';
import { FailureBanner } from '../FailureBanner.tsx';
import type { RechargeAnswer } from './types.ts';

export function DisconnectCard() {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const fetcher = useFetcher<RechargeAnswer>({ key: 'recharge-disconnect' });
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (fetcher.state !== 'idle' || !fetcher.data) return;
    setAsking(false);
    if (fetcher.data.ok) shopify.toast.show(t('recharge.disconnect.done'));
  }, [fetcher.state, fetcher.data, shopify, t]);
  return (
    <Card>
      <BlockStack gap="300">
        <Text as="p">{t('recharge.disconnect.text')}</Text>
        {fetcher.state === 'idle' && fetcher.data && !fetcher.data.ok && <FailureBanner failure={fetcher.data.failure} />}
        <InlineStack>
          <Button tone="critical" onClick={() => setAsking(true)}>
            {t('recharge.disconnect.action')}
          </Button>
        </InlineStack>
      </BlockStack>
      <ConfirmModal
        open={asking}
        title={t('recharge.disconnect.question')}
        effect={[t('recharge.disconnect.effect1'), t('recharge.disconnect.effect2')]}
        action={t('recharge.disconnect.action')}
        destructive
        busy={fetcher.state !== 'idle'}
        onConfirm={() => fetcher.submit({ intent: 'disconnect' }, { method: 'post', encType: 'application/json' })}
        onClose={() => setAsking(false)}
      />
    </Card>
  );
}
