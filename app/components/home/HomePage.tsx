/** The first page: problems first, then the setup guide, then figures and connections. */
import { BlockStack, Layout, Page } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { Home } from '#app/admin/home.server.ts';
import { AttentionList } from './AttentionList.tsx';
import { ConnectionsCard } from './ConnectionsCard.tsx';
import { FiguresCard } from './FiguresCard.tsx';
import { NoticeBanners } from './NoticeBanners.tsx';
import { SetupGuide } from './SetupGuide.tsx';

export function HomePage({ home }: { home: Home }) {
  const { t } = useTranslation();
  return (
    <Page title={t('home.title')} subtitle={t('home.subtitle')}>
      <BlockStack gap="400">
        <NoticeBanners banners={home.banners} />
        <AttentionList items={home.attention} />
        {home.guide && <SetupGuide steps={home.guide.steps} complete={home.guide.complete} />}
        <Layout>
          <Layout.Section>
            <FiguresCard queue={home.queue} portalVisits={home.portalVisits} />
          </Layout.Section>
          <Layout.Section variant="oneThird">
            <ConnectionsCard recharge={home.recharge} destinations={home.destinations} />
          </Layout.Section>
        </Layout>
      </BlockStack>
    </Page>
  );
}
