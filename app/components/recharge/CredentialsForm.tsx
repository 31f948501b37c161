/** API token and client secret: written once, never shown again, checked with Recharge before anything is saved. */
import { useFetcher } from '@remix-run/react';
import { useAppBridge } from '@shopify/app-bridge-react';
import { BlockStack, Button, Card, FormLayout, Text } from '@shopify/polaris';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FailureBanner } from '../FailureBanner.tsx';
import { FormBar } from '../FormBar.tsx';
import { useAnswer } from '../useAnswer.ts';
import { SecretField } from '../SecretField.tsx';
import { TokenCheck } from './TokenCheck.tsx';
import type { RechargeAnswer, ShownConnection } from './types.ts';

type Typed = { apiToken: string | null; clientSecret: string | null };

/** Null keeps what is stored. */
const untouched: Typed = { apiToken: null, clientSecret: null };

export function CredentialsForm({ connection }: { connection: ShownConnection | null }) {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const saving = useFetcher<RechargeAnswer>();
  const [entered, setTyped] = useState<Typed>(untouched);
  // Without a connection there is nothing to keep, so both fields are open.
  const typed: Typed = connection ? entered : { apiToken: entered.apiToken ?? '', clientSecret: entered.clientSecret ?? '' };
  const [missing, setMissing] = useState<Partial<Record<keyof Typed, boolean>>>({});
  const busy = saving.state !== 'idle';
  const dirty = Boolean(typed.apiToken) || Boolean(typed.clientSecret);
  const answer = saving.data;

  useAnswer(saving, (given) => {
    if (!given.ok) return;
    setTyped(untouched);
    shopify.toast.show(t('recharge.saved'));
  });

  function save() {
    if (busy) return;
    const empty = { apiToken: typed.apiToken?.trim() === '', clientSecret: typed.clientSecret?.trim() === '' };
    setMissing(empty);
    if (empty.apiToken || empty.clientSecret) return;
    void saving.submit({ intent: 'connect', apiToken: typed.apiToken ?? '', clientSecret: typed.clientSecret ?? '' }, { method: 'post', encType: 'application/json' });
  }

  function change(name: keyof Typed, value: string | null) {
    setTyped((before) => ({ ...before, [name]: value }));
    setMissing((before) => ({ ...before, [name]: false }));
  }

  const faultOf = (name: keyof Typed) => {
    if (missing[name]) return t('form.needed', { label: t(`recharge.fields.${name}`) });
    const fault = answer && !answer.ok ? answer.faults.find(({ path }) => path === `recharge.${name}`) : undefined;
    return fault && t(`recharge.faults.${name}`);
  };
  const tokenFailure = answer && !answer.ok ? answer.failure : null;
  const tokenError = faultOf('apiToken') ?? (tokenFailure?.code === 'recharge_token_refused' ? t('recharge.faults.refused') : undefined);
  const secretError = faultOf('clientSecret');
  const changes = [tokenError, secretError].filter((error) => error !== undefined);

  return (
    <Card>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
        aria-label={t('recharge.credentials.title')}
      >
        <BlockStack gap="400">
          {!busy && <FailureBanner failure={tokenFailure} changes={changes.length > 1 ? changes : []} />}
          {connection && (
            <Text as="p" tone="subdued">
              {t('recharge.connectedAs', { token: connection.tokenName ?? t('recharge.unnamed'), store: connection.storeName ?? t('recharge.unnamedStore') })}
            </Text>
          )}
          <FormLayout>
            <SecretField label={t('recharge.fields.apiToken')} help={t('recharge.fields.apiTokenHelp')} stored={connection !== null} lastFour={connection?.tokenLast4 ?? null} value={typed.apiToken} error={tokenError} onChange={(value) => change('apiToken', value)} />
            <SecretField label={t('recharge.fields.clientSecret')} help={t('recharge.fields.clientSecretHelp')} stored={connection !== null} lastFour={connection?.secretLast4 ?? null} value={typed.clientSecret} error={secretError} onChange={(value) => change('clientSecret', value)} />
          </FormLayout>
          {typed.apiToken !== null && (
            <TokenCheck apiToken={typed.apiToken} busy={busy}>
              {!connection && (
                <Button variant="primary" submit loading={busy}>
                  {t('recharge.connect')}
                </Button>
              )}
            </TokenCheck>
          )}
        </BlockStack>
      </form>
      <FormBar id="recharge-save-bar" dirty={dirty} saving={busy} onSave={save} onDiscard={() => setTyped(untouched)} />
    </Card>
  );
}
