// Session tokens: the admin's for the embedded app, the customer account's for its extension; both HS256 with the API secret.
import { randomUUID } from 'node:crypto';
import { SignJWT, errors, jwtVerify } from 'jose';
import type { ShopifySetup } from './options.ts';

export type Claims = Record<string, unknown>;

export const staffUser = { id: 548380009, firstName: 'Maria', lastName: 'Merchant', email: 'maria@example.com' };

/** Token of the staff member who looks at the admin. `claims` replace the honest ones; undefined removes one. */
export async function mintSessionToken(shop: string, setup: ShopifySetup, claims: Claims = {}, secret = setup.apiSecret): Promise<string> {
  return mint({ iss: `https://${shop}/admin`, dest: `https://${shop}`, sub: String(staffUser.id), sid: randomUUID(), ...claims }, setup, secret);
}

/** Token of a shopper in (new) customer accounts: bare shop domain, customer as a gid, no `sub` for a guest. */
export async function mintCustomerToken(shop: string, customerId: number | null, setup: ShopifySetup, claims: Claims = {}, secret = setup.apiSecret): Promise<string> {
  return mint({ dest: shop, sub: customerId === null ? undefined : `gid://shopify/Customer/${customerId}`, ...claims }, setup, secret);
}

async function mint(claims: Claims, setup: ShopifySetup, secret: string): Promise<string> {
  const now = Math.floor(setup.now() / 1000);
  const payload = { aud: setup.apiKey, iat: now, nbf: now, exp: now + setup.switches.sessionTokenSeconds, jti: randomUUID(), ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(new TextEncoder().encode(secret));
}

export type TokenCheck = { ok: true; userId: string } | { ok: false; reason: string };

/** What Shopify checks before it exchanges a session token: signature, audience, time, and that it is this shop's. */
export async function checkSessionToken(token: unknown, shop: string, setup: ShopifySetup): Promise<TokenCheck> {
  if (typeof token !== 'string') return { ok: false, reason: 'subject_token is missing' };
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(setup.apiSecret), {
      algorithms: ['HS256'],
      audience: setup.apiKey,
      currentDate: new Date(setup.now()),
      clockTolerance: 10,
      requiredClaims: ['exp', 'nbf', 'dest', 'sub'],
    });
    if (payload.dest !== `https://${shop}` || payload.iss !== `https://${shop}/admin`) return { ok: false, reason: 'the token belongs to another shop' };
    return { ok: true, userId: String(payload.sub) };
  } catch (error) {
    if (error instanceof errors.JOSEError) return { ok: false, reason: error.message };
    throw error;
  }
}
