/** A stored destination and how it is opened: settings with secrets become a connected client. The only reader of those secrets. */
import type { Destination, Prisma } from '@prisma/client';
import { db } from '#app/db.server.ts';
import { secretNames, type Connected, type Plugin } from '#app/destinations/contract.ts';
import { knownTypes } from '#app/destinations/manifests.ts';
import { findPlugin } from '#app/destinations/registry.server.ts';
import { env } from '#app/env.server.ts';
import { Failure } from '#app/errors.ts';
import { createHttp } from '#app/http.server.ts';
import { open, seal } from '#app/secrets.server.ts';

type Settings = Record<string, unknown>;

export type OpenedDestination = {
  shopId: string;
  plugin: Plugin;
  /** Complete, secrets included: never to be logged or stored. */
  settings: never;
  connected: Connected<unknown>;
  status: string;
};

/** What the breaker of a destination starts with, again after its key was mended. */
export const freshBreaker = { failuresInRow: 0, refusalsInRow: 0, firstFailureAt: null, openUntil: null, probes: 0 };

type Cached = { version: number; opened: Omit<OpenedDestination, 'status'> };

const mostCached = 1000;
const cache = new Map<string, Cached>();

/** The destination ready for sending, opened once per version of its settings. Throws Failure `rejected` when it was removed. */
export async function openDestination(destinationId: string): Promise<OpenedDestination> {
  const head = await db.destination.findUnique({ where: { id: BigInt(destinationId) }, select: { version: true, status: true } });
  const cached = cache.get(destinationId);
  if (head && cached?.version === head.version) return { ...cached.opened, status: head.status };
  const row = head && (await db.destination.findUnique({ where: { id: BigInt(destinationId) } }));
  if (!row) {
    cache.delete(destinationId);
    throw new Failure('rejected', 'This destination was removed.', { code: 'destination_removed' });
  }
  const settings = { ...(row.settings as Settings), ...secretsOf(row) };
  const opened = { shopId: row.shopId.toString(), plugin: pluginOf(row.type), settings: settings as never, connected: connectTo(row, settings) };
  cache.delete(destinationId);
  cache.set(destinationId, { version: row.version, opened });
  if (cache.size > mostCached) cache.delete(cache.keys().next().value as string);
  return { ...opened, status: row.status };
}

/** The shop's destination with this id. Throws Failure `rejected` when it has none such. */
export async function loadDestination(shopId: string, destinationId: string): Promise<Destination> {
  const id = /^[1-9]\d{0,18}$/.test(destinationId) ? BigInt(destinationId) : null;
  const row = id && (await db.destination.findFirst({ where: { shopId: BigInt(shopId), id } }));
  if (!row) throw new Failure('rejected', `There is no destination ${destinationId}.`, { code: 'destination_unknown' });
  return row;
}

/** The client for these complete settings. The operator's override of a vendor's address may be http and loopback; anything else is public https. */
export function connectTo({ type }: { type: string }, settings: Settings): Connected<unknown> {
  const override = env().vendorApiUrls[type];
  const http = createHttp(override ? { kind: 'operator', origin: override } : { kind: 'public', allowOrigins: env().egressAllowOrigins });
  return pluginOf(type).connect(settings as never, http, override);
}

/** The plugin of a type. Throws Failure `rejected` for a type that this version does not have. */
export function pluginOf(type: string): Plugin {
  const plugin = findPlugin(type);
  if (!plugin) throw new Failure('rejected', `This version of the app cannot send to "${type}". It knows: ${knownTypes()}.`, { code: 'destination_type_unknown' });
  return plugin;
}

/** The secret fields of a row, by name. */
export function secretsOf(row: Destination): Record<string, string> {
  if (!row.secretsSealed) return {};
  return JSON.parse(open(row.secretsSealed, placeOf(row.shopId.toString()))) as Record<string, string>;
}

/** Parts complete settings into what may be read and what is sealed. */
export function partSettings(plugin: Plugin, settings: Settings): { plain: Prisma.InputJsonObject; secrets: Record<string, string> } {
  const secret = new Set(secretNames(plugin.manifest));
  const entries = Object.entries(settings);
  return {
    plain: Object.fromEntries(entries.filter(([name]) => !secret.has(name))) as Prisma.InputJsonObject,
    secrets: Object.fromEntries(entries.filter(([name, value]) => secret.has(name) && value !== '')) as Record<string, string>,
  };
}

export function sealSecrets(shopId: string, secrets: Record<string, string>): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(seal(JSON.stringify(secrets), placeOf(shopId)));
}

function placeOf(shopId: string) {
  return { shopId, table: 'Destination', column: 'secrets' };
}
