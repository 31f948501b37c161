/**
 * Shopify's sessions, with access and refresh token sealed before they reach the table. A row that no longer opens
 * (its key was taken away, or it was moved) counts as no session: Shopify hands out a new token at the next visit.
 */
import { Session } from '@shopify/shopify-api';
import type { SessionStorage } from '@shopify/shopify-app-session-storage';
import { PrismaSessionStorage } from '@shopify/shopify-app-session-storage-prisma';
import { db } from '#app/db.server.ts';
import { log } from '#app/log.server.ts';
import { open, seal } from '#app/secrets.server.ts';

type TokenName = 'accessToken' | 'refreshToken';
const tokenNames: readonly TokenName[] = ['accessToken', 'refreshToken'];

export class SealedSessionStorage implements SessionStorage {
  #inner: PrismaSessionStorage<typeof db> | undefined;

  async storeSession(session: Session): Promise<boolean> {
    return this.#use((inner) => inner.storeSession(sealTokens(session)));
  }

  async loadSession(id: string): Promise<Session | undefined> {
    const stored = await this.#use((inner) => inner.loadSession(id));
    return stored && openTokens(stored);
  }

  async deleteSession(id: string): Promise<boolean> {
    return this.#use((inner) => inner.deleteSession(id));
  }

  async deleteSessions(ids: string[]): Promise<boolean> {
    return this.#use((inner) => inner.deleteSessions(ids));
  }

  async findSessionsByShop(shop: string): Promise<Session[]> {
    const stored = await this.#use((inner) => inner.findSessionsByShop(shop));
    return stored.map(openTokens).filter((session) => session !== undefined);
  }

  /** Shopify's class gives up for good when the database is away at its first use; so a failed one is dropped and made again. */
  async #use<Result>(work: (inner: PrismaSessionStorage<typeof db>) => Promise<Result>): Promise<Result> {
    const inner = (this.#inner ??= new PrismaSessionStorage(db, { connectionRetries: 1, connectionRetryIntervalMs: 0 }));
    try {
      return await work(inner);
    } catch (error) {
      if (this.#inner === inner) this.#inner = undefined;
      throw error;
    }
  }
}

function sealTokens(session: Session): Session {
  const sealed = copyOf(session);
  for (const name of tokenNames) {
    const token = session[name];
    if (token) sealed[name] = seal(token, placeOf(session, name)).toString('base64');
  }
  return sealed;
}

function openTokens(stored: Session): Session | undefined {
  const opened = copyOf(stored);
  try {
    for (const name of tokenNames) {
      const sealed = stored[name];
      if (sealed) opened[name] = open(Buffer.from(sealed, 'base64'), placeOf(stored, name));
    }
  } catch (error) {
    log.warn('A Shopify session does not open and is left out; a new token is asked for', { shop: stored.shop, error });
    return undefined;
  }
  return opened;
}

/** Session's constructor takes everything that it holds, dates included. */
function copyOf(session: Session): Session {
  return new Session({ ...session.toObject() });
}

function placeOf(session: Session, column: TokenName): { shopId: string; table: string; column: string } {
  return { shopId: session.shop, table: 'Session', column };
}
