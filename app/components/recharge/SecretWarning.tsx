/** Recharge sends, and everything is refused: the client secret is another one (BR-14). */
import { Banner, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import { RelativeTime } from '../Time.tsx';

export function SecretWarning({ count, at }: { count: number; at: Date | null }) {
  const { t } = useTranslation();
  return (
    <Banner tone="critical" title={t('recharge.secretWrong.title', { count })}>
      <Text as="p">{t('recharge.secretWrong.text')}</Text>
      {at && (
        <Text as="p">
          {t('recharge.secretWrong.last')} <RelativeTime at={at} />
        </Text>
      )}
    </Banner>
  );
}
