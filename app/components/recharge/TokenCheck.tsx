/** Asks Recharge what a typed token may do, before anything is saved. `children` stand beside the button. */
import { useFetcher } from '@remix-run/react';
import { BlockStack, Button, InlineStack, Text } from '@shopify/polaris';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PermissionRows } from './PermissionRows.tsx';
import type { RechargeAnswer } from './types.ts';

export function TokenCheck({ apiToken, busy, children }: { apiToken: string; busy: boolean; children: ReactNode }) {
  const { t } = useTranslation();
  const fetcher = useFetcher<RechargeAnswer>();
  const asking = fetcher.state !== 'idle';
  const checked = !asking && fetcher.data?.ok ? fetcher.data.checked : undefined;
  return (
    <>
      <InlineStack gap="200">
        {children}
        <Button loading={asking} disabled={busy || apiToken.trim() === ''} onClick={() => fetcher.submit({ intent: 'check', apiToken }, { method: 'post', encType: 'application/json' })}>
          {t('recharge.check')}
        </Button>
      </InlineStack>
      <div aria-live="polite">
        {checked?.ok && (
          <BlockStack gap="200">
            <Text as="p" tone="success">
              {t('recharge.checked', { token: checked.tokenName ?? t('recharge.unnamed'), store: checked.storeName ?? t('recharge.unnamedStore') })}
            </Text>
            <PermissionRows permissions={checked.permissions} />
          </BlockStack>
        )}
        {checked && !checked.ok && (
          <BlockStack gap="200">
            <Text as="p" tone="critical">
              {t('recharge.faults.refused')}
            </Text>
            <Text as="p" tone="subdued" breakWord>
              {checked.message}
            </Text>
          </BlockStack>
        )}
      </div>
    </>
  );
}
