/** Every destination that this version can send to. A new one is one line here and one in manifests.ts. */
import { bloomreach } from './bloomreach/plugin.server.ts';
import type { Plugin } from './contract.ts';

export const plugins: readonly Plugin[] = [bloomreach as unknown as Plugin];

/** The plugin of this type; undefined for a type that is not built. */
export function findPlugin(type: string): Plugin | undefined {
  return plugins.find((plugin) => plugin.manifest.type === type);
}
