/** Things that need a person, each with the page where it is mended. Nothing is shown when there is nothing. */
import { Badge, BlockStack, Button, Card, InlineStack, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { Attention } from '#app/admin/attention.ts';

export function AttentionList({ items }: { items: readonly Attention[] }) {
  const { t } = useTranslation();
  if (items.length === 0) return null;
  return (
    <Card>
      <BlockStack gap="300">
        <Text as="h2" variant="headingMd">
          {t('home.attention.title', { count: items.length })}
        </Text>
        {items.map((item) => (
          <div className="row-with-action" key={`${item.code}${item.page}`}>
            <BlockStack gap="100" inlineAlign="start">
              <InlineStack gap="200" blockAlign="center">
                <Badge tone={item.tone}>{t(`home.attention.tone.${item.tone}`)}</Badge>
                <Text as="h3" variant="headingSm">
                  {t(`home.attention.${item.code}.title`, item.values)}
                </Text>
              </InlineStack>
              <Text as="p">{t(`home.attention.${item.code}.text`, item.values)}</Text>
            </BlockStack>
            <Button url={item.page}>{t(`home.attention.${item.code}.action`, item.values)}</Button>
          </div>
        ))}
      </BlockStack>
    </Card>
  );
}
