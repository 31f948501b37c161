/** The Remix build: `npx remix vite:build` writes build/client and build/server, which the web process loads. */
import { vitePlugin as remix } from '@remix-run/dev';
import { defineConfig } from 'vite';

declare module '@remix-run/node' {
  interface Future {
    v3_singleFetch: true;
  }
}

export default defineConfig({
  plugins: [
    remix({
      ignoredRouteFiles: ['**/*.test.*'],
      future: { v3_fetcherPersist: true, v3_relativeSplatPath: true, v3_throwAbortReason: true, v3_lazyRouteDiscovery: true, v3_singleFetch: true },
    }),
  ],
  server: { host: '127.0.0.1' },
  build: { assetsInlineLimit: 0, sourcemap: false },
  optimizeDeps: { include: ['@shopify/app-bridge-react', '@shopify/polaris'] },
});
