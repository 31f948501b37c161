/** Each permission with what needs it and whether the token has it, in words and with a mark. */
import { Badge, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { Permission } from '#app/admin/permissions.ts';

export function PermissionRows({ permissions }: { permissions: readonly Permission[] }) {
  const { t } = useTranslation();
  return (
    <ul className="permissions">
      {permissions.map((permission) => (
        <li key={permission.scope}>
          <div>
            <Text as="p" fontWeight="semibold">
              {t(`scopes.${permission.scope}.label`)}
            </Text>
            <Text as="p" tone="subdued">
              {t(permission.granted ? 'recharge.permissions.allows' : 'recharge.permissions.blocks', { feature: t(`scopes.${permission.scope}.feature`), by: neededBy(permission) })}
            </Text>
          </div>
          {permission.granted ? (
            <Badge tone="success" progress="complete">
              {t('recharge.permissions.granted')}
            </Badge>
          ) : (
            <Badge tone={permission.inUse ? 'critical' : 'warning'} progress="incomplete">
              {t('recharge.permissions.missing')}
            </Badge>
          )}
        </li>
      ))}
    </ul>
  );

  function neededBy({ neededBy: names }: Permission): string {
    return names.map(({ name, isDestination }) => (isDestination ? name : t('recharge.permissions.portal'))).join(', ');
  }
}
