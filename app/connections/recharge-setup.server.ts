/**
 * Connects a shop to Recharge. Order, and why a crash at any point mends itself at the next run (same input, or the webhook check):
 * 1. ask Recharge about the new token; nothing is written while it is doubtful;
 * 2. store the new token and secret, with the former ones beside them, in one transaction. From here deliveries signed with
 *    either secret are accepted, so none is lost whichever token's registrations exist;
 * 3. register with the new token, then delete the former token's registrations with the former token, then forget that token.
 *    As long as it is stored, step 3 is unfinished and is done again.
 */
import { randomBytes } from 'node:crypto';
import type { Connection, Prisma } from '@prisma/client';
import { db } from '#app/db.server.ts';
import { Failure, InputRefused, toFailure, type FieldFault } from '#app/errors.ts';
import { log } from '#app/log.server.ts';
import { missingScopes } from '#app/recharge/scopes.ts';
import { rechargeClient } from './recharge-client.server.ts';
import { destinationTypes, loadConnection, neededButMissing, openCredentials, sealCredentials, viewOf, type ConnectionView, type Credentials, type MissingScope } from './recharge-record.server.ts';
import { scopesMissing, tokenRefused } from './recharge-words.ts';
import { lastFour, printOf, recordChange } from './setting-changes.server.ts';
import { withShopLock } from './shop-lock.server.ts';
import { findShopById } from './shops.server.ts';
import { removeRegistrations, settleFormerToken, syncWebhooks } from './webhooks.server.ts';

/** An absent or empty value keeps what is stored; a null storefront token forgets it. */
export type TypedConnection = { apiToken?: string | undefined; clientSecret?: string | undefined; storefrontToken?: string | null | undefined };

/** The former secret keeps verifying this long: Recharge retries a delivery for 48 hours. */
const formerSecretMs = 48 * 3_600_000;

type StoreFacts = { storeName: string | null; merchantPortalBaseUrl: string | null; customerPortalBaseUrl: string | null; storeTimezone: string | null };

/** A connection that Recharge has confirmed and that is not stored yet. */
export type PreparedConnection = {
  apiToken: string;
  clientSecret: string;
  storefrontToken: string | null;
  tokenName: string | null;
  scopes: string[];
  /** Null when the token may not read the store, or Recharge did not say. */
  store: StoreFacts | null;
};

export type CheckedToken = { ok: true; tokenName: string | null; storeName: string | null; scopes: string[]; missing: MissingScope[] } | { ok: false; message: string };

/** Asks Recharge about a token; saves nothing. */
export async function checkRechargeToken(apiToken: string): Promise<CheckedToken> {
  const fault = secretFault('API token', apiToken.trim());
  if (fault) return { ok: false, message: `The API token ${fault}.` };
  try {
    const { tokenName, scopes, store } = await askRecharge(apiToken.trim());
    return { ok: true, tokenName, scopes, storeName: store?.storeName ?? null, missing: missingScopes(scopes, ['portal']) };
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'bug') throw error;
    return { ok: false, message: failure.message };
  }
}

/**
 * Connects, or changes, a shop's Recharge credentials and registers the webhooks. Throws InputRefused (paths under `recharge`),
 * or Failure of Recharge: refused token, missing scope, not reachable. Then nothing was changed, unless the code is
 * `webhooks_not_registered`: then the credentials are stored and the next run, or the webhook check, finishes.
 */
export async function connectRecharge(shopId: string, typed: TypedConnection, actor: string): Promise<{ changed: boolean; view: ConnectionView }> {
  const shop = await shopOf(shopId);
  return withShopLock(shop.domain, async () => {
    const types = await destinationTypes(shopId);
    const prepared = await prepareRecharge(shopId, typed, types);
    await settleFormerToken(shopId, prepared.apiToken);
    const stored = await db.$transaction((tx) => storeRecharge(tx, shopId, prepared, actor));
    const synced = await syncWebhooks(shopId);
    return { changed: stored || synced.changed, view: viewOf(await connectionOf(shopId), types) };
  });
}

/**
 * Checks credentials with Recharge, against the scopes that these destinations cannot do without. Writes nothing.
 * `shopId` is null for a shop that is not known yet.
 */
export async function prepareRecharge(shopId: string | null, typed: TypedConnection, types: readonly string[]): Promise<PreparedConnection> {
  const row = shopId ? await loadConnection(shopId) : null;
  const stored = row && openCredentials(row);
  const apiToken = typed.apiToken?.trim() || stored?.apiToken || '';
  const clientSecret = typed.clientSecret?.trim() || stored?.clientSecret || '';
  const storefrontToken = typed.storefrontToken === undefined ? (stored?.storefrontToken ?? null) : typed.storefrontToken?.trim() || null;
  const faults = connectionFaults({ apiToken, clientSecret, storefrontToken });
  if (faults.length > 0) throw new InputRefused('The Recharge settings need a change', faults);
  const asked = await askRecharge(apiToken);
  const missing = neededButMissing(asked.scopes, types);
  if (missing.length > 0) throw new Failure('unauthorised', scopesMissing(missing), { code: 'recharge_scope_missing', system: 'Recharge' });
  return { apiToken, clientSecret, storefrontToken, ...asked };
}

/** What is wrong with credentials by themselves; empty when nothing is. */
export function connectionFaults({ apiToken, clientSecret, storefrontToken }: { apiToken: string; clientSecret: string; storefrontToken: string | null }): FieldFault[] {
  const faults: FieldFault[] = [];
  const add = (path: string, message: string | null) => message && faults.push({ path, message });
  add('recharge.apiToken', secretFault('API token', apiToken));
  add('recharge.clientSecret', secretFault('API client secret', clientSecret));
  if (storefrontToken) add('recharge.storefrontToken', secretFault('Storefront token', storefrontToken));
  if (apiToken !== '' && apiToken === clientSecret) add('recharge.clientSecret', "is the same as the API token; the client secret is another value on the token's Edit page in Recharge");
  if (apiToken.startsWith('strfnt')) add('recharge.apiToken', 'is a Storefront token; the API token of the merchant API is needed');
  return faults;
}

/** Whether storing this would change anything. */
export function differsFromStored(row: Connection | null, prepared: PreparedConnection): boolean {
  return !row || changesOf(row, prepared).some;
}

/** Stores confirmed credentials in the caller's transaction; makes the connection key once and keeps it for good. Returns whether anything changed. */
export async function storeRecharge(tx: Prisma.TransactionClient, shopId: string, prepared: PreparedConnection, actor: string): Promise<boolean> {
  const row = await loadConnection(shopId, tx);
  const { apiToken, clientSecret, storefrontToken, tokenName, scopes, store } = prepared;
  const confirmed = { status: 'active', statusReason: null, scopes, tokenName, ...store };
  const last4 = { apiTokenLast4: lastFour(apiToken), clientSecretLast4: lastFour(clientSecret) };
  const after = changeEntry({ apiToken, clientSecret, storefrontToken }, scopes, 'active');
  if (!row) {
    const connectionKey = randomBytes(20).toString('base64url');
    await tx.connection.create({ data: { shopId: BigInt(shopId), connectionKey, ...confirmed, ...last4, ...sealCredentials(shopId, { apiToken, clientSecret, storefrontToken }) } });
    await recordChange(tx, { shopId, actor, subject: 'recharge', before: null, after });
    return true;
  }
  const { stored, tokenChanged, secretChanged, some } = changesOf(row, prepared);
  if (!some) return false;
  const former: Partial<Credentials> = {
    ...(tokenChanged && stored.apiToken ? { previousApiToken: stored.apiToken } : {}),
    ...(secretChanged && stored.clientSecret ? { previousClientSecret: stored.clientSecret } : {}),
  };
  await tx.connection.update({
    where: { shopId: BigInt(shopId) },
    data: {
      ...confirmed,
      ...last4,
      ...sealCredentials(shopId, { apiToken, clientSecret, storefrontToken, ...former }),
      ...(former.previousClientSecret ? { previousSecretUntil: new Date(Date.now() + formerSecretMs) } : {}),
      ...(secretChanged ? { refusedCount: 0, refusedAt: null } : {}),
    },
  });
  await recordChange(tx, { shopId, actor, subject: 'recharge', before: changeEntry(stored, row.scopes, row.status), after });
  return true;
}

/**
 * Removes the registrations, forgets the secrets and stops accepting webhooks; events and deliveries stay. Registrations go
 * first: a crash in between leaves a connection that still works. Returns what could not be removed.
 */
export async function disconnectRecharge(shopId: string, actor: string): Promise<{ changed: boolean; leftBehind: string | null }> {
  const shop = await shopOf(shopId);
  return withShopLock(shop.domain, async () => {
    const row = await loadConnection(shopId);
    if (!row || row.status === 'disconnected') return { changed: false, leftBehind: null };
    const leftBehind = await removeRegistrations(row);
    await db.$transaction(async (tx) => {
      await tx.connection.update({
        where: { shopId: BigInt(shopId) },
        data: {
          status: 'disconnected',
          statusReason: null,
          ...sealCredentials(shopId, { apiToken: null, clientSecret: null, storefrontToken: null, previousApiToken: null, previousClientSecret: null }),
          apiTokenLast4: null,
          clientSecretLast4: null,
          previousSecretUntil: null,
          scopes: [],
          tokenName: null,
          webhooksWanted: 0,
          webhooksPresent: 0,
          webhooksReport: { failed: [], leftBehind, madeIds: [] },
        },
      });
      await recordChange(tx, { shopId, actor, subject: 'recharge', before: changeEntry(openCredentials(row), row.scopes, row.status), after: { status: 'disconnected' } });
    });
    return { changed: true, leftBehind };
  });
}

async function askRecharge(apiToken: string): Promise<Pick<PreparedConnection, 'tokenName' | 'scopes' | 'store'>> {
  const client = rechargeClient(apiToken, 'interactive');
  const information = await client.tokenInformation().catch((error: unknown) => {
    const failure = toFailure(error);
    if (failure.kind !== 'unauthorised') throw error;
    const answer = failure.vendorAnswer || `HTTP ${failure.status ?? 401}`;
    throw new Failure('unauthorised', tokenRefused(answer), { code: 'recharge_token_refused', system: 'Recharge', vendorAnswer: answer, ...(failure.status ? { status: failure.status } : {}), cause: error });
  });
  const store = await client.store().catch((error: unknown) => {
    const failure = toFailure(error);
    if (failure.kind === 'bug') throw error;
    // A token without the store's scope is fine; what the store says is only shown.
    if (failure.kind !== 'unauthorised' && failure.kind !== 'rejected') log.warn('Recharge did not tell about the store', { failure });
    return null;
  });
  return {
    tokenName: information.name,
    scopes: information.scopes,
    store: store && { storeName: store.name, merchantPortalBaseUrl: store.merchantPortalBaseUrl, customerPortalBaseUrl: store.customerPortalBaseUrl, storeTimezone: store.timezone },
  };
}

function changesOf(row: Connection, prepared: PreparedConnection) {
  const stored = openCredentials(row);
  const tokenChanged = stored.apiToken !== prepared.apiToken;
  const secretChanged = stored.clientSecret !== prepared.clientSecret;
  const some =
    tokenChanged ||
    secretChanged ||
    stored.storefrontToken !== prepared.storefrontToken ||
    row.status !== 'active' ||
    row.tokenName !== prepared.tokenName ||
    [...row.scopes].sort().join() !== [...prepared.scopes].sort().join() ||
    (prepared.store !== null && Object.entries(prepared.store).some(([name, value]) => row[name as keyof StoreFacts] !== value));
  return { stored, tokenChanged, secretChanged, some };
}

function changeEntry(credentials: Pick<Credentials, 'apiToken' | 'clientSecret' | 'storefrontToken'>, scopes: readonly string[], status: string): Prisma.InputJsonObject {
  return {
    status,
    apiToken: printOf(credentials.apiToken),
    clientSecret: printOf(credentials.clientSecret),
    storefrontToken: printOf(credentials.storefrontToken),
    scopes: [...scopes],
  };
}

function secretFault(name: string, secret: string): string | null {
  if (secret === '') return `is needed: the ${name} that Recharge shows`;
  // Anything else could not stand in an HTTP header.
  return /^[\x21-\x7e]{1,500}$/.test(secret) ? null : `should be the ${name} exactly as Recharge shows it, without spaces`;
}

async function shopOf(shopId: string) {
  const shop = await findShopById(shopId);
  if (!shop) throw new Failure('rejected', 'This shop has not installed the app.', { code: 'shop_unknown' });
  return shop;
}

async function connectionOf(shopId: string): Promise<Connection> {
  return db.connection.findUniqueOrThrow({ where: { shopId: BigInt(shopId) } });
}
