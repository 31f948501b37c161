/** Checks and stores a destination's settings: fields first, then the vendor, then the row; nothing is saved when one refuses. */
import { isDeepStrictEqual } from 'node:util';
import type { Destination, Prisma } from '@prisma/client';
import { db } from '#app/db.server.ts';
import { parseSettings, type Checked, type Plugin } from '#app/destinations/contract.ts';
import { knownTypes } from '#app/destinations/manifests.ts';
import { findPlugin } from '#app/destinations/registry.server.ts';
import { Failure, InputRefused, toFailure } from '#app/errors.ts';
import { connectTo, freshBreaker, partSettings, sealSecrets, secretsOf } from './destination-record.server.ts';
import { loadConnection, neededButMissing } from './recharge-record.server.ts';
import { scopesMissing } from './recharge-words.ts';
import { lastFour, printOf, recordChange } from './setting-changes.server.ts';

/** Settings that the vendor has accepted and that are not stored yet. */
export type PreparedDestination = { plugin: Plugin; row: Destination | null; settings: Record<string, unknown>; check: Checked };

/** A change with a consequence that a person should have read; the message says which. */
export class ConfirmationNeeded extends InputRefused {}

/** What changing a field of a working destination brings about, in the merchant's words. Acceptance BR-17. */
const consequences: Record<string, Record<string, string>> = {
  bloomreach: {
    customerId: 'With another customer ID, Bloomreach may make new profiles for customers it already knows under the present one, and their history stays with the old profiles.',
  },
};

type Options = { confirm?: boolean; path?: string };

/** The fields alone: throws InputRefused with each wrong one's path, `settings.<field>` unless `path` says otherwise. */
export async function parseDestination(shopId: string | null, type: string, typed: Record<string, unknown>, { path = 'settings' }: Options = {}): Promise<Omit<PreparedDestination, 'check'>> {
  const plugin = findPlugin(type);
  if (!plugin) {
    const message = `"${type}" is not a destination that this version can send to. It knows: ${knownTypes()}.`;
    throw new InputRefused(message, [{ path: path.replace(/settings$/, 'type'), message }]);
  }
  const row = shopId ? await db.destination.findUnique({ where: { shopId_type_name: { shopId: BigInt(shopId), type, name: '' } } }) : null;
  return { plugin, row, settings: parseSettings(plugin.manifest, typed, row ? secretsOf(row) : {}, path) };
}

/** Asks the vendor. Throws Failure with the vendor's words when the key is refused or the vendor cannot be asked. */
export async function checkAtVendor({ plugin, row, settings }: Omit<PreparedDestination, 'check'>): Promise<PreparedDestination> {
  const { type, label } = plugin.manifest;
  const check = await connectTo({ type }, settings)
    .check()
    .catch((error: unknown) => {
      const failure = toFailure(error);
      if (failure.kind === 'bug') throw error;
      throw new Failure(failure.kind, failure.system ? failure.message : `${label} could not be asked: ${failure.message}`, { code: failure.code, system: failure.system ?? label, ...(failure.vendorAnswer ? { vendorAnswer: failure.vendorAnswer } : {}), cause: error });
    });
  if (!check.ok) throw new Failure('unauthorised', check.message, { code: `${type}_settings_refused`, system: label });
  return { plugin, row, settings, check };
}

/** Fields, scopes of the Recharge token, confirmation, vendor: everything but the writing. */
export async function prepareDestination(shopId: string, type: string, typed: Record<string, unknown>, options: Options = {}): Promise<PreparedDestination> {
  const parsed = await parseDestination(shopId, type, typed, options);
  const connection = await loadConnection(shopId);
  const missing = connection && connection.status !== 'disconnected' ? neededButMissing(connection.scopes, [type]) : [];
  if (missing.length > 0) throw new Failure('unauthorised', scopesMissing(missing), { code: 'recharge_scope_missing', system: 'Recharge' });
  if (!options.confirm) askFirst(parsed);
  return checkAtVendor(parsed);
}

/** Whether storing this would change anything but the date of the check. */
export function differsFromDestination({ plugin, row, settings }: PreparedDestination): boolean {
  return !row || row.status === 'stopped' || !isDeepStrictEqual(storedSettings(plugin, row), settings);
}

/** Writes the row in the caller's transaction, with an entry of who changed what. Unchanged settings only get the new check. */
export async function storeDestination(tx: Prisma.TransactionClient, shopId: string, prepared: PreparedDestination, actor: string): Promise<Destination> {
  const { plugin, row, settings, check } = prepared;
  const checked = { checkedAt: new Date(), checkOk: check.ok, checkMessage: check.message };
  if (row && !differsFromDestination(prepared)) return tx.destination.update({ where: { id: row.id }, data: checked });
  const { type } = plugin.manifest;
  const { plain, secrets } = partSettings(plugin, settings);
  const secretsLast4 = Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, lastFour(secret) ?? '']));
  const data = { settings: plain, secretsSealed: sealSecrets(shopId, secrets), secretsLast4, ...checked };
  const before = row ? entryOf(partSettings(plugin, storedSettings(plugin, row)), row.status) : null;
  const status = row?.status === 'paused' ? 'paused' : 'active';
  await recordChange(tx, { shopId, actor, subject: type, before, after: entryOf({ plain, secrets }, status) });
  if (!row) return tx.destination.create({ data: { shopId: BigInt(shopId), type, ...data } });
  const mended = status === 'active' ? { ...freshBreaker, status, statusReason: null } : {};
  return tx.destination.update({ where: { id: row.id }, data: { ...data, ...mended, version: { increment: 1 } } });
}

function askFirst({ plugin, row, settings }: Omit<PreparedDestination, 'check'>): void {
  const stored = row?.settings as Record<string, unknown> | undefined;
  const faults = Object.entries(stored ? (consequences[plugin.manifest.type] ?? {}) : {})
    .filter(([name]) => stored?.[name] !== settings[name])
    .map(([name, message]) => ({ path: `settings.${name}`, message }));
  if (faults.length > 0) throw new ConfirmationNeeded(faults.map((fault) => fault.message).join(' '), faults);
}

function storedSettings(plugin: Plugin, row: Destination): Record<string, unknown> {
  const empty = Object.fromEntries(Object.entries(plugin.manifest.fields).filter(([, field]) => field.kind === 'secret').map(([name]) => [name, '']));
  return { ...empty, ...(row.settings as Record<string, unknown>), ...secretsOf(row) };
}

function entryOf({ plain, secrets }: { plain: Prisma.InputJsonObject; secrets: Record<string, string> }, status: string): Prisma.InputJsonObject {
  return { status, settings: plain, secrets: Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, printOf(secret)])) };
}
