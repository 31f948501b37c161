/** Shopify's contextual save bar for a form: shown while something is unsaved, asks before the page is left. */
import { SaveBar, useAppBridge } from '@shopify/app-bridge-react';
import { useBlocker } from '@remix-run/react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

type Props = { id: string; dirty: boolean; saving: boolean; onSave: () => void; onDiscard: () => void };

export function FormBar({ id, dirty, saving, onSave, onDiscard }: Props) {
  const { t } = useTranslation();
  const shopify = useAppBridge();
  const blocker = useBlocker(({ currentLocation, nextLocation }) => dirty && !saving && currentLocation.pathname !== nextLocation.pathname);
  useEffect(() => {
    if (blocker.state !== 'blocked') return;
    const confirmed = shopify.saveBar?.leaveConfirmation?.() ?? Promise.resolve(window.confirm(t('form.leave')) ? undefined : Promise.reject());
    confirmed.then(
      () => blocker.proceed(),
      () => blocker.reset(),
    );
  }, [blocker, shopify, t]);
  return (
    <SaveBar id={id} open={dirty}>
      <button variant="primary" type="button" onClick={onSave} disabled={saving} {...(saving ? { loading: '' } : {})}>
        {t('form.save')}
      </button>
      <button type="button" onClick={onDiscard} disabled={saving}>
        {t('form.discard')}
      </button>
    </SaveBar>
  );
}
