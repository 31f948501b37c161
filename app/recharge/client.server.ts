/** Talks to Recharge's merchant API for one token: reads, webhook registrations and the portal's session chain. */
import type { Http } from '../destinations/contract.ts';
import type { Charge, Customer, Order, Subscription } from '../events/facts.ts';

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
  priority: Priority;
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

export function createRechargeClient(_options: RechargeClientOptions): RechargeClient {
  throw new Error('not written yet');
}
