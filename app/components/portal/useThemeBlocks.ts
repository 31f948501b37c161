/** The handles of our theme blocks that stand in a theme now, as App Bridge tells; null while unknown, and where it cannot tell. */
import { useAppBridge } from '@shopify/app-bridge-react';
import { useEffect, useState } from 'react';

/** Only what is read here; other kinds of extension have other shapes, so nothing is taken for granted. */
type Said = { type?: unknown; activations?: { handle?: unknown; status?: unknown; activations?: unknown }[] };

export function useThemeBlocks(): ReadonlySet<string> | null {
  const shopify = useAppBridge();
  const [live, setLive] = useState<ReadonlySet<string> | null>(null);
  useEffect(() => {
    let gone = false;
    // Older App Bridge has no such call, and a failure only leaves the marks away.
    Promise.resolve(shopify.app?.extensions?.())
      .then((extensions: unknown) => {
        if (gone || !Array.isArray(extensions)) return;
        const blocks = (extensions as Said[]).filter(({ type }) => type === 'theme_app_extension').flatMap(({ activations }) => (Array.isArray(activations) ? activations : []));
        const placed = blocks.filter(({ status, activations }) => status === 'active' || (Array.isArray(activations) && activations.length > 0));
        setLive(new Set(placed.map(({ handle }) => String(handle))));
      })
      .catch(() => {});
    return () => {
      gone = true;
    };
  }, [shopify]);
  return live;
}
