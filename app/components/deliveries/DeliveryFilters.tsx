/** Views by state, a filter by destination and a search; all of it lives in the address, so a page can be shared and gone back to. */
import { useNavigation, useSearchParams } from '@remix-run/react';
import { ChoiceList, IndexFilters, IndexFiltersMode, useSetIndexFiltersMode } from '@shopify/polaris';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeliveryState } from '#app/delivery/state.ts';
import type { DeliveriesPageData } from './types.ts';

const views: readonly (DeliveryState | null)[] = [null, 'dead', 'pending', 'held', 'delivered', 'skipped', 'superseded'];
const searchAfterMs = 500;

export function DeliveryFilters({ filter, destinations, deadCount }: Pick<DeliveriesPageData, 'filter' | 'destinations' | 'deadCount'>) {
  const { t } = useTranslation();
  const [, setParams] = useSearchParams();
  const { mode, setMode } = useSetIndexFiltersMode(filter.search || filter.destination ? IndexFiltersMode.Filtering : IndexFiltersMode.Default);
  const [search, setSearch] = useState(filter.search ?? '');
  // The field follows the address only when a search was cleared elsewhere: a late answer must not undo what is being typed.
  const [searched, setSearched] = useState(filter.search);
  if (searched !== filter.search) {
    setSearched(filter.search);
    if (filter.search === null) setSearch('');
  }
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const loading = useNavigation().state === 'loading';

  useEffect(() => () => void (timer.current && clearTimeout(timer.current)), []);

  function set(changes: Record<string, string | null>) {
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        after.delete('cursor');
        for (const [name, value] of Object.entries(changes)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { preventScrollReset: true },
    );
  }

  function type(text: string) {
    setSearch(text);
    if (timer.current) clearTimeout(timer.current);
    timer.current = setTimeout(() => set({ search: text.trim() || null }), searchAfterMs);
  }

  const labelOf = (destination: string) => destinations.find((known) => known.type === destination)?.label ?? destination;
  return (
    <IndexFilters
      mode={mode}
      setMode={setMode}
      loading={loading}
      tabs={views.map((state) => ({ id: state ?? 'all', content: state ? t(`deliveries.states.${state}`) : t('deliveries.all'), isLocked: true, ...(state === 'dead' && deadCount > 0 ? { badge: String(deadCount) } : {}) }))}
      selected={Math.max(0, views.indexOf(filter.state === 'sending' ? 'pending' : filter.state))}
      onSelect={(index) => set({ state: views[index] ?? null })}
      canCreateNewView={false}
      queryValue={search}
      queryPlaceholder={t('deliveries.search')}
      onQueryChange={type}
      onQueryClear={() => {
        setSearch('');
        set({ search: null });
      }}
      filters={[
        {
          key: 'destination',
          label: t('deliveries.destination'),
          pinned: true,
          filter: (
            <ChoiceList
              title={t('deliveries.destination')}
              titleHidden
              choices={destinations.map(({ type: value, label }) => ({ value, label }))}
              selected={filter.destination ? [filter.destination] : []}
              onChange={([chosen]) => set({ destination: chosen ?? null })}
            />
          ),
        },
      ]}
      appliedFilters={filter.destination ? [{ key: 'destination', label: `${t('deliveries.destination')}: ${labelOf(filter.destination)}`, onRemove: () => set({ destination: null }) }] : []}
      onClearAll={() => {
        setSearch('');
        set({ destination: null, search: null });
      }}
      cancelAction={{ onAction: () => setMode(IndexFiltersMode.Default) }}
    />
  );
}
