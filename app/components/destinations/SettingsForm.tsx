/** A destination's form, made from its manifest: errors beside the fields, saved once, asks where a change has a consequence. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { BlockStack, Button, Card, FormLayout, InlineStack, Text } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DestinationView } from '#app/connections/destinations.server.ts';
import type { Manifest } from '#app/destinations/contract.ts';
import { ConfirmModal } from '../ConfirmModal.tsx';
import { FailureBanner } from '../FailureBanner.tsx';
import { FormBar } from '../FormBar.tsx';
import { useAnswer } from '../useAnswer.ts';
import { faultWords } from './field-words.ts';
import { sameValues, startValues, typedSettings, type FormValue } from './form-values.ts';
import { SettingsField } from './SettingsField.tsx';
import type { DestinationAnswer } from './types.ts';

export function SettingsForm({ manifest, destination }: { manifest: Manifest; destination: DestinationView | null }) {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const fetcher = useFetcher<DestinationAnswer>();
  const start = startValues(manifest, destination?.settings ?? null);
  const [values, setValues] = useState(start);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState<string[] | null>(null);
  const busy = fetcher.state !== 'idle';
  const answer = fetcher.data;
  const refusal = answer && !answer.ok && 'faults' in answer ? answer : null;

  useAnswer(fetcher, (given) => {
    if (given.ok) {
      setValues((before) => Object.fromEntries(Object.entries(before).map(([name, value]) => [name, manifest.fields[name]?.kind === 'secret' ? null : value])));
      shopify.toast.show(t('destinations.saved', { destination: manifest.label }));
    } else if ('confirm' in given) setAsking(given.confirm);
  });

  function save(confirm = false) {
    if (busy) return;
    setTouched(new Set());
    setAsking(null);
    // The values are plain JSON; Remix's own type for them cannot be told so.
    const body = { intent: 'save', settings: typedSettings(values), confirm } as unknown as string;
    void fetcher.submit(body, { method: 'post', encType: 'application/json' });
  }

  function change(name: string, value: FormValue) {
    setValues((before) => ({ ...before, [name]: value }));
    setTouched((before) => new Set(before).add(name));
  }

  const errors = Object.fromEntries(
    Object.entries(manifest.fields).flatMap(([name, field]) => {
      const fault = touched.has(name) || busy ? undefined : refusal?.faults.find(({ path }) => path === `settings.${name}`);
      return fault ? [[name, faultWords(t, manifest, name, field, values[name], fault.message)]] : [];
    }),
  );
  const changes = Object.values(errors) as string[];
  const dirty = !sameValues(values, start);

  return (
    <Card>
      <form
        aria-label={t('destinations.settings')}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <BlockStack gap="400">
          {!busy && <FailureBanner failure={refusal?.failure} changes={changes.length > 1 ? changes : []} />}
          <FormLayout>
            {Object.entries(manifest.fields).map(([name, field]) => (
              <SettingsField
                key={name}
                manifest={manifest}
                name={name}
                field={field}
                value={values[name] ?? null}
                stored={destination?.secretsLast4[name]}
                error={errors[name]}
                onChange={(value) => change(name, value)}
              />
            ))}
          </FormLayout>
          {!destination && (
            <InlineStack>
              <Button variant="primary" submit loading={busy}>
                {t('destinations.connect', { destination: manifest.label })}
              </Button>
            </InlineStack>
          )}
          <Text as="p" tone="subdued">
            {t('destinations.checkedOnSave', { destination: manifest.label })}
          </Text>
        </BlockStack>
      </form>
      <FormBar id={`${manifest.type}-save-bar`} dirty={dirty} saving={busy} onSave={() => save()} onDiscard={() => setValues(start)} />
      <ConfirmModal
        open={asking !== null}
        title={t('destinations.confirm.title', { destination: manifest.label })}
        effect={(asking ?? []).map((name) => t(`destinations.${manifest.type}.fields.${name}.consequence`, t('destinations.confirm.text')))}
        action={t('destinations.confirm.action')}
        onConfirm={() => save(true)}
        onClose={() => setAsking(null)}
      />
    </Card>
  );
}
