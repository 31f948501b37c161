/** What each of Shopify's webhooks makes us do, once for each message. */
import type { Prisma } from '@prisma/client';
import { findShop } from '#app/connections/shops.server.ts';
import { removeRegistrations } from '#app/connections/webhooks.server.ts';
import { db } from '#app/db.server.ts';
import { assertNever } from '#app/errors.ts';
import { log } from '#app/log.server.ts';
import { countCustomerRows, eraseCustomer, eraseShop, type CustomerHash, type ShopifyPerson } from '#app/privacy.server.ts';
import type { ShopifyMessage } from './webhook-request.server.ts';

/**
 * Handles a message that was read. Returns `duplicate` when it was done before. Throws when it failed: Shopify sends it again,
 * and nothing here minds a second run. So does work that outlasts the 5 s Shopify waits: the copy that follows finds it done,
 * or does what was left.
 */
export async function handleShopifyWebhook(message: ShopifyMessage, customerHash: CustomerHash): Promise<'done' | 'duplicate'> {
  const { eventId, shopDomain, topic } = message;
  await db.shopifyWebhook.createMany({ data: { eventId, shopDomain, topic }, skipDuplicates: true });
  const row = await db.shopifyWebhook.findUnique({ where: { eventId } });
  if (row?.finishedAt) return 'duplicate';
  const { report, afterwards } = await perform(message, customerHash);
  await db.shopifyWebhook.update({ where: { eventId }, data: { finishedAt: new Date(), report } });
  log.info('A webhook of Shopify was handled', { shop: shopDomain, topic, report });
  afterwards?.().catch((error: unknown) => log.warn('Something after a webhook of Shopify failed', { shop: shopDomain, topic, error }));
  return 'done';
}

type Performed = {
  report: Prisma.InputJsonObject;
  /** Best effort, outside the answer: losing it leaves nothing wrong. */
  afterwards?: () => Promise<void>;
};

async function perform(message: ShopifyMessage, customerHash: CustomerHash): Promise<Performed> {
  const { topic, shopDomain, triggeredAt } = message;
  if (topic === 'app/uninstalled') return uninstall(shopDomain, triggeredAt ?? new Date());
  return { report: await reportOn(topic, shopDomain, message.body, customerHash) };
}

async function reportOn(topic: Exclude<ShopifyMessage['topic'], 'app/uninstalled'>, shopDomain: string, body: Record<string, unknown>, customerHash: CustomerHash): Promise<Prisma.InputJsonObject> {
  switch (topic) {
    case 'app/scopes_update': {
      const scopes = Array.isArray(body.current) ? body.current.filter((scope) => typeof scope === 'string').join(',') : null;
      return scopes === null ? { ignored: 'no list of scopes' } : { sessions: (await db.session.updateMany({ where: { shop: shopDomain }, data: { scope: scopes } })).count };
    }
    case 'customers/data_request': {
      const shop = await findShop(shopDomain);
      return shop ? { held: await countCustomerRows(shop.shopId, personOf(body)) } : { ignored: 'unknown shop' };
    }
    case 'customers/redact': {
      // Also for a shop that has uninstalled: its rows are still here until shop/redact comes.
      const shop = await db.shop.findUnique({ where: { domain: shopDomain }, select: { id: true } });
      return shop ? { erased: await eraseCustomer(shop.id.toString(), personOf(body), customerHash) } : { ignored: 'unknown shop' };
    }
    case 'shop/redact': {
      const erased = await eraseShop(shopDomain);
      return erased ? { erased } : { ignored: 'the shop is installed again' };
    }
    default:
      return assertNever(topic);
  }
}

/**
 * Stops everything of the shop at once and takes away its secrets, unless the message is of an older install: then the
 * shop was installed, or signed in to Shopify, after it.
 */
async function uninstall(domain: string, at: Date): Promise<Performed> {
  const row = await db.shop.findUnique({ where: { domain } });
  if (!row) return { report: { ignored: 'unknown shop' } };
  const signedInAt = (row.adminMarks as { authenticatedAt?: string } | null)?.authenticatedAt;
  if (signedInAt && new Date(signedInAt) > at) return { report: { ignored: 'the shop signed in after this uninstall' } };
  if (row.installedAt > at) return { report: { ignored: 'the shop was installed after this uninstall' } };
  const shopId = row.id;
  const connection = await db.connection.findUnique({ where: { shopId } });
  const [destinations, sessions] = await db.$transaction([
    db.destination.updateMany({ where: { shopId }, data: { status: 'stopped', statusReason: 'The app was uninstalled', secretsSealed: null, secretsLast4: {}, version: { increment: 1 } } }),
    db.session.deleteMany({ where: { shop: domain } }),
    db.connection.updateMany({ where: { shopId }, data: forgotten }),
    db.shop.updateMany({ where: { id: shopId, uninstalledAt: null, installedAt: { lte: at } }, data: { uninstalledAt: at } }),
  ]);
  return {
    report: { destinationsStopped: destinations.count, sessionsRemoved: sessions.count },
    // With the token still in memory Recharge is asked to forget our webhooks, some thirty calls at two a second.
    // If that is cut off, Recharge gives up on them by itself.
    afterwards: async () => {
      const leftBehind = connection && connection.status !== 'disconnected' ? await removeRegistrations(connection) : null;
      if (leftBehind) log.warn('Webhooks stayed behind at Recharge after an uninstall', { shop: domain, reason: leftBehind });
    },
  };
}

const forgotten = {
  status: 'disconnected',
  statusReason: null,
  apiTokenSealed: null,
  apiTokenLast4: null,
  clientSecretSealed: null,
  clientSecretLast4: null,
  storefrontTokenSealed: null,
  previousApiTokenSealed: null,
  previousClientSecretSealed: null,
  previousSecretUntil: null,
  webhooksWanted: 0,
  webhooksPresent: 0,
};

function personOf(body: Record<string, unknown>): ShopifyPerson {
  const customer = (typeof body.customer === 'object' && body.customer !== null ? body.customer : {}) as Record<string, unknown>;
  const id = customer.id;
  return {
    shopifyCustomerId: typeof id === 'number' || typeof id === 'string' ? String(id) : null,
    email: typeof customer.email === 'string' && customer.email !== '' ? customer.email : null,
  };
}
