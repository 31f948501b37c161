/** A shop's stored Recharge connection: what may be shown of it, and its secrets for those who call Recharge or check signatures. */
import type { Connection, Prisma } from '@prisma/client';
import { findManifest } from '#app/destinations/manifests.ts';
import { db } from '#app/db.server.ts';
import { env } from '#app/env.server.ts';
import { missingScopes as missingForFeatures } from '#app/recharge/scopes.ts';
import { open, seal } from '#app/secrets.server.ts';

export type MissingScope = { scope: string; feature: string };
export type TopicFault = { topic: string; message: string };

/** Everything that may leave the process about a connection: never a secret. */
export type ConnectionView = {
  status: 'active' | 'unauthorised' | 'disconnected';
  statusReason: string | null;
  tokenLast4: string | null;
  secretLast4: string | null;
  hasStorefrontToken: boolean;
  scopes: string[];
  /** Judged by the shop's destinations and the portal. */
  missingScopes: MissingScope[];
  connectionKey: string;
  /** Ends with the connection key; the topic follows it. */
  webhookBaseUrl: string;
  webhooks: { wanted: number; present: number; checkedAt: Date | null; failed: TopicFault[]; leftBehind: string | null };
  storeName: string | null;
  tokenName: string | null;
  merchantPortalBaseUrl: string | null;
  storeTimezone: string | null;
  signedWithV1Since: Date | null;
  previousSecretUntil: Date | null;
  refusedCount: number;
  refusedAt: Date | null;
};

export type Credentials = {
  apiToken: string | null;
  clientSecret: string | null;
  storefrontToken: string | null;
  /** The former token, while its registrations are still to be deleted. */
  previousApiToken: string | null;
  previousClientSecret: string | null;
};

/** What is known about the registrations with Recharge, kept as JSON. */
export type WebhooksReport = {
  failed: TopicFault[];
  /** Why registrations of a former token could not be deleted. */
  leftBehind: string | null;
  /** Ids of the registrations that the present token made during a change of tokens. */
  madeIds: string[];
};

export const emptyReport: WebhooksReport = { failed: [], leftBehind: null, madeIds: [] };

const sealed = {
  apiToken: 'apiTokenSealed',
  clientSecret: 'clientSecretSealed',
  storefrontToken: 'storefrontTokenSealed',
  previousApiToken: 'previousApiTokenSealed',
  previousClientSecret: 'previousClientSecretSealed',
} as const satisfies Record<keyof Credentials, keyof Connection>;

/** The connection's row; null when the shop never had one. */
export function loadConnection(shopId: string, tx: Prisma.TransactionClient = db): Promise<Connection | null> {
  return tx.connection.findUnique({ where: { shopId: BigInt(shopId) } });
}

/** Opens the secrets of a row. */
export function openCredentials(row: Connection): Credentials {
  const read = (name: keyof Credentials): string | null => {
    const bytes = row[sealed[name]];
    return bytes && open(bytes, { shopId: row.shopId.toString(), table: 'Connection', column: name });
  };
  return {
    apiToken: read('apiToken'),
    clientSecret: read('clientSecret'),
    storefrontToken: read('storefrontToken'),
    previousApiToken: read('previousApiToken'),
    previousClientSecret: read('previousClientSecret'),
  };
}

/** The sealed columns for the secrets given; a null clears its column. */
export function sealCredentials(shopId: string, credentials: Partial<Credentials>): Partial<Record<(typeof sealed)[keyof Credentials], Uint8Array<ArrayBuffer> | null>> {
  return Object.fromEntries(
    Object.entries(credentials).map(([name, secret]) => [
      sealed[name as keyof Credentials],
      secret === null ? null : Uint8Array.from(seal(secret, { shopId, table: 'Connection', column: name })),
    ]),
  );
}

/** `https://app.example.com/webhooks/recharge/<key>`; the topic follows. */
export function webhookBaseUrl(connectionKey: string): string {
  return `${env().shopify.appUrl}/webhooks/recharge/${connectionKey}`;
}

/** What may be shown. `destinationTypes` are those the shop has. */
export function viewOf(row: Connection, destinationTypes: readonly string[]): ConnectionView {
  const report = reportOf(row);
  return {
    status: row.status as ConnectionView['status'],
    statusReason: row.statusReason,
    tokenLast4: row.apiTokenLast4,
    secretLast4: row.clientSecretLast4,
    hasStorefrontToken: row.storefrontTokenSealed !== null,
    scopes: row.scopes,
    missingScopes: row.status === 'disconnected' ? [] : [...neededButMissing(row.scopes, destinationTypes), ...portalScopesMissing(row.scopes)],
    connectionKey: row.connectionKey,
    webhookBaseUrl: webhookBaseUrl(row.connectionKey),
    webhooks: { wanted: row.webhooksWanted, present: row.webhooksPresent, checkedAt: row.webhooksCheckedAt, failed: report.failed, leftBehind: report.leftBehind },
    storeName: row.storeName,
    tokenName: row.tokenName,
    merchantPortalBaseUrl: row.merchantPortalBaseUrl,
    storeTimezone: row.storeTimezone,
    signedWithV1Since: row.signedWithV1Since,
    previousSecretUntil: row.previousSecretUntil,
    refusedCount: row.refusedCount,
    refusedAt: row.refusedAt,
  };
}

export function reportOf(row: Connection): WebhooksReport {
  return { ...emptyReport, ...(row.webhooksReport as Partial<WebhooksReport> | null) };
}

/** Scopes without which one of these destinations cannot work at all: a token that lacks one is refused. */
export function neededButMissing(granted: readonly string[], destinationTypes: readonly string[]): MissingScope[] {
  return destinationTypes.flatMap((type) =>
    Object.entries(findManifest(type)?.scopes ?? {}).flatMap(([scope, feature]) => (grants(granted, scope) ? [] : [{ scope, feature }])),
  );
}

/** Scopes that only the portal link misses: shown, not refused. */
export function portalScopesMissing(granted: readonly string[]): MissingScope[] {
  return missingForFeatures(granted, ['portal']);
}

/** Recharge's reference calls the store's scope `read_store`, live tokens report `store_info`. */
function grants(granted: readonly string[], scope: string): boolean {
  if (scope === 'store_info' || scope === 'read_store') return granted.includes('store_info') || granted.includes('read_store');
  return granted.includes(scope);
}

/** Types of the destinations that a shop has. */
export async function destinationTypes(shopId: string, tx: Prisma.TransactionClient = db): Promise<string[]> {
  const rows = await tx.destination.findMany({ where: { shopId: BigInt(shopId) }, select: { type: true }, orderBy: { id: 'asc' } });
  return rows.map((row) => row.type);
}
