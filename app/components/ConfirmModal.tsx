/** Asks before something is lost or sent: names the thing and the effect; the button is a verb with its noun. */
import { BlockStack, Modal, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';

type Props = {
  open: boolean;
  title: string;
  effect: string | readonly string[];
  action: string;
  destructive?: boolean;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
};

export function ConfirmModal({ open, title, effect, action, destructive = false, busy = false, onConfirm, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal open={open} onClose={onClose} title={title} primaryAction={{ content: action, destructive, loading: busy, onAction: onConfirm }} secondaryActions={[{ content: t('form.back'), onAction: onClose, disabled: busy }]}>
      <Modal.Section>
        <BlockStack gap="200">
          {[effect].flat().map((sentence) => (
            <Text as="p" key={sentence}>
              {sentence}
            </Text>
          ))}
        </BlockStack>
      </Modal.Section>
    </Modal>
  );
}
