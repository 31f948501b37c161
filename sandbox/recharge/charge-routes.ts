// Charges: list, read and the actions on them.
import { announce } from './announce.ts';
import { findDiscount } from './address-routes.ts';
import type { Call, Route } from './call.ts';
import { externalId, found, ok } from './call.ts';
import { moveCharge, processCharge, refundCharge, skipCharge, unskipCharge } from './charge-acts.ts';
import { totals } from './charge-wire.ts';
import { rebuildLater } from './choreography.ts';
import { addDays, DAY_MS, isDay } from './dates.ts';
import { invalid, notFound } from './errors.ts';
import { anyAmong, anyOf, instants } from './filters.ts';
import { listAnswer } from './list-answer.ts';
import type { FilterMaker, Listing } from './paging.ts';
import { renderCharge } from './render.ts';
import type { ChargeRow } from './types.ts';
import { touch } from './charge-queue.ts';
import { today } from './world.ts';

type Answer = { status: number; body: object };

const purchaseItems: FilterMaker<ChargeRow> = anyAmong((row) => row.line_items.map((item) => item.purchase_item_id));

const LISTING: Listing<ChargeRow> = {
  sorts: ['id', 'updated_at', 'scheduled_at'],
  filters: {
    ids: anyOf((row) => row.id),
    address_id: anyOf((row) => row.address_id),
    customer_id: anyOf((row) => row.customer_id),
    purchase_item_id: purchaseItems,
    purchase_item_ids: purchaseItems,
    external_order_id: anyOf((row) => row.external_order_id),
    discount_id: anyAmong((row) => row.discounts.map((each) => each.id)),
    discount_code: anyAmong((row) => row.discounts.map((each) => each.code)),
    status: (text) => {
      const wanted = text.toLowerCase().split(',');
      return (row) => wanted.includes(row.status);
    },
    scheduled_at: anyOf((row) => row.scheduled_at),
    ...instants('scheduled_at', (row: ChargeRow) => row.scheduled_at),
    ...instants('processed_at', (row: ChargeRow) => row.processed_at),
    ...instants('created_at', (row: ChargeRow) => row.created_at),
    ...instants('updated_at', (row: ChargeRow) => row.updated_at),
  },
};

const itsAddress = (call: Call): number[] => [call.store.charges.get(call.ids[0] ?? 0)].flatMap((row) => row?.address_id ?? []);
const write = (path: string, scopes: string[], answer: (call: Call, charge: ChargeRow) => ChargeRow | Promise<ChargeRow>): Route => ({
  method: 'POST',
  path: `/charges/:id/${path}`,
  scopes,
  writes: itsAddress,
  answer: async (call) => ok({ charge: renderCharge(call, await answer(call, visibleCharge(call))) }) as Answer,
});

export const chargeRoutes: Route[] = [
  { method: 'GET', path: '/charges', scopes: ['read_orders'], answer: (call) => listAnswer(call, 'charges', call.store.charges, LISTING, (row) => renderCharge(call, row), (row) => isVisible(call, row)) },
  { method: 'GET', path: '/charges/:id', scopes: ['read_orders'], answer: (call) => ok({ charge: renderCharge(call, visibleCharge(call)) }) },
  write('skip', ['write_orders'], skip),
  write('unskip', ['write_orders'], unskip),
  write('change_next_charge_date', ['write_orders'], move),
  write('process', ['write_payments'], process),
  write('refund', ['write_orders', 'write_payment_methods'], refund),
  write('capture_payment', ['write_orders', 'write_payment_methods', 'write_subscriptions', 'write_customers'], capture),
  write('apply_discount', ['write_orders'], (call, charge) => withDiscounts(call, charge, [findDiscount(call, { id: call.body()['discount_id'], code: call.body()['discount_code'] })])),
  write('remove_discount', ['write_orders'], (call, charge) => withDiscounts(call, charge, [])),
  write('add_free_gift', ['write_free_gifts'], addGifts),
  write('remove_free_gift', ['write_free_gifts'], removeGifts),
];

/** Processed charges are gone after 90 days, from lists and from retrieve. */
function isVisible(call: Call, row: ChargeRow): boolean {
  if (row.processed_at === null || !['success', 'refunded', 'partially_refunded'].includes(row.status)) return true;
  return Date.parse(row.processed_at) >= call.world.clock.now() - call.world.switches.chargeLookbackDays * DAY_MS;
}

function visibleCharge(call: Call): ChargeRow {
  const row = found(call.store.charges, call.ids[0]);
  if (!isVisible(call, row)) throw notFound();
  return row;
}

/** No list, or an empty one, means all. */
function itemIds(call: Call, charge: ChargeRow): number[] {
  const { purchase_item_ids: listed, purchase_item_id: single } = call.body();
  const ids = Array.isArray(listed) ? listed.map(Number) : single === undefined ? [] : [Number(single)];
  const onCharge = charge.line_items.map((item) => item.purchase_item_id);
  if (ids.some((id) => !onCharge.includes(id))) throw invalid({ purchase_item_ids: ['Not on this charge'] });
  return ids.length > 0 ? ids : onCharge;
}

function skip(call: Call, charge: ChargeRow): ChargeRow | Promise<ChargeRow> {
  if (charge.status === 'skipped') {
    if (call.world.switches.repeatedAction === 'refuse') throw invalid({ status: ['Charge is already skipped'] });
    return charge;
  }
  needStatus(charge, ['queued']);
  return skipCharge(call.world, call.store, call.token, charge, itemIds(call, charge));
}

function unskip(call: Call, charge: ChargeRow): ChargeRow | Promise<ChargeRow> {
  if (charge.status === 'queued' && call.world.switches.repeatedAction === 'unchanged') return charge;
  needStatus(charge, ['skipped']);
  if (charge.scheduled_at <= today(call.world)) throw invalid({ date: ['date is not far enough in the future'] });
  return unskipCharge(call.world, call.store, call.token, charge);
}

function move(call: Call, charge: ChargeRow): Promise<ChargeRow> {
  const { next_charge_date: day } = call.body();
  if (!isDay(day)) throw invalid({ next_charge_date: ['Not a valid date.'] });
  if (day < addDays(today(call.world), 1)) throw invalid({ next_charge_date: ['date is not far enough in the future'] });
  needStatus(charge, ['queued']);
  return moveCharge(call.world, call.store, call.token, charge, day);
}

function process(call: Call, charge: ChargeRow): ChargeRow {
  needStatus(charge, ['queued', 'error', 'pending']);
  processCharge(call.world, call.store, charge);
  return charge;
}

function refund(call: Call, charge: ChargeRow): ChargeRow {
  needStatus(charge, ['success', 'partially_refunded']);
  const { amount, full_refund: isFull } = call.body();
  const left = totals(charge).totalCents - charge.refunded_cents;
  const cents = isFull === true ? left : Math.round(Number(amount) * 100);
  if (!(cents > 0)) throw invalid({ amount: ['Missing data for required field.'] });
  if (cents > left) throw invalid({ amount: ['Must not be more than what is left of the charge'] });
  refundCharge(call.world, call.store, charge, cents);
  return charge;
}

function capture(call: Call, charge: ChargeRow): ChargeRow {
  const order = call.store.orders.of('charge', charge.id).at(-1);
  if (order === undefined) throw invalid({ status: ['Nothing to capture'] });
  void announce(call.world, call.store, 'order', 'payment_captured', order, 700);
  return charge;
}

function withDiscounts(call: Call, charge: ChargeRow, discounts: ChargeRow['discounts']): ChargeRow {
  needStatus(charge, ['queued']);
  charge.discounts = structuredClone(discounts);
  return changed(call, charge);
}

function addGifts(call: Call, charge: ChargeRow): ChargeRow {
  needStatus(charge, ['queued']);
  const { free_gifts: gifts } = call.body();
  if (!Array.isArray(gifts) || gifts.length === 0) throw invalid({ free_gifts: ['Missing data for required field.'] });
  for (const gift of gifts as { external_variant_id?: unknown; quantity?: unknown }[]) {
    const variantId = externalId(gift.external_variant_id);
    const product = call.store.products.find((each) => each.variants.some((variant) => variant.external_variant_id === variantId));
    charge.line_items.push({
      purchase_item_id: 0,
      purchase_item_type: 'free_gift',
      external_product_id: product?.external_product_id ?? null,
      external_variant_id: variantId,
      properties: [],
      quantity: Number(gift.quantity ?? 1),
      sku: null,
      title: product?.title ?? 'Free gift',
      variant_title: null,
      unit_cents: 0,
    });
  }
  return changed(call, charge);
}

function removeGifts(call: Call, charge: ChargeRow): ChargeRow {
  const { external_variant_ids: ids } = call.body();
  const wanted = Array.isArray(ids) ? ids.map(externalId) : [];
  charge.line_items = charge.line_items.filter((item) => item.purchase_item_type !== 'free_gift' || !wanted.includes(item.external_variant_id));
  return changed(call, charge);
}

function changed(call: Call, charge: ChargeRow): ChargeRow {
  touch(call.world, charge);
  void announce(call.world, call.store, 'charge', 'updated', charge, 500);
  rebuildLater(call.world, call.store, charge);
  return charge;
}

function needStatus(charge: ChargeRow, statuses: ChargeRow['status'][]): void {
  if (!statuses.includes(charge.status)) throw invalid({ status: [`Charge is ${charge.status}`] });
}
