// Access tokens: who holds one, until when, and the refresh tokens that renew them.
import { randomBytes } from 'node:crypto';

interface AccessToken {
  shop: string;
  scopes: string[];
  /** Milliseconds; undefined for the old kind that never ends. */
  expiresAt?: number;
}

interface RefreshToken {
  shop: string;
  generation: number;
  expiresAt: number;
}

export interface Grant {
  access_token: string;
  scope: string;
  expires_in?: number;
  refresh_token?: string;
  refresh_token_expires_in?: number;
}

export interface TokenLifetimes {
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
}

export class TokenBook {
  readonly #access = new Map<string, AccessToken>();
  readonly #refresh = new Map<string, RefreshToken>();
  /** Per shop: the newest generation made, and the newest one that was used. */
  readonly #generations = new Map<string, { made: number; used: number }>();
  readonly #now: () => number;
  exchanges = 0;
  refreshes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  grant(shop: string, scopes: string[], lifetimes: TokenLifetimes | null): Grant {
    this.exchanges += 1;
    return this.#issue(shop, scopes, lifetimes);
  }

  /** A refresh token stays good until one made after it has been used; undefined when it is unknown, spent or too old. */
  refresh(shop: string, token: unknown, scopes: string[], lifetimes: TokenLifetimes): Grant | undefined {
    const known = typeof token === 'string' ? this.#refresh.get(token) : undefined;
    const generations = this.#generations.get(shop);
    if (!known || !generations || known.shop !== shop || known.expiresAt <= this.#now() || known.generation < generations.used) return undefined;
    generations.used = known.generation;
    this.refreshes += 1;
    return this.#issue(shop, scopes, lifetimes);
  }

  /** The living token of this shop, or undefined. */
  check(shop: string, token: string | undefined): AccessToken | undefined {
    const known = token === undefined ? undefined : this.#access.get(token);
    if (!known || known.shop !== shop || (known.expiresAt !== undefined && known.expiresAt <= this.#now())) return undefined;
    return known;
  }

  /** Ends all access tokens of a shop before their time; refresh tokens stay good. */
  expireAccess(shop: string): void {
    for (const [token, known] of this.#access) if (known.shop === shop) this.#access.delete(token);
  }

  /** What an uninstall does. */
  revoke(shop: string): void {
    this.expireAccess(shop);
    for (const [token, known] of this.#refresh) if (known.shop === shop) this.#refresh.delete(token);
    this.#generations.delete(shop);
  }

  clear(): void {
    this.#access.clear();
    this.#refresh.clear();
    this.#generations.clear();
    this.exchanges = 0;
    this.refreshes = 0;
  }

  #issue(shop: string, scopes: string[], lifetimes: TokenLifetimes | null): Grant {
    const accessToken = `shpat_${randomBytes(16).toString('hex')}`;
    const scope = scopes.join(',');
    if (!lifetimes) {
      this.#access.set(accessToken, { shop, scopes });
      return { access_token: accessToken, scope };
    }
    const { accessTokenSeconds, refreshTokenSeconds } = lifetimes;
    const generations = this.#generations.get(shop) ?? { made: 0, used: 0 };
    generations.made += 1;
    this.#generations.set(shop, generations);
    const refreshToken = `shprt_${randomBytes(16).toString('hex')}`;
    this.#access.set(accessToken, { shop, scopes, expiresAt: this.#now() + accessTokenSeconds * 1000 });
    this.#refresh.set(refreshToken, { shop, generation: generations.made, expiresAt: this.#now() + refreshTokenSeconds * 1000 });
    return { access_token: accessToken, scope, expires_in: accessTokenSeconds, refresh_token: refreshToken, refresh_token_expires_in: refreshTokenSeconds };
  }
}
