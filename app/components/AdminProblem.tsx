/** The page that stands in for one that does not exist or broke: what happened, what to do, a way back. */
import { isRouteErrorResponse } from '@remix-run/react';
import { Banner, BlockStack, Button, InlineStack, Page, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';

export type Problem = 'notFound' | 'broken' | 'shopify';

/** Tells our own 404 and crashes from the answers that Shopify's package throws to steer the browser. */
export function problemOf(error: unknown): Problem {
  if (!isRouteErrorResponse(error)) return 'broken';
  if (error.status === 404) return 'notFound';
  return error.status < 500 ? 'shopify' : 'broken';
}

export function AdminProblem({ problem }: { problem: Exclude<Problem, 'shopify'> }) {
  const { t } = useTranslation();
  return (
    <Page title={t(`problem.${problem}.title`)}>
      <Banner tone={problem === 'broken' ? 'critical' : 'info'}>
        <BlockStack gap="300">
          <Text as="p">{t(`problem.${problem}.text`)}</Text>
          <InlineStack gap="200">
            {problem === 'broken' && <Button onClick={() => window.location.reload()}>{t('problem.reload')}</Button>}
            <Button url="/app">{t('problem.home')}</Button>
          </InlineStack>
        </BlockStack>
      </Banner>
    </Page>
  );
}
