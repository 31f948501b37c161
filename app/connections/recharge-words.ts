/** What a merchant reads when Recharge refuses: where the token is made and what it needs. */

import { tokenPaths } from '#app/recharge/scopes.ts';

/** Recharge's menu has moved over the years; each of its places is met in guides. */
export const tokenPath = `${tokenPaths[0]} (in older menus: ${tokenPaths.slice(1).join(', or ')})`;

export const connectionHint = `Make an API token in Recharge under ${tokenPath} and enter it with its client secret, which the token's Edit page shows.`;

/** Recharge refused the token itself. `answer` is what it said. */
export function tokenRefused(answer: string): string {
  return `Recharge refused the API token and answered: ${answer}. Copy the token again from Recharge under ${tokenPath}, or make a new one there. If the menu is missing, ask Recharge's support to enable API access for the store.`;
}

/** The token lacks what a destination cannot do without. */
export function scopesMissing(missing: readonly { scope: string; feature: string }[]): string {
  const list = missing.map(({ scope, feature }) => `${scope} (${feature})`).join(', ');
  return `Recharge accepts the API token, but it lacks: ${list}. Open the token in Recharge under ${tokenPath}, give it ${permissionsOf(missing)}, and try again.`;
}

/** `read access to Orders and Customers`, as Recharge's form names them. */
function permissionsOf(missing: readonly { scope: string }[]): string {
  const wanted = [...new Set(missing.map(({ scope }) => scope))].map((scope) => {
    const [access, ...rest] = scope.split('_');
    const resource = rest.join(' ');
    return access === 'read' || access === 'write' ? `${access} access to ${resource.charAt(0).toUpperCase()}${resource.slice(1)}` : scope;
  });
  return wanted.join(', ');
}
