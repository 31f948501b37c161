/** Every destination's manifest, for screens, the setup file and docs. */
import type { Manifest } from './contract.ts';
import { bloomreachManifest } from './bloomreach/manifest.ts';

export const manifests: readonly Manifest[] = [bloomreachManifest];

/** The manifest of this type; undefined for a type that is not built. */
export function findManifest(type: string): Manifest | undefined {
  return manifests.find((manifest) => manifest.type === type);
}

/** `bloomreach, kustomer`: what a person may choose from. */
export function knownTypes(): string {
  return manifests.map((manifest) => manifest.type).join(', ');
}
