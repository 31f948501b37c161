/** What happened when shoppers pressed the link in the last seven days, as a table. */
import { BlockStack, Card, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { PortalOutcome } from '#app/admin/portal-visits.server.ts';

export function OutcomesCard({ outcomes }: { outcomes: readonly PortalOutcome[] }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <Card>
      {outcomes.length === 0 ? (
        <BlockStack gap="200">
          <Text as="h3" variant="headingSm">
            {t('portal.outcomes.emptyTitle')}
          </Text>
          <Text as="p">{t('portal.outcomes.empty')}</Text>
        </BlockStack>
      ) : (
        <table className="plain-table">
          <caption className="hidden-text">{t('portal.outcomes.title')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('portal.outcomes.outcome')}</th>
              <th scope="col" className="number">
                {t('portal.outcomes.count')}
              </th>
            </tr>
          </thead>
          <tbody>
            {outcomes.map(({ outcome, count }) => (
              <tr key={outcome}>
                <td>
                  <Text as="span">{t(`portal.outcomes.words.${outcome}`, outcome)}</Text>
                </td>
                <td className="number">{number.format(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
