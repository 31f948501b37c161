// Rows for an API answer: in the call's version, with what it asked to include.
import { chargeWire, orderWire } from './charge-wire.ts';
import type { Call } from './call.ts';
import { included } from './call.ts';
import { toVersion } from './old-version.ts';
import type { AddressRow, ChargeRow, CustomerRow, OnetimeRow, OrderRow, PaymentMethodRow, SubscriptionRow } from './types.ts';
import { addressWire, customerWire, onetimeWire, paymentMethodWire, subscriptionWire } from './wire.ts';
import type { Wire } from './wire.ts';

type Includes = Record<string, () => unknown>;

export function renderCustomer(call: Call, row: CustomerRow): Wire {
  const { store } = call;
  const wire = withIncludes(call, customerWire(store, row), {
    addresses: () => store.addresses.of('customer', row.id).map((each) => toVersion('address', addressWire(each), call.version, store)),
    subscriptions: () => store.subscriptions.of('customer', row.id).map((each) => toVersion('subscription', subscriptionWire(store, each), call.version, store)),
    payment_methods: () => store.payment_methods.of('customer', row.id).map((each) => renderPaymentMethod(call, each)),
    metafields: () => metafieldsOf(call, 'customer', row.id),
  });
  return naive(call, toVersion('customer', wire, call.version, store));
}

export function renderAddress(call: Call, row: AddressRow): Wire {
  const { store } = call;
  const wire = withIncludes(call, addressWire(row), {
    customer: () => customerOf(call, row.customer_id),
    subscriptions: () => store.subscriptions.of('address', row.id).map((each) => subscriptionWire(store, each)),
    charges: () => store.charges.of('address', row.id).map((each) => chargeWire(store, each)),
    payment_methods: () => (row.payment_method_id === null ? [] : [store.payment_methods.get(row.payment_method_id)].flatMap((each) => (each === undefined ? [] : [paymentMethodWire(each)]))),
    discount: () => row.discounts[0] ?? null,
  });
  return toVersion('address', wire, call.version, store);
}

export function renderSubscription(call: Call, row: SubscriptionRow): Wire {
  const { store } = call;
  const wire = withIncludes(call, subscriptionWire(store, row), {
    address: () => [store.addresses.get(row.address_id)].flatMap((each) => (each === undefined ? [] : [addressWire(each)]))[0] ?? null,
    customer: () => customerOf(call, row.customer_id),
    metafields: () => metafieldsOf(call, 'subscription', row.id),
    bundle_selections: () => [],
    charge_activities: () => [],
  });
  return toVersion('subscription', wire, call.version, store);
}

export function renderCharge(call: Call, row: ChargeRow): Wire {
  const { store } = call;
  const wire = withIncludes(call, chargeWire(store, row), {
    customer: () => customerOf(call, row.customer_id),
    metafields: () => metafieldsOf(call, 'charge', row.id),
    payment_methods: () => store.payment_methods.of('customer', row.customer_id).map((each) => paymentMethodWire(each)),
    subscriptions: () => row.line_items.flatMap((item) => store.subscriptions.get(item.purchase_item_id) ?? []).map((each) => subscriptionWire(store, each)),
  });
  return toVersion('charge', wire, call.version, store);
}

export function renderOrder(call: Call, row: OrderRow): Wire {
  const { store } = call;
  const wire = withIncludes(call, orderWire(store, row), { customer: () => customerOf(call, row.customer_id), metafields: () => metafieldsOf(call, 'order', row.id) });
  return toVersion('order', wire, call.version, store);
}

export function renderOnetime(call: Call, row: OnetimeRow): Wire {
  return toVersion('onetime', onetimeWire(row), call.version, call.store);
}

export function renderPaymentMethod(call: Call, row: PaymentMethodRow): Wire {
  const wire = paymentMethodWire(row);
  if (included(call.query).includes('addresses')) {
    wire['include'] = { addresses: call.store.addresses.of('customer', row.customer_id).filter((each) => each.payment_method_id === row.id).map(addressWire) };
  }
  return naive(call, wire);
}

function customerOf(call: Call, id: number): Wire | null {
  const row = call.store.customers.get(id);
  return row === undefined ? null : customerWire(call.store, row);
}

function metafieldsOf(call: Call, resource: string, id: number): object[] {
  return [...call.store.metafields.all()].filter((each) => each.owner_resource === resource && each.owner_id === String(id));
}

/** Included objects come under the object's own `include` key, only when asked for. */
function withIncludes(call: Call, wire: Wire, includes: Includes): Wire {
  const wanted = included(call.query).filter((name) => name in includes);
  if (wanted.length === 0) return wire;
  return { ...wire, include: Object.fromEntries(wanted.map((name) => [name, includes[name]?.()])) };
}

function naive(call: Call, wire: Wire): Wire {
  if (!call.world.switches.naiveTimes) return wire;
  const cut = (value: unknown): unknown => (typeof value === 'string' ? value.slice(0, 19) : value);
  return { ...wire, created_at: cut(wire['created_at']), updated_at: cut(wire['updated_at']) };
}
