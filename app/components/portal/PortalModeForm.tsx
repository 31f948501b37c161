/** How the link lets the shopper in: a fresh token for each press, or the fixed address of older portals. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { Banner, BlockStack, Card, ChoiceList, Text } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '#app/admin/plain-failure.ts';
import { FailureBanner } from '../FailureBanner.tsx';
import { FormBar } from '../FormBar.tsx';
import { useAnswer } from '../useAnswer.ts';
import type { PortalPageData } from './types.ts';

export function PortalModeForm({ mode }: Pick<PortalPageData, 'mode'>) {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const fetcher = useFetcher<{ ok: true } | Refusal>();
  const [chosen, setChosen] = useState(mode);
  const busy = fetcher.state !== 'idle';
  const answer = busy ? undefined : fetcher.data;
  useAnswer(fetcher, (given) => given.ok && shopify.toast.show(t('portal.mode.saved')));
  return (
    <Card>
      <BlockStack gap="400">
        {answer && !answer.ok && <FailureBanner failure={answer.failure} changes={answer.faults.map(({ message }) => message)} />}
        <ChoiceList
          title={t('portal.mode.question')}
          choices={(['token', 'hash'] as const).map((value) => ({ value, label: t(`portal.mode.${value}.label`), helpText: t(`portal.mode.${value}.help`) }))}
          selected={[chosen]}
          onChange={([value]) => setChosen(value === 'hash' ? 'hash' : 'token')}
        />
        {chosen === 'hash' && (
          <Banner tone="warning" title={t('portal.mode.warningTitle')}>
            <Text as="p">{t('portal.mode.warning')}</Text>
          </Banner>
        )}
      </BlockStack>
      <FormBar id="portal-save-bar" dirty={chosen !== mode} saving={busy} onSave={() => !busy && fetcher.submit({ mode: chosen }, { method: 'post', encType: 'application/json' })} onDiscard={() => setChosen(mode)} />
    </Card>
  );
}
