// The topics of 2021-11 and the scope each asks of the token that registers it.

const EVENTS = {
  address: 'created updated',
  async_batch: 'processed',
  bundle_selection: 'created updated deleted',
  charge: 'created deleted failed max_retries_reached paid refunded uncaptured upcoming updated',
  checkout: 'created completed processed updated',
  customer: 'activated created deactivated deleted payment_method_updated updated',
  gift_purchase: 'created redeemed',
  onetime: 'created deleted updated',
  order: 'cancelled created deleted payment_captured processed success upcoming updated',
  plan: 'created deleted updated',
  recharge: 'uninstalled',
  store: 'updated',
  subscription: 'activated cancelled created deleted paused removed_from_skipped_charge skipped swapped unskipped updated',
} as const;

const SCOPES: Record<string, string> = {
  address: 'read_customers',
  customer: 'read_customers',
  charge: 'read_orders',
  order: 'read_orders',
  subscription: 'read_subscriptions',
  onetime: 'read_subscriptions',
  bundle_selection: 'read_subscriptions',
  plan: 'read_products',
  product: 'read_products',
  store: 'store_info|read_store',
  recharge: 'store_info|read_store',
  app: 'store_info|read_store',
  async_batch: 'read_batches',
  checkout: 'read_checkouts',
  gift_purchase: 'read_gift_purchases',
};

export const TOPICS: readonly string[] = Object.entries(EVENTS).flatMap(([resource, events]) => events.split(' ').map((event) => `${resource}/${event}`));

/** Topics that only 2021-01 knows. */
export const OLD_TOPICS: readonly string[] = ['product/created', 'product/deleted', 'product/updated', 'app/uninstalled'];

export const INCLUDABLE: readonly string[] = ['addresses', 'collections', 'customer', 'metafields'];

/** As routes write scopes: alternatives are divided by a bar. */
export function scopeOfTopic(topic: string): string {
  return SCOPES[topic.split('/')[0] ?? ''] ?? '';
}
