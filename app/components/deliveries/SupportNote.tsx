/** The support note with a button that copies it. */
import { BlockStack, Button, Card, InlineStack, Text } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { supportNote } from './support-note.ts';
import type { DeliveryPageData } from './types.ts';

export function SupportNote({ delivery, destination }: { delivery: DeliveryPageData['delivery']; destination: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState<'yes' | 'no' | null>(null);
  const note = supportNote(delivery, destination);
  return (
    <Card>
      <BlockStack gap="300">
        <Text as="h2" variant="headingMd">
          {t('deliveries.note.title')}
        </Text>
        <Text as="p" tone="subdued">
          {t('deliveries.note.text')}
        </Text>
        <pre className="answer" tabIndex={0} aria-label={t('deliveries.note.title')}>
          {note}
        </pre>
        <InlineStack gap="200" blockAlign="center">
          <Button
            onClick={() =>
              navigator.clipboard.writeText(note).then(
                () => setCopied('yes'),
                () => setCopied('no'),
              )
            }
          >
            {t('deliveries.note.copy')}
          </Button>
          <span role="status">{copied && t(copied === 'yes' ? 'deliveries.note.copied' : 'deliveries.note.notCopied')}</span>
        </InlineStack>
      </BlockStack>
    </Card>
  );
}
