/** The shops that use this app: found by domain, made when first seen, kept when they uninstall. */
import type { Prisma, Shop as ShopRow } from '@prisma/client';
import { db } from '#app/db.server.ts';
import { InputRefused, type FieldFault } from '#app/errors.ts';
import { recordChange } from './setting-changes.server.ts';
import { cleanShopDomain } from './shop-domain.ts';

export type PortalMode = 'token' | 'hash';

export type Shop = {
  shopId: string;
  /** The permanent domain, `acme-usa.myshopify.com`. */
  domain: string;
  timezone: string;
  /** The storefront's own host names. */
  domains: string[];
  portalMode: PortalMode;
  /** Label of the link by language, `{"en": "Manage Subscriptions"}`. */
  portalLabel: Record<string, string>;
};

/** The shop of this domain, in any of the forms that `cleanShopDomain` reads; null when unknown or uninstalled. */
export async function findShop(domain: string): Promise<Shop | null> {
  const cleaned = cleanShopDomain(domain);
  if (!cleaned.ok) return null;
  const row = await db.shop.findFirst({ where: { domain: cleaned.value, uninstalledAt: null } });
  return row && toShop(row);
}

/** The shop of this id; null when unknown or uninstalled. */
export async function findShopById(shopId: string): Promise<Shop | null> {
  const row = await db.shop.findFirst({ where: { id: BigInt(shopId), uninstalledAt: null } });
  return row && toShop(row);
}

/** All shops that have not uninstalled, by domain. */
export async function listShops(): Promise<Shop[]> {
  return (await db.shop.findMany({ where: { uninstalledAt: null }, orderBy: { domain: 'asc' } })).map(toShop);
}

/** Finds the shop or makes it; one that had uninstalled is back, as a new generation. Throws InputRefused for a wrong domain. */
export async function ensureShop(domain: string, tx: Prisma.TransactionClient = db): Promise<Shop> {
  const cleaned = cleanShopDomain(domain);
  if (!cleaned.ok) throw new InputRefused(`The shop ${cleaned.message}.`, [{ path: 'shop', message: cleaned.message }]);
  const known = await tx.shop.findFirst({ where: { domain: cleaned.value, uninstalledAt: null } });
  if (known) return toShop(known);
  await tx.shop.createMany({ data: { domain: cleaned.value }, skipDuplicates: true });
  await tx.shop.updateMany({
    where: { domain: cleaned.value, uninstalledAt: { not: null } },
    data: { uninstalledAt: null, installedAt: new Date(), generation: { increment: 1 } },
  });
  return toShop(await tx.shop.findUniqueOrThrow({ where: { domain: cleaned.value } }));
}

/**
 * Marks the shop as uninstalled at `at`. Returns false, and changes nothing, when the shop is unknown, was uninstalled
 * before, or was installed again since: a late webhook of an older install does not touch a newer one.
 */
export async function markUninstalled(domain: string, at: Date = new Date()): Promise<boolean> {
  const { count } = await db.shop.updateMany({ where: { domain, uninstalledAt: null, installedAt: { lte: at } }, data: { uninstalledAt: at } });
  return count === 1;
}

/** What Shopify says about the shop; absent fields stay as they are. */
export async function saveShopFacts(shopId: string, facts: { name?: string; timezone?: string; domains?: string[] }): Promise<void> {
  await db.shop.update({ where: { id: BigInt(shopId) }, data: facts });
}

export type PortalSettings = { mode?: PortalMode | undefined; label?: Record<string, string> | undefined };

/** Saves how the portal link is made and labelled. Returns whether anything changed. Throws InputRefused for wrong values. */
export async function savePortal(shopId: string, settings: PortalSettings, actor: string, tx: Prisma.TransactionClient = db): Promise<{ changed: boolean }> {
  const faults = portalFaults(settings);
  if (faults.length > 0) throw new InputRefused('The portal settings need a change', faults);
  const before = toShop(await tx.shop.findUniqueOrThrow({ where: { id: BigInt(shopId) } }));
  const after = { mode: settings.mode ?? before.portalMode, label: settings.label ?? before.portalLabel };
  if (after.mode === before.portalMode && sameLabels(after.label, before.portalLabel)) return { changed: false };
  await tx.shop.update({ where: { id: BigInt(shopId) }, data: { portalMode: after.mode, portalLabel: after.label } });
  await recordChange(tx, { shopId, actor, subject: 'portal', before: { mode: before.portalMode, label: before.portalLabel }, after });
  return { changed: true };
}

/** What is wrong with portal settings; empty when nothing is. */
export function portalFaults({ mode, label = {} }: PortalSettings): FieldFault[] {
  const faults: FieldFault[] = [];
  if (mode !== undefined && mode !== 'token' && mode !== 'hash') faults.push({ path: 'portal.mode', message: 'should be token, or hash for older portals' });
  for (const [language, text] of Object.entries(label)) {
    if (!/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language)) faults.push({ path: `portal.label.${language}`, message: 'should be a language such as en, de or pt-BR' });
    if (text.trim() === '' || text.length > 80) faults.push({ path: `portal.label.${language}`, message: 'should be a label of 1 to 80 characters' });
  }
  return faults;
}

function sameLabels(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

export function toShop(row: ShopRow): Shop {
  return {
    shopId: row.id.toString(),
    domain: row.domain,
    timezone: row.timezone,
    domains: row.domains,
    portalMode: row.portalMode === 'hash' ? 'hash' : 'token',
    portalLabel: row.portalLabel as Record<string, string>,
  };
}
