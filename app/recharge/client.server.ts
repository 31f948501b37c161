/** Talks to Recharge's merchant API for one token: reads, webhook registrations and the portal's session chain. */
import type { Failure } from '../errors.ts';
import type { Charge, Customer, Order, Subscription } from '../events/facts.ts';
import { createHttp, type Http } from '../http.server.ts';
import { customerOf, portalAccessOf, sessionTokenOf, storeOf, tokenInformation, webhookOf } from './answers.ts';
import { apiVersion, createSend } from './calls.server.ts';
import { isDuplicateWebhook, isNotFound, isTokenRefused, oddAnswer, sessionNotAllowed, type Call } from './errors.ts';
import { chargeFacts, customerFacts, orderFacts, subscriptionFacts } from './facts.ts';
import { own } from './fields.ts';
import { parseRechargeJson } from './json.ts';

export type Priority = 'interactive' | 'background';

/** The gate in front of every call; one bucket per token, shared by all processes. */
export type RechargeBudget = {
  /** Waits for a token. With `giveUpAfterMs` it throws Failure `throttled` rather than waiting longer. */
  take(priority: Priority, giveUpAfterMs?: number): Promise<void>;
  /** Recharge asked everybody to wait. */
  penalise(forMs: number): Promise<void>;
};

export type RechargeClientOptions = {
  /** `https://api.rechargeapps.com`, or the operator's (sandbox). */
  baseUrl: string;
  apiToken: string;
  http?: Http;
  budget: RechargeBudget;
  /** A person's call is over within 4.5 s, retries included; background work takes the time it needs. */
  priority: Priority;
  /** For tests. */
  wait?: (ms: number) => Promise<unknown>;
  random?: () => number;
};

export type TokenInformation = { name: string | null; contactEmail: string | null; scopes: string[] };
export type Store = {
  id: string;
  name: string | null;
  /** `example-store.myshopify.com` for Shopify stores. */
  identifier: string | null;
  externalPlatform: string | null;
  currency: string | null;
  timezone: string | null;
  merchantPortalBaseUrl: string | null;
  customerPortalBaseUrl: string | null;
};
/** A customer as read from the API; `hash` names the customer in portal addresses and is never stored or logged. */
export type RechargeCustomer = Customer & { hash: string | null };
export type RegisteredWebhook = { id: string; address: string; topic: string; version: string | null; includedObjects: string[] };
export type PortalAccess = { portalUrl: string; baseUrl: string | null; customerHash: string | null; expiresAt: string | null; tempToken: string | null };

/** Filters in Recharge's spelling; several values go comma-separated. Empty ones are left out. */
export type ListFilter = {
  ids?: string;
  email?: string;
  customer_id?: string;
  external_customer_id?: string;
  address_id?: string;
  status?: string;
  created_at_min?: string;
  created_at_max?: string;
  updated_at_min?: string;
  updated_at_max?: string;
  scheduled_at_min?: string;
  scheduled_at_max?: string;
  processed_at_min?: string;
  processed_at_max?: string;
  sort_by?: string;
  /** Items on a page, at most 250 (the default here). */
  limit?: number;
};

/** Every method throws Failure with system `Recharge`. A list ends only when Recharge said it is complete; otherwise it throws. */
export type RechargeClient = {
  tokenInformation(): Promise<TokenInformation>;
  store(): Promise<Store>;
  getCustomer(rechargeCustomerId: string): Promise<RechargeCustomer>;
  findCustomersByShopifyId(shopifyCustomerId: string): Promise<RechargeCustomer[]>;
  findCustomersByEmail(email: string): Promise<RechargeCustomer[]>;
  listCustomers(filter?: ListFilter): AsyncGenerator<Customer[], void>;
  listSubscriptions(filter?: ListFilter): AsyncGenerator<Subscription[], void>;
  listCharges(filter?: ListFilter): AsyncGenerator<Charge[], void>;
  listOrders(filter?: ListFilter): AsyncGenerator<Order[], void>;
  getSubscription(rechargeSubscriptionId: string): Promise<Subscription>;
  getCharge(rechargeChargeId: string): Promise<Charge>;
  listWebhooks(): Promise<RegisteredWebhook[]>;
  /** Answers null when the same address and topic are registered already. */
  createWebhook(webhook: { topic: string; address: string; includedObjects?: readonly string[] }): Promise<RegisteredWebhook | null>;
  /** Also fine when it is gone already. */
  deleteWebhook(webhookId: string): Promise<void>;
  createCustomerSession(rechargeCustomerId: string, storefrontToken?: string): Promise<{ apiToken: string }>;
  portalAccess(query: { sessionToken: string; shopDomain: string; page?: string; locale?: string }): Promise<PortalAccess>;
  /** Asks Recharge to mail the customer a link to the portal. */
  sendAccountAccessEmail(rechargeCustomerId: string): Promise<void>;
  /** The same client with an end: everything asked of it, waits and retries included, is over after `ms` from now. */
  withDeadline(ms: number): RechargeClient;
};

/** The address of the real thing; any other base URL is the operator's and may be on loopback. */
export const rechargeApiUrl = 'https://api.rechargeapps.com';
const interactiveMs = 4_500;
const pageSize = 250;
/** A page of 250 charges with many items comes to a few MB. */
const maxBodyBytes = 16 * 1024 * 1024;
/** Needs no permission, so only a token that is wrong altogether is refused. */
const tokenQuestion: Call = { method: 'GET', path: '/token_information', repeatable: true };

export function createRechargeClient(options: RechargeClientOptions): RechargeClient {
  return clientWith({ ...options, http: options.http ?? rechargeHttp(options.baseUrl) }, Infinity);
}

function rechargeHttp(baseUrl: string): Http {
  return createHttp(baseUrl === rechargeApiUrl ? { kind: 'vendor', hosts: [/api\.rechargeapps\.com/] } : { kind: 'operator', origin: baseUrl }, { maxBodyBytes });
}

function clientWith(options: RechargeClientOptions & { http: Http }, deadlineAt: number): RechargeClient {
  const send = createSend({ ...options, deadlineAt, interactiveMs });

  async function read<T>(call: Call, take: (body: unknown) => T | null): Promise<T> {
    const { body } = await send(call);
    return take(body) ?? fail(oddAnswer(call, 'does not hold what it should'));
  }

  async function* pages<T>(path: string, key: string, filter: ListFilter, scope: string | undefined, take: (raw: unknown) => T | null): AsyncGenerator<T[], void> {
    const { limit = pageSize, ...wanted } = filter;
    let query: Call['query'] = { ...wanted, limit };
    const cursors = new Set<string>();
    for (;;) {
      const call: Call = { method: 'GET', path, query, repeatable: true, ...(scope ? { scope } : {}) };
      const { body } = await send(call);
      const items = own(body, key);
      if (!Array.isArray(items)) throw oddAnswer(call, `has no list "${key}"`);
      yield items.map((item: unknown) => take(item) ?? fail(oddAnswer(call, `holds an item of "${key}" without an id`)));
      const next = own(body, 'next_cursor') ?? null;
      if (next === null || next === '') return;
      if (typeof next !== 'string' || cursors.has(next)) throw oddAnswer(call, 'leads round in a circle');
      cursors.add(next);
      // Anything else beside a cursor gives 422.
      query = { cursor: next, limit };
    }
  }

  async function all<T>(list: AsyncGenerator<T[], void>): Promise<T[]> {
    const items: T[] = [];
    for await (const page of list) items.push(...page);
    return items;
  }

  const get = (path: string, scope: string): Call => ({ method: 'GET', path, repeatable: true, scope });
  const listWebhooks = () => all(pages('/webhooks', 'webhooks', {}, undefined, webhookOf));

  return {
    tokenInformation: () => read(tokenQuestion, tokenInformation),
    store: () => read(get('/store', 'store_info'), storeOf),

    getCustomer: (id) => read(get(`/customers/${encodeURIComponent(id)}`, 'read_customers'), (body) => customerOf(own(body, 'customer'))),
    findCustomersByShopifyId: (external_customer_id) => all(pages('/customers', 'customers', { external_customer_id }, 'read_customers', customerOf)),
    findCustomersByEmail: (email) => all(pages('/customers', 'customers', { email }, 'read_customers', customerOf)),
    listCustomers: (filter = {}) => pages('/customers', 'customers', filter, 'read_customers', customerFacts),
    listSubscriptions: (filter = {}) => pages('/subscriptions', 'subscriptions', filter, 'read_subscriptions', subscriptionFacts),
    listCharges: (filter = {}) => pages('/charges', 'charges', filter, 'read_orders', chargeFacts),
    listOrders: (filter = {}) => pages('/orders', 'orders', filter, 'read_orders', orderFacts),
    getSubscription: (id) => read(get(`/subscriptions/${encodeURIComponent(id)}`, 'read_subscriptions'), (body) => subscriptionFacts(own(body, 'subscription'))),
    getCharge: (id) => read(get(`/charges/${encodeURIComponent(id)}`, 'read_orders'), (body) => chargeFacts(own(body, 'charge'))),

    listWebhooks,
    async createWebhook({ topic, address, includedObjects = [] }) {
      const body = { address, topic, version: apiVersion, ...(includedObjects.length > 0 ? { included_objects: includedObjects } : {}) };
      // Repeatable, since the second one is refused as a duplicate.
      const { answer } = await send({ method: 'POST', path: '/webhooks', body, repeatable: true, answerIgnored: true }, isDuplicateWebhook);
      if (answer.status === 422) return null;
      const made = webhookOf(own(jsonOrNothing(answer.text), 'webhook'));
      return made ?? (await listWebhooks()).find((webhook) => webhook.address === address && webhook.topic === topic) ?? null;
    },
    async deleteWebhook(id) {
      await send({ method: 'DELETE', path: `/webhooks/${encodeURIComponent(id)}`, repeatable: true, answerIgnored: true }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    },

    async createCustomerSession(id, storefrontToken) {
      const call: Call = {
        method: 'POST',
        path: `/customers/${encodeURIComponent(id)}/sessions`,
        body: {},
        // A second session harms nobody.
        repeatable: true,
        scope: 'write_session',
        ...(storefrontToken ? { headers: { 'x-recharge-storefront-access-token': storefrontToken } } : {}),
      };
      const apiToken = await read(call, sessionTokenOf).catch(async (error: unknown) => {
        // Is it the merchant's token, or what this one call wants besides?
        if (!isTokenRefused(error)) throw error;
        await send(tokenQuestion);
        throw sessionNotAllowed(error, storefrontToken !== undefined);
      });
      return { apiToken };
    },
    portalAccess: ({ sessionToken, shopDomain, page, locale }) =>
      read({ method: 'GET', path: '/portal_access', query: { shop_url: shopDomain, page_destination: page, locale }, repeatable: true, sessionToken }, portalAccessOf),
    async sendAccountAccessEmail(id) {
      const body = { type: 'email', template_type: 'get_account_access', template_vars: {} };
      await send({ method: 'POST', path: `/customers/${encodeURIComponent(id)}/notifications`, body, repeatable: false, scope: 'write_notifications', answerIgnored: true });
    },

    withDeadline: (ms) => clientWith(options, Math.min(deadlineAt, performance.now() + ms)),
  };
}

function fail(failure: Failure): never {
  throw failure;
}

function jsonOrNothing(text: string): unknown {
  try {
    return parseRechargeJson(text);
  } catch {
    return undefined;
  }
}
