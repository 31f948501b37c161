/** Recharge's permissions as a table: each with what needs it and whether the token has it. */
import { manifests } from '#app/destinations/manifests.ts';

export type Permission = {
  scope: string;
  granted: boolean;
  /** `portal`, or the label of a destination. */
  neededBy: { name: string; isDestination: boolean }[];
  /** Somebody uses it now, rather than might. */
  inUse: boolean;
};

/** The portal link needs these two: look the customer up, then open a session for them. */
const portalScopes = ['read_customers', 'write_session'];

/** `connectedTypes` are the destinations that the shop has. */
export function permissionTable(granted: readonly string[], connectedTypes: readonly string[]): Permission[] {
  const scopes = [...new Set([...manifests.flatMap((manifest) => Object.keys(manifest.scopes)), ...portalScopes])];
  return scopes.map((scope) => {
    const destinations = manifests.filter((manifest) => scope in manifest.scopes);
    return {
      scope,
      granted: granted.includes(scope),
      neededBy: [...destinations.map((manifest) => ({ name: manifest.label, isDestination: true })), ...(portalScopes.includes(scope) ? [{ name: 'portal', isDestination: false }] : [])],
      inUse: portalScopes.includes(scope) || destinations.some((manifest) => connectedTypes.includes(manifest.type)),
    };
  });
}
