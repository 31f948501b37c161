/** Makes a shop's connections what the setup file says: everything is checked, at the vendors too, before anything is written. */
import { db } from '#app/db.server.ts';
import { checkAtVendor, differsFromDestination, parseDestination, storeDestination, type PreparedDestination } from '#app/connections/destination-setup.server.ts';
import { listDestinations } from '#app/connections/destinations.server.ts';
import { destinationTypes, loadConnection, neededButMissing, openCredentials, portalScopesMissing, viewOf, type ConnectionView, type TopicFault } from '#app/connections/recharge-record.server.ts';
import { connectionFaults, differsFromStored, prepareRecharge, storeRecharge, type PreparedConnection } from '#app/connections/recharge-setup.server.ts';
import { scopesMissing } from '#app/connections/recharge-words.ts';
import { withShopLock } from '#app/connections/shop-lock.server.ts';
import { ensureShop, findShop, portalFaults, savePortal, type Shop } from '#app/connections/shops.server.ts';
import { settleFormerToken, syncWebhooks } from '#app/connections/webhooks.server.ts';
import { Failure, InputRefused, type FieldFault } from '#app/errors.ts';
import { readDocument, type DocumentParts } from './document.ts';

export type Applied = {
  shop: string;
  recharge: { status: string; connectionKey: string | null; webhookBaseUrl: string | null; missingScopes: string[] };
  destinations: { id: string | null; type: string; status: string; check: { ok: boolean; message: string } }[];
  changed: boolean;
};

/** `warnings` are for a person: topics that Recharge refused, registrations left behind. */
export type ApplyResult = { applied: Applied; warnings: string[] };

type Options = { actor: string; dryRun?: boolean; environment: Record<string, string | undefined> };

type Document = DocumentParts & { shop: string };
type ParsedDestination = Omit<PreparedDestination, 'check'>;
type Checked = { document: Document; shop: Shop | null; connection: PreparedConnection | null; destinations: PreparedDestination[] };

/**
 * Applies the text of a setup file. Throws InputRefused (the file is wrong: each field with its path) or Failure (a vendor refused or
 * could not be asked); nothing was changed then, except with code `webhooks_not_registered`, where the next run finishes.
 * Credentials and destinations that the file leaves out stay as they are. With `dryRun` it says what it would do.
 */
export async function applySetup(text: string, { actor, dryRun = false, environment }: Options): Promise<ApplyResult> {
  const { parts, faults } = readDocument(text, environment);
  const { shop: domain } = parts;
  if (domain === null) throw refused([...faults, ...(await checkFields(parts, null)).faults]);
  return withShopLock(domain, async () => {
    const checked = await check({ ...parts, shop: domain }, faults);
    if (dryRun) return report(checked, await wouldChange(checked), null);
    if (checked.shop && checked.connection) await settleFormerToken(checked.shop.shopId, checked.connection.apiToken);
    const { shopId, changed } = await store(checked, actor);
    const synced = await syncWebhooks(shopId);
    return report(checked, changed || synced.changed, shopId);
  });
}

/** Fields first, all of them; then Recharge, then each destination's vendor. */
async function check(document: Document, shapeFaults: readonly FieldFault[]): Promise<Checked> {
  const shop = await findShop(document.shop);
  const shopId = shop?.shopId ?? null;
  const { faults, parsed } = await checkFields(document, shopId);
  const named = new Set(shapeFaults.map((fault) => fault.path));
  const all = [...shapeFaults, ...faults.filter((fault) => !named.has(fault.path))];
  if (all.length > 0) throw refused(all);
  const types = [...new Set([...(shopId ? await destinationTypes(shopId) : []), ...document.destinations.map((destination) => destination.type)])];
  const connection = document.recharge ? await prepareRecharge(shopId, document.recharge, types) : null;
  if (!document.recharge && shopId) await refuseMissingScopes(shopId, types);
  const destinations: PreparedDestination[] = [];
  for (const one of parsed) destinations.push(await checkAtVendor(one));
  return { document, shop, connection, destinations };
}

/** What is wrong with the contents of each part; asks no vendor. */
async function checkFields({ recharge, portal, destinations }: DocumentParts, shopId: string | null): Promise<{ faults: FieldFault[]; parsed: ParsedDestination[] }> {
  const faults: FieldFault[] = [];
  if (recharge) {
    const row = shopId ? await loadConnection(shopId) : null;
    const stored = row && openCredentials(row);
    const { apiToken, clientSecret, storefrontToken } = recharge;
    faults.push(...connectionFaults({ apiToken: apiToken?.trim() || stored?.apiToken || '', clientSecret: clientSecret?.trim() || stored?.clientSecret || '', storefrontToken: storefrontToken?.trim() || null }));
  }
  const parsed: ParsedDestination[] = [];
  for (const { index, type, settings } of destinations) {
    try {
      parsed.push(await parseDestination(shopId, type, settings, { path: `destinations[${index}].settings` }));
    } catch (error) {
      if (!(error instanceof InputRefused)) throw error;
      faults.push(...error.faults);
    }
  }
  if (portal) faults.push(...portalFaults(portal));
  return { faults, parsed };
}

function refused(faults: readonly FieldFault[]): InputRefused {
  return new InputRefused('The setup file needs a change; nothing was changed.', faults);
}

async function refuseMissingScopes(shopId: string, types: readonly string[]): Promise<void> {
  const row = await loadConnection(shopId);
  const missing = row && row.status !== 'disconnected' ? neededButMissing(row.scopes, types) : [];
  if (missing.length > 0) throw new Failure('unauthorised', scopesMissing(missing), { code: 'recharge_scope_missing', system: 'Recharge' });
}

/** Shop, connection, destinations and portal in one transaction: all of the file or nothing of it. */
async function store({ document, ...checked }: Checked, actor: string): Promise<{ shopId: string; changed: boolean }> {
  return db.$transaction(async (tx) => {
    const { shopId } = await ensureShop(document.shop, tx);
    let changed = checked.shop === null;
    if (checked.connection) changed = (await storeRecharge(tx, shopId, checked.connection, actor)) || changed;
    for (const destination of checked.destinations) {
      changed = differsFromDestination(destination) || changed;
      await storeDestination(tx, shopId, destination, actor);
    }
    if (document.portal) changed = (await savePortal(shopId, document.portal, actor, tx)).changed || changed;
    if (changed) await tx.$executeRaw`select pg_notify('rechannel_work', 'delivery')`;
    return { shopId, changed };
  });
}

async function wouldChange({ document, shop, connection, destinations }: Checked): Promise<boolean> {
  if (!shop) return true;
  const row = await loadConnection(shop.shopId);
  const { mode = shop.portalMode, label = shop.portalLabel } = document.portal ?? {};
  const portalChanges = mode !== shop.portalMode || JSON.stringify(Object.entries(label).sort()) !== JSON.stringify(Object.entries(shop.portalLabel).sort());
  return portalChanges || (connection !== null && differsFromStored(row, connection)) || destinations.some(differsFromDestination);
}

async function report({ document, ...checked }: Checked, changed: boolean, storedShopId: string | null): Promise<ApplyResult> {
  const shopId = storedShopId ?? checked.shop?.shopId ?? null;
  const row = shopId ? await loadConnection(shopId) : null;
  const view = row ? viewOf(row, []) : null;
  const rows = shopId ? await listDestinations(shopId) : [];
  const scopes = checked.connection?.scopes ?? view?.scopes ?? [];
  const applied: Applied = {
    shop: document.shop,
    recharge: {
      status: storedShopId === null && checked.connection ? 'active' : (view?.status ?? 'disconnected'),
      connectionKey: view?.connectionKey ?? null,
      webhookBaseUrl: view?.webhookBaseUrl ?? null,
      missingScopes: [...new Set(document.portal ? portalScopesMissing(scopes).map(({ scope }) => scope) : [])],
    },
    destinations: checked.destinations.map(({ plugin, check }) => {
      const saved = rows.find((candidate) => candidate.type === plugin.manifest.type);
      return { id: saved?.destinationId ?? null, type: plugin.manifest.type, status: saved?.status ?? 'active', check: { ok: check.ok, message: check.message } };
    }),
    changed,
  };
  return { applied, warnings: storedShopId && view ? warningsOf(view.webhooks) : [] };
}

function warningsOf({ failed, leftBehind }: ConnectionView['webhooks']): string[] {
  return [...failed.map(({ topic, message }: TopicFault) => `Recharge did not register ${topic}: ${message}`), ...(leftBehind ? [leftBehind] : [])];
}
