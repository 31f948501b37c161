/** A write-only field: once stored, it shows the last four characters and "Replace"; the value itself never comes back. */
import { BlockStack, Button, InlineStack, Text, TextField } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';

type Props = {
  label: string;
  help?: string;
  /** Something is stored; its last four characters, where it is long enough to hide the rest. */
  stored: boolean;
  lastFour: string | null;
  /** What was typed; null while the stored value is kept. */
  value: string | null;
  error?: string | undefined;
  onChange: (value: string | null) => void;
};

export function SecretField({ label, help, stored, lastFour, value, error, onChange }: Props) {
  const { t } = useTranslation();
  if (stored && value === null) {
    return (
      <BlockStack gap="100">
        <Text as="span">{label}</Text>
        <InlineStack gap="300" blockAlign="center">
          <Text as="span" tone="subdued">
            {lastFour ? t('secret.endsIn', { lastFour }) : t('secret.stored')}
          </Text>
          <Button onClick={() => onChange('')} accessibilityLabel={t('secret.replaceNamed', { label })}>
            {t('secret.replace')}
          </Button>
        </InlineStack>
        {error && (
          <Text as="p" tone="critical">
            {error}
          </Text>
        )}
      </BlockStack>
    );
  }
  return (
    <TextField
      label={label}
      type="password"
      autoComplete="off"
      value={value ?? ''}
      onChange={onChange}
      {...(help ? { helpText: help } : {})}
      {...(error ? { error } : {})}
      {...(stored ? { labelAction: { content: t('secret.keep'), onAction: () => onChange(null) } } : {})}
    />
  );
}
