/** Ends the connection after asking; says what stops and what stays. */
import { useFetcher } from '@remix-run/react';
import { BlockStack, Button, Card, InlineStack, Text } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmModal } from '../ConfirmModal.tsx';
import { useAnswer } from '../useAnswer.ts';
import { FailureBanner } from '../FailureBanner.tsx';
import type { RechargeAnswer } from './types.ts';

/** The page says that it is done: this card is gone by then. */
export const disconnectKey = 'recharge-disconnect';

export function DisconnectCard() {
  const { t } = useTranslation();
  const fetcher = useFetcher<RechargeAnswer>({ key: disconnectKey });
  const [asking, setAsking] = useState(false);
  useAnswer(fetcher, () => setAsking(false));
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
        effect={[t('recharge.disconnect.effect1'), t('recharge.disconnect.effect2'), t('recharge.disconnect.effect3')]}
        action={t('recharge.disconnect.action')}
        destructive
        busy={fetcher.state !== 'idle'}
        onConfirm={() => fetcher.submit({ intent: 'disconnect' }, { method: 'post', encType: 'application/json' })}
        onClose={() => setAsking(false)}
      />
    </Card>
  );
}
