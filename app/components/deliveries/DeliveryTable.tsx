/** The rows, newest first: a table on a wide screen, readable blocks on a phone; empty and no-result are states of their own. */
import { useNavigate, useNavigation, useSearchParams } from '@remix-run/react';
import { BlockStack, Box, Button, EmptySearchResult, EmptyState, IndexTable, InlineStack, Link, Text, useBreakpoints, useIndexResourceState } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';
import type { DeliveryRow } from '#app/delivery/queries.server.ts';
import { eventWords } from '../event-words.ts';
import { ExactTime } from '../Time.tsx';
import { DeliveryBadge } from './DeliveryBadge.tsx';
import type { DeliveriesPageData } from './types.ts';

type Props = Omit<DeliveriesPageData, 'deadCount'> & { onReplay: (deliveryIds: string[]) => void };

export function DeliveryTable({ items, next, filter, destinations, onReplay }: Props) {
  const { t } = useTranslation();
  const { smDown } = useBreakpoints();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const loading = useNavigation().state === 'loading';
  const { selectedResources, allResourcesSelected, handleSelectionChange } = useIndexResourceState(items as unknown as { [key: string]: unknown }[], { resourceIDResolver: (row) => (row as unknown as DeliveryRow).deliveryId });
  const labelOf = (type: string) => destinations.find((known) => known.type === type)?.label ?? type;
  const selectedDead = items.filter((row) => row.state === 'dead' && selectedResources.includes(row.deliveryId)).map((row) => row.deliveryId);

  if (items.length === 0 && !filter.cursor) {
    const narrowed = filter.state !== null || filter.destination !== null || filter.search !== null;
    return narrowed ? (
      <Box padding="800">
        <BlockStack gap="400" inlineAlign="center">
          <EmptySearchResult title={t('deliveries.noResult.title')} description={t('deliveries.noResult.text')} />
          <Button url="/app/deliveries">{t('deliveries.noResult.action')}</Button>
        </BlockStack>
      </Box>
    ) : (
      <EmptyState heading={t('deliveries.empty.title')} image="" action={{ content: t('deliveries.empty.action'), url: destinations.length > 0 ? '/app' : '/app/destinations' }}>
        <p>{t('deliveries.empty.text')}</p>
      </EmptyState>
    );
  }

  const later = new URLSearchParams(params);
  if (next) later.set('cursor', next);
  return (
    <IndexTable
      condensed={smDown}
      resourceName={{ singular: t('deliveries.one'), plural: t('deliveries.many') }}
      itemCount={items.length}
      loading={loading}
      selectedItemsCount={allResourcesSelected ? 'All' : selectedResources.length}
      onSelectionChange={handleSelectionChange}
      promotedBulkActions={[{ content: t('deliveries.replaySelected', { count: selectedDead.length }), disabled: selectedDead.length === 0, onAction: () => onReplay(selectedDead) }]}
      headings={[
        { title: t('deliveries.columns.event') },
        { title: t('deliveries.columns.customer') },
        { title: t('deliveries.destination') },
        { title: t('deliveries.columns.state') },
        { title: t('deliveries.columns.attempts'), alignment: 'end' },
        { title: t('deliveries.columns.at') },
      ]}
      pagination={{
        hasNext: next !== null,
        hasPrevious: filter.cursor !== null,
        onNext: () => navigate(`?${later}`),
        onPrevious: () => navigate(-1),
        accessibilityLabels: { next: t('deliveries.older'), previous: t('deliveries.newer') },
      }}
    >
      {items.map((row, position) => (
        <IndexTable.Row id={row.deliveryId} key={row.deliveryId} position={position} selected={selectedResources.includes(row.deliveryId)} accessibilityLabel={t('deliveries.select', { delivery: row.deliveryId })}>
          {smDown ? <NarrowRow row={row} label={labelOf(row.destination)} /> : <WideCells row={row} label={labelOf(row.destination)} />}
        </IndexTable.Row>
      ))}
    </IndexTable>
  );
}

function WideCells({ row, label }: { row: DeliveryRow; label: string }) {
  return (
    <>
      <IndexTable.Cell>
        <EventLink row={row} />
      </IndexTable.Cell>
      <IndexTable.Cell>
        <span className="wrap-anywhere">{row.email ?? row.rechargeCustomerId ?? '–'}</span>
      </IndexTable.Cell>
      <IndexTable.Cell>{label}</IndexTable.Cell>
      <IndexTable.Cell>
        <DeliveryBadge state={row.state} />
      </IndexTable.Cell>
      <IndexTable.Cell>
        <Text as="span" alignment="end" numeric>
          {row.attemptCount}
        </Text>
      </IndexTable.Cell>
      <IndexTable.Cell>
        <ExactTime at={row.createdAt} />
      </IndexTable.Cell>
    </>
  );
}

function NarrowRow({ row, label }: { row: DeliveryRow; label: string }) {
  return (
    <Box padding="300" width="100%">
      <BlockStack gap="100">
        <InlineStack align="space-between" gap="200">
          <EventLink row={row} />
          <DeliveryBadge state={row.state} />
        </InlineStack>
        <span className="wrap-anywhere">{row.email ?? row.rechargeCustomerId ?? '–'}</span>
        <Text as="span" tone="subdued">
          {label} · <ExactTime at={row.createdAt} />
        </Text>
      </BlockStack>
    </Box>
  );
}

function EventLink({ row }: { row: DeliveryRow }) {
  const { t } = useTranslation();
  return (
    <Link url={`/app/deliveries/${row.deliveryId}`} dataPrimaryLink monochrome>
      {eventWords(t, row.eventType)}
    </Link>
  );
}
