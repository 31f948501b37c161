/** The page outside the Shopify admin that stands in for one that does not exist or broke. */
import { useTranslation } from 'react-i18next';
import { PlainPage } from './PlainPage.tsx';

export function PlainProblem({ problem }: { problem: 'notFound' | 'broken' }) {
  const { t } = useTranslation();
  return (
    <PlainPage title={t(`problem.${problem}.title`)}>
      <p>{t(`problem.${problem}.text`)}</p>
    </PlainPage>
  );
}
