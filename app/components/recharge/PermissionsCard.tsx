/** The token's permissions, asked of Recharge again on request; before a token is there, the list to tick in Recharge. */
import { useFetcher } from '@remix-run/react';
import { Banner, BlockStack, Button, Card, InlineStack, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { Permission } from '#app/admin/permissions.ts';
import { FailureBanner } from '../FailureBanner.tsx';
import { PermissionRows } from './PermissionRows.tsx';
import type { RechargeAnswer, ShownConnection } from './types.ts';

export function PermissionsCard({ permissions, connection }: { permissions: readonly Permission[]; connection: ShownConnection | null }) {
  const { t } = useTranslation();
  const recheck = useFetcher<RechargeAnswer>();
  const missing = permissions.filter((permission) => !permission.granted);
  return (
    <Card>
      <BlockStack gap="400">
        {connection === null && <Text as="p">{t('recharge.permissions.toTick')}</Text>}
        {connection && missing.length > 0 && (
          <Banner tone={missing.some((permission) => permission.inUse) ? 'critical' : 'warning'} title={t('recharge.permissions.missingTitle', { count: missing.length })}>
            <Text as="p">{t('recharge.permissions.mend', { list: missing.map(({ scope }) => t(`scopes.${scope}.label`)).join(', ') })}</Text>
          </Banner>
        )}
        {connection ? <PermissionRows permissions={permissions} /> : <NeededList permissions={permissions} />}
        {recheck.state === 'idle' && recheck.data && !recheck.data.ok && <FailureBanner failure={recheck.data.failure} changes={recheck.data.faults.map(({ message }) => message)} />}
        {connection && (
          <InlineStack>
            <Button loading={recheck.state !== 'idle'} onClick={() => recheck.submit({ intent: 'recheck' }, { method: 'post', encType: 'application/json' })}>
              {t('recharge.permissions.recheck')}
            </Button>
          </InlineStack>
        )}
      </BlockStack>
    </Card>
  );
}

function NeededList({ permissions }: { permissions: readonly Permission[] }) {
  const { t } = useTranslation();
  return (
    <ul className="plain-list">
      {permissions.map(({ scope }) => (
        <li key={scope}>
          <strong>{t(`scopes.${scope}.label`)}</strong>: {t(`scopes.${scope}.feature`)}
        </li>
      ))}
    </ul>
  );
}
