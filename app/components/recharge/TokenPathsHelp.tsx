/** Where a token is made in Recharge: the menu has moved over the years, so every name that guides give is listed. */
import { BlockStack, List, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';

/** Recharge's own English menu names, which its interface shows in every language. Source: acceptance KU-14, BR-11. */
const menuPaths = ['Tools & apps › API tokens', 'Apps › API tokens › Create an API token', 'Integrations › Enabled integrations › API tokens'] as const;

export function TokenPathsHelp() {
  const { t } = useTranslation();
  return (
    <BlockStack gap="200">
      <Text as="p">{t('recharge.credentials.where')}</Text>
      <List>
        {menuPaths.map((path) => (
          <List.Item key={path}>
            <span lang="en">{path}</span>
          </List.Item>
        ))}
      </List>
      <Text as="p">{t('recharge.credentials.permissions')}</Text>
      <Text as="p">{t('recharge.credentials.secretWhere')}</Text>
      <Text as="p">{t('recharge.credentials.keepOpen')}</Text>
    </BlockStack>
  );
}
