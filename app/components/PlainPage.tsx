/** A page outside the Shopify admin: plain text, no script needed. */
import type { ReactNode } from 'react';

export function PlainPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main style={{ maxWidth: '36rem', margin: '15vh auto 0', padding: '0 1.5rem', font: '1rem/1.6 system-ui, sans-serif' }}>
      <h1>{title}</h1>
      {children}
    </main>
  );
}
