/** Reads what a person typed after a command; a wrong value is refused with what it should be. */
import { findShop, type Shop } from '#app/connections/shops.server.ts';
import { deliveryStates, isDeliveryState, type DeliveryState } from '#app/delivery/state.ts';
import { findManifest, knownTypes } from '#app/destinations/manifests.ts';
import { InputRefused } from '#app/errors.ts';
import { parseInstant } from '#app/time.ts';

const mostRows = 500;

/** The installed shop of that name. */
export async function readShop(typed: string): Promise<Shop> {
  const shop = await findShop(typed);
  if (!shop) throw wrong('--shop', `"${typed}" is no shop that this app knows. Run "status" to see them all.`);
  return shop;
}

export function readLimit(typed: string): number {
  const limit = /^\d{1,4}$/.test(typed) ? Number(typed) : 0;
  if (limit < 1 || limit > mostRows) throw wrong('--limit', `should be a whole number from 1 to ${mostRows}`);
  return limit;
}

export function readState(typed: string): DeliveryState {
  if (!isDeliveryState(typed)) throw wrong('--state', `should be one of: ${deliveryStates.join(', ')}`);
  return typed;
}

export function readDestinationType(typed: string): string {
  if (!findManifest(typed)) throw wrong('--destination', `should be one of: ${knownTypes()}`);
  return typed;
}

export function readSince(typed: string): Date {
  const instant = parseInstant(typed);
  if (!instant) throw wrong('--since', 'should be a time such as 2026-11-20T10:00:00Z, or a day such as 2026-11-20');
  return instant;
}

export function wrong(path: string, message: string): InputRefused {
  return new InputRefused(`${path} ${message}`, [{ path, message }]);
}
