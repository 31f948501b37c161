/** One field of a manifest as a form control. */
import { Checkbox, ChoiceList, Text, TextField } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { Field, Manifest } from '#app/destinations/contract.ts';
import { SecretField } from '../SecretField.tsx';
import { fieldWords } from './field-words.ts';
import type { FormValue } from './form-values.ts';

type Props = {
  manifest: Manifest;
  name: string;
  field: Field;
  value: FormValue;
  /** Last four characters of the stored secret; undefined when none is stored. */
  stored: string | undefined;
  error: string | undefined;
  onChange: (value: FormValue) => void;
};

export function SettingsField({ manifest, name, field, value, stored, error, onChange }: Props) {
  const { t } = useTranslation();
  const words = fieldWords(t, manifest, name, field);
  const label = field.required === false && field.kind === 'text' ? t('form.optional', { label: words.label }) : words.label;
  const fault = error ? { error } : {};
  switch (field.kind) {
    case 'secret':
      return <SecretField label={label} help={words.help} stored={stored !== undefined} lastFour={stored || null} value={value as string | null} error={error} onChange={onChange} />;
    case 'text':
      return <TextField label={label} helpText={words.help} autoComplete="off" spellCheck={false} value={String(value ?? '')} onChange={onChange} {...fault} />;
    case 'number':
      return <TextField label={label} helpText={words.help} type="integer" autoComplete="off" min={field.min} max={field.max} value={value === null ? '' : String(value)} onChange={(typed) => onChange(typed === '' ? null : Number(typed))} {...fault} />;
    case 'toggle':
      return <Checkbox label={label} helpText={words.help} checked={value === true} onChange={onChange} {...fault} />;
    case 'choice':
      return (
        <ChoiceList
          title={<GroupTitle label={label} help={words.help} />}
          choices={field.choices.map((choice) => ({ label: words.choice(choice), value: choice, helpText: words.choiceHelp(choice) || undefined }))}
          selected={[String(value)]}
          onChange={([chosen]) => onChange(chosen ?? null)}
          {...fault}
        />
      );
    case 'ticks':
      return (
        <ChoiceList
          title={<GroupTitle label={label} help={words.help} />}
          allowMultiple
          choices={field.choices.map((choice) => ({ label: words.choice(choice), value: choice, helpText: words.choiceHelp(choice) || undefined }))}
          selected={(value as string[] | null) ?? []}
          onChange={(chosen) => onChange(field.choices.filter((choice) => chosen.includes(choice)))}
          {...fault}
        />
      );
  }
}

function GroupTitle({ label, help }: { label: string; help: string }) {
  return (
    <>
      {label}
      <Text as="span" tone="subdued">
        <span className="group-help">{help}</span>
      </Text>
    </>
  );
}
