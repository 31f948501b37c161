/** Numbered steps with progress. The server says which are done; the next open one is unfolded; put away once complete. */
import { useFetcher } from '@remix-run/react';
import { Badge, BlockStack, Button, Card, Collapsible, Icon, InlineStack, ProgressBar, Text } from '@shopify/polaris';
import { CheckCircleIcon, ChevronDownIcon, ChevronUpIcon } from '@shopify/polaris-icons';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { setupStepPages, type SetupStep, type SetupStepId } from '#app/admin/setup-steps.ts';

export function SetupGuide({ steps, complete }: { steps: readonly SetupStep[]; complete: boolean }) {
  const { t } = useTranslation();
  const dismissal = useFetcher();
  const [opened, setOpened] = useState<SetupStepId | null | undefined>(undefined);
  const next = steps.find((step) => !step.done)?.id ?? null;
  const open = opened === undefined ? next : opened;
  const doneCount = steps.filter((step) => step.done).length;
  const progress = t('home.guide.progress', { done: doneCount, total: steps.length });
  return (
    <Card>
      <BlockStack gap="300">
        <InlineStack align="space-between" blockAlign="center" gap="200">
          <Text as="h2" variant="headingMd">
            {complete ? t('home.guide.complete') : t('home.guide.title')}
          </Text>
          {complete && (
            <Button variant="tertiary" loading={dismissal.state !== 'idle'} onClick={() => dismissal.submit({}, { method: 'post', action: '/app?index' })}>
              {t('home.guide.dismiss')}
            </Button>
          )}
        </InlineStack>
        <BlockStack gap="100">
          <Text as="p" tone="subdued">
            {progress}
          </Text>
          <ProgressBar progress={(doneCount / steps.length) * 100} size="small" tone="primary" ariaLabelledBy="guide-progress" />
          <span id="guide-progress" hidden>
            {progress}
          </span>
        </BlockStack>
        <ol className="steps">
          {steps.map((step, index) => (
            <li key={step.id}>
              <button type="button" className="step-head" aria-expanded={open === step.id} aria-controls={`step-${step.id}`} onClick={() => setOpened(open === step.id ? null : step.id)}>
                <span className="step-mark" aria-hidden="true">
                  {step.done ? <Icon source={CheckCircleIcon} tone="success" /> : index + 1}
                </span>
                <Text as="span" fontWeight={step.id === next ? 'semibold' : 'regular'}>
                  {t(`home.guide.steps.${step.id}.title`)}
                </Text>
                <span className="step-state">
                  {step.done ? <Badge tone="success">{t('home.guide.done')}</Badge> : <Badge>{t('home.guide.open')}</Badge>}
                </span>
                <Icon source={open === step.id ? ChevronUpIcon : ChevronDownIcon} />
              </button>
              <Collapsible open={open === step.id} id={`step-${step.id}`} transition={false}>
                <div className="step-body">
                  <BlockStack gap="200" inlineAlign="start">
                    <Text as="p">{t(`home.guide.steps.${step.id}.${step.done ? 'doneText' : 'text'}`)}</Text>
                    <Button url={setupStepPages[step.id]} variant={step.id === next ? 'primary' : 'secondary'}>
                      {t(`home.guide.steps.${step.id}.action`)}
                    </Button>
                  </BlockStack>
                </div>
              </Collapsible>
            </li>
          ))}
        </ol>
      </BlockStack>
    </Card>
  );
}
