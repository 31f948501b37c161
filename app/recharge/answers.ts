/** The answers of Recharge that are not facts about customers: the token, the store, registrations, sessions, portal links. */
import { z } from 'zod';
import { id, isRecord, own, text, word, type Raw } from './fields.ts';
import { customerFacts } from './facts.ts';
import type { PortalAccess, RechargeCustomer, RegisteredWebhook, Store, TokenInformation } from './client.server.ts';

const words = z.unknown().optional().transform((value) => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []));

const tokenSchema = z.object({ name: text, contact_email: word, scopes: words });

/** Null when the answer holds no `token_information`. */
export function tokenInformation(body: unknown): TokenInformation | null {
  const raw = own(body, 'token_information');
  if (!isRecord(raw)) return null;
  const token = tokenSchema.parse(raw);
  return { name: token.name, contactEmail: token.contact_email, scopes: token.scopes };
}

const zone = z.unknown().optional().transform((value) => word.parse(isRecord(value) ? own(value, 'iana_name') : value));
const storeSchema = z.object({
  id,
  name: text,
  identifier: word,
  external_platform: word,
  currency: word,
  timezone: zone,
  merchant_portal_base_url: word,
  customer_portal_base_url: word,
});

export function storeOf(body: unknown): Store | null {
  const raw = own(body, 'store');
  if (!isRecord(raw)) return null;
  const store = storeSchema.parse(raw);
  if (store.id === null) return null;
  return {
    id: store.id,
    name: store.name,
    identifier: store.identifier,
    externalPlatform: store.external_platform,
    currency: store.currency,
    timezone: store.timezone,
    merchantPortalBaseUrl: store.merchant_portal_base_url,
    customerPortalBaseUrl: store.customer_portal_base_url,
  };
}

/** `hash` is opaque: lengths 16, 24 and 30 were met. */
export function customerOf(raw: unknown): RechargeCustomer | null {
  const customer = customerFacts(raw);
  return customer && { ...customer, hash: word.parse(own(raw, 'hash')) };
}

const webhookSchema = z.object({ id, address: word, topic: word, version: word, included_objects: words });

export function webhookOf(raw: unknown): RegisteredWebhook | null {
  if (!isRecord(raw)) return null;
  const webhook = webhookSchema.parse(raw);
  if (webhook.id === null || webhook.address === null || webhook.topic === null) return null;
  return { id: webhook.id, address: webhook.address, topic: webhook.topic, version: webhook.version, includedObjects: webhook.included_objects };
}

/** Public readers disagree on the key, so both count; contract of Recharge 4.5. */
export function sessionTokenOf(body: unknown): string | null {
  const session = isRecord(own(body, 'customer_session')) ? (own(body, 'customer_session') as Raw) : body;
  return word.parse(own(session, 'apiToken')) ?? word.parse(own(session, 'api_token'));
}

/** As it came, odd characters and all: whoever redirects to it judges it first. */
const untouched = z.unknown().optional().transform((value) => (typeof value === 'string' && value !== '' ? value : null));
const portalSchema = z.object({ portal_url: untouched, base_url: word, customer_hash: word, expires_at: word, temp_token: word });

export function portalAccessOf(body: unknown): PortalAccess | null {
  if (!isRecord(body)) return null;
  const access = portalSchema.parse(body);
  if (access.portal_url === null) return null;
  return { portalUrl: access.portal_url, baseUrl: access.base_url, customerHash: access.customer_hash, expiresAt: access.expires_at, tempToken: access.temp_token };
}
