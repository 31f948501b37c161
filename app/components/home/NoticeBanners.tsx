/** What happened while nobody looked: an outage that goes on, registrations that mended themselves. */
import { Banner, BlockStack } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { HomeBanner } from '#app/admin/banners.ts';

export function NoticeBanners({ banners }: { banners: readonly HomeBanner[] }) {
  const { t, i18n } = useTranslation();
  if (banners.length === 0) return null;
  return (
    <BlockStack gap="300">
      {banners.map(({ noticeId, tone, page, words }) => {
        const { title, text } = words[i18n.language === 'de' ? 'de' : 'en'];
        return (
          <Banner key={noticeId} tone={tone} title={title} action={{ content: t('home.notices.open'), url: page }}>
            {text}
          </Banner>
        );
      })}
    </BlockStack>
  );
}
