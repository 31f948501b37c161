// POST /admin/oauth/access_token: a session token for an access token, or a refresh token for the next pair.
import type { SimRequest, SimResponse } from '../kit.ts';
import type { TokenBook } from './access-tokens.ts';
import type { ShopifySetup, ShopifyShop } from './options.ts';
import { checkSessionToken, staffUser } from './session-token.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const tokenKinds = {
  offline: 'urn:shopify:params:oauth:token-type:offline-access-token',
  online: 'urn:shopify:params:oauth:token-type:online-access-token',
};

export async function answerAccessToken(request: SimRequest, shop: ShopifyShop, setup: ShopifySetup, tokens: TokenBook): Promise<SimResponse> {
  const body = readBody(request);
  if (body.client_id !== setup.apiKey || body.client_secret !== setup.apiSecret) return refused(401, 'invalid_client', 'The client credentials are invalid.');
  const { switches, scopes } = setup;
  switch (body.grant_type) {
    case 'refresh_token': {
      const grant = tokens.refresh(shop.domain, body.refresh_token, scopes, switches);
      return grant ? { status: 200, body: grant } : refused(400, 'invalid_grant', 'The refresh token is unknown, spent or expired.');
    }
    case exchangeGrant: {
      const checked = await checkSessionToken(body.subject_token, shop.domain, setup);
      if (!checked.ok) return refused(400, 'invalid_subject_token', checked.reason);
      if (body.subject_token_type !== 'urn:ietf:params:oauth:token-type:id_token') return refused(400, 'invalid_request', 'subject_token_type must be an id_token');
      switch (body.requested_token_type) {
        case tokenKinds.offline:
          return { status: 200, body: tokens.grant(shop.domain, scopes, body.expiring === '1' || body.expiring === 1 ? switches : null) };
        case tokenKinds.online:
          return { status: 200, body: onlineGrant(shop, setup, tokens) };
        default:
          return refused(400, 'invalid_request', 'requested_token_type is unknown');
      }
    }
    default:
      return refused(400, 'unsupported_grant_type', `grant_type ${String(body.grant_type)} is not simulated`);
  }
}

function onlineGrant(shop: ShopifyShop, setup: ShopifySetup, tokens: TokenBook): object {
  const { access_token, scope } = tokens.grant(shop.domain, setup.scopes, setup.switches);
  return {
    access_token,
    scope,
    expires_in: 86_399,
    associated_user_scope: scope,
    associated_user: {
      id: staffUser.id,
      first_name: staffUser.firstName,
      last_name: staffUser.lastName,
      email: staffUser.email,
      account_owner: true,
      locale: 'en',
      collaborator: false,
      email_verified: true,
    },
  };
}

function readBody(request: SimRequest): Record<string, unknown> {
  if (request.headers['content-type']?.includes('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(request.rawBody.toString('utf8')));
  try {
    const body = request.json();
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function refused(status: number, error: string, description: string): SimResponse {
  return { status, body: { error, error_description: description } };
}
