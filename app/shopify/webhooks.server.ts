/** What each of Shopify's webhooks makes us do, once for each message. */
import type { Prisma } from '@prisma/client';
import { disconnectRecharge } from '#app/connections/recharge.server.ts';
import { findShop, markUninstalled } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { assertNever } from '#app/errors.ts';
import { log } from '#app/log.server.ts';
import { countCustomerRows, eraseCustomer, eraseShop, type ShopifyPerson } from '#app/privacy.server.ts';
import type { ShopifyMessage } from './webhook-request.server.ts';

/** Shopify gives up on an answer after 5 s. */
const answerWithinMs = 4_000;

/**
 * Handles a message that was read. Returns `duplicate` when it was done before. `accepted` means it is written down and either
 * done or being finished after the answer. Throws when it failed: Shopify sends it again, and nothing here minds a second run.
 */
export async function handleShopifyWebhook(message: ShopifyMessage): Promise<'accepted' | 'duplicate'> {
  const { eventId, shopDomain, topic } = message;
  await db.shopifyWebhook.createMany({ data: { eventId, shopDomain, topic }, skipDuplicates: true });
  const row = await db.shopifyWebhook.findUnique({ where: { eventId } });
  if (row?.finishedAt) return 'duplicate';
  const work = perform(message).then(async (report) => {
    await db.shopifyWebhook.update({ where: { eventId }, data: { finishedAt: new Date(), report } });
    log.info('A webhook of Shopify was handled', { shop: shopDomain, topic, report });
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, answerWithinMs, 'late')));
  const first = await Promise.race([work, tooLong]).finally(() => clearTimeout(timer));
  if (first === 'late') work.catch((error: unknown) => log.error('A webhook of Shopify could not be finished', { shop: shopDomain, topic, error }));
  return 'accepted';
}

async function perform({ topic, shopDomain, triggeredAt, body }: ShopifyMessage): Promise<Prisma.InputJsonObject> {
  switch (topic) {
    case 'app/uninstalled':
      return uninstall(shopDomain, triggeredAt ?? new Date());
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
      return shop ? { erased: await eraseCustomer(shop.id.toString(), personOf(body)) } : { ignored: 'unknown shop' };
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
async function uninstall(domain: string, at: Date): Promise<Prisma.InputJsonObject> {
  const row = await db.shop.findUnique({ where: { domain } });
  if (!row) return { ignored: 'unknown shop' };
  const signedInAt = (row.adminMarks as { authenticatedAt?: string } | null)?.authenticatedAt;
  if (signedInAt && new Date(signedInAt) > at) return { ignored: 'the shop signed in after this uninstall' };
  if (row.installedAt > at) return { ignored: 'the shop was installed after this uninstall' };
  const shopId = row.id;
  const stopped = await db.destination.updateMany({ where: { shopId }, data: { status: 'stopped', statusReason: 'The app was uninstalled', secretsSealed: null, secretsLast4: {}, version: { increment: 1 } } });
  const sessions = await db.session.deleteMany({ where: { shop: domain } });
  // Recharge is asked to forget our webhooks while we still hold the token; if it cannot be reached, the token goes all the same.
  await disconnectRecharge(shopId.toString(), 'shopify:app/uninstalled').catch((error: unknown) => log.warn('Recharge could not be told of an uninstall', { shop: domain, error }));
  await db.connection.updateMany({
    where: { shopId },
    data: { status: 'disconnected', apiTokenSealed: null, clientSecretSealed: null, storefrontTokenSealed: null, previousApiTokenSealed: null, previousClientSecretSealed: null, previousSecretUntil: null },
  });
  await markUninstalled(domain, at);
  return { destinationsStopped: stopped.count, sessionsRemoved: sessions.count };
}

function personOf(body: Record<string, unknown>): ShopifyPerson {
  const customer = (typeof body.customer === 'object' && body.customer !== null ? body.customer : {}) as Record<string, unknown>;
  const id = customer.id;
  return {
    shopifyCustomerId: typeof id === 'number' || typeof id === 'string' ? String(id) : null,
    email: typeof customer.email === 'string' && customer.email !== '' ? customer.email : null,
  };
}
