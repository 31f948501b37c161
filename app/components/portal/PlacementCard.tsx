/** Block, embed, or a link of one's own: what each is good for and where to start. Whether a theme shows them is asked of App Bridge. */
import { Badge, BlockStack, Button, Card, Divider, InlineStack, Text } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useThemeBlocks } from './useThemeBlocks.ts';
import type { PortalPageData } from './types.ts';

export function PlacementCard({ linkUrl, blockEditorUrl, embedEditorUrl }: Pick<PortalPageData, 'linkUrl' | 'blockEditorUrl' | 'embedEditorUrl'>) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState<'yes' | 'no' | null>(null);
  const live = useThemeBlocks();
  const ways = [
    { id: 'block', handle: 'manage_subscriptions', address: blockEditorUrl },
    { id: 'embed', handle: 'manage_subscriptions_embed', address: embedEditorUrl },
  ];
  return (
    <Card>
      <BlockStack gap="400">
        {ways.map(({ id, handle, address }) => (
          <BlockStack gap="200" key={id} inlineAlign="start">
            <InlineStack gap="200" blockAlign="center">
              <Text as="h3" variant="headingSm">
                {t(`portal.place.${id}.title`)}
              </Text>
              {live && (live.has(handle) ? <Badge tone="success">{t('portal.place.live')}</Badge> : <Badge>{t('portal.place.notLive')}</Badge>)}
            </InlineStack>
            <Text as="p">{t(`portal.place.${id}.text`)}</Text>
            <Button url={address} target="_blank">
              {t(`portal.place.${id}.action`)}
            </Button>
          </BlockStack>
        ))}
        <Divider />
        <BlockStack gap="200">
          <Text as="h3" variant="headingSm">
            {t('portal.place.link.title')}
          </Text>
          <Text as="p">{t('portal.place.link.text')}</Text>
          <code className="answer">{linkUrl}</code>
          <InlineStack gap="200" blockAlign="center">
            <Button
              onClick={() =>
                navigator.clipboard.writeText(linkUrl).then(
                  () => setCopied('yes'),
                  () => setCopied('no'),
                )
              }
            >
              {t('portal.place.link.action')}
            </Button>
            <span role="status">{copied && t(copied === 'yes' ? 'deliveries.note.copied' : 'deliveries.note.notCopied')}</span>
          </InlineStack>
        </BlockStack>
        <Divider />
        <BlockStack gap="200">
          <Text as="h3" variant="headingSm">
            {t('portal.place.label.title')}
          </Text>
          <Text as="p">{t('portal.place.label.text')}</Text>
        </BlockStack>
      </BlockStack>
    </Card>
  );
}
