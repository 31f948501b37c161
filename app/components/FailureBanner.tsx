/** Why a form was refused, above it: a list of the fields to change, or the system that refused with its own answer. */
import { Banner, BlockStack, List, Text } from '@shopify/polaris';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { PlainFailure } from '#app/admin/plain-failure.ts';
import { failureWords } from './failure-words.ts';

export function FailureBanner({ failure, changes = [] }: { failure?: PlainFailure | null | undefined; changes?: readonly string[] }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const shown = Boolean(failure) || changes.length > 0;
  useEffect(() => {
    if (shown) box.current?.scrollIntoView({ block: 'nearest' });
  }, [shown]);
  if (!shown) return null;
  return (
    <div ref={box}>
      <Banner tone="critical" title={failure ? t('failures.title', { system: failure.system ?? t('failures.theOtherSystem') }) : t('form.changesNeeded', { count: changes.length })}>
        <BlockStack gap="200">
          {changes.length > 0 && (
            <List>
              {changes.map((change) => (
                <List.Item key={change}>{change}</List.Item>
              ))}
            </List>
          )}
          {failure && <Text as="p">{failureWords(t, failure)}</Text>}
          {failure?.vendorAnswer && (
            <Text as="p" tone="subdued" breakWord>
              {t('failures.answered', { system: failure.system ?? t('failures.theOtherSystem') })} <q>{failure.vendorAnswer}</q>
            </Text>
          )}
        </BlockStack>
      </Banner>
    </div>
  );
}
