/** What a merchant sets for Bloomreach Engagement. Facts and sources: docs/vendors/bloomreach.md. */
import { defineManifest, type SettingsOf } from '../contract.ts';

/** Statuses beyond the six that the vendor's own integration knows; sent under event names of their own, only when ticked. */
export const extendedEvents = ['skipped', 'unskipped', 'paused', 'swapped', 'expired', 'upcoming', 'failed', 'refunded', 'max_retries_reached'] as const;

export const bloomreachManifest = defineManifest({
  type: 'bloomreach',
  label: 'Bloomreach Engagement',
  batch: 50,
  idempotent: true,
  budget: { perCredentialPerMinute: 6000, perHostPerMinute: 6000 },
  scopes: {
    read_customers: 'naming the customer of an event',
    read_subscriptions: 'subscription events and the active flag',
    read_orders: 'charge events (charge created, charge paid)',
  },
  fields: {
    apiBaseUrl: {
      kind: 'text',
      label: 'API base URL',
      help: 'Project settings > Access management > API, for example https://api.exponea.com',
      required: true,
      parse: parseBaseUrl,
    },
    projectToken: {
      kind: 'text',
      label: 'Project token',
      help: 'Project settings > Access management > API; a text such as 1a2b3c4d-0000-11ee-8c99-0242ac120002',
      required: true,
      parse: (typed) => (/^[A-Za-z0-9-]{8,64}$/.test(typed) ? { ok: true, value: typed } : { ok: false, message: 'Project token has letters, digits and dashes, for example 1a2b3c4d-0000-11ee-8c99-0242ac120002.' }),
    },
    apiKeyId: {
      kind: 'text',
      label: 'API key ID',
      help: 'Of a private API group with the rights Events > Set and Customer properties > Set',
      required: true,
    },
    apiSecret: { kind: 'secret', label: 'API secret', help: 'Shown once in Bloomreach, when the key is made', required: true },
    customerId: {
      kind: 'choice',
      label: 'Customer ID',
      help: 'How Bloomreach knows the customer. Email is the usual choice; Recharge ID needs a hard id of that name in your project.',
      choices: ['email', 'recharge_id'],
      default: 'email',
    },
    emailIdName: { kind: 'text', label: 'Name of the e-mail id', help: 'The hard id that holds the e-mail address in your project', required: false, default: 'registered', parse: parseIdName },
    rechargeIdName: { kind: 'text', label: 'Name of the Recharge id', help: 'A hard id of your project that holds the Recharge customer id', required: false, default: 'recharge_id', parse: parseIdName },
    linkBoth: {
      kind: 'toggle',
      label: 'Link both ids',
      help: 'With Recharge ID: also send the e-mail address. Two ids in one call merge two profiles for good.',
      default: false,
    },
    importActiveProperty: {
      kind: 'toggle',
      label: 'Import recharge_subscription_active',
      help: 'A customer property that is true while the customer has an active subscription',
      default: true,
    },
    extendedEvents: {
      kind: 'ticks',
      label: 'Extended events',
      help: 'More than the native integration sends, under the names subscription_extended and subscription_charge_extended. Each event counts for your Bloomreach bill.',
      choices: extendedEvents,
      default: [],
    },
  },
});

export type BloomreachSettings = SettingsOf<typeof bloomreachManifest.fields>;

function parseBaseUrl(typed: string): { ok: true; value: string } | { ok: false; message: string } {
  const example = 'for example https://api.exponea.com';
  let url: URL;
  try {
    url = new URL(typed.includes('://') ? typed : `https://${typed}`);
  } catch {
    return { ok: false, message: `API base URL is an address, ${example}.` };
  }
  if (url.protocol !== 'https:') return { ok: false, message: `API base URL begins with https://, ${example}.` };
  if (url.username || url.password || url.search || url.hash || url.pathname !== '/') return { ok: false, message: `API base URL is only the host, without a path, ${example}.` };
  return { ok: true, value: url.origin };
}

function parseIdName(typed: string): { ok: true; value: string } | { ok: false; message: string } {
  return /^[a-z][a-z0-9_]{0,63}$/.test(typed) ? { ok: true, value: typed } : { ok: false, message: 'The name of an id has small letters, digits and _, for example registered.' };
}
