/** The demo's first page: one screen that says what to open and what to press. Plain HTML, works without JavaScript. */
export type DemoLinks = { admin: string; adminGerman: string; storefront: string; bloomreach: string; metrics: string; logFile: string };
export type Happened = { at: Date; label: string; outcome: string };

export const acts = [
  { act: 'new-checkout', label: 'A new shopper subscribes at checkout' },
  { act: 'create-subscription', label: 'Ana adds a subscription' },
  { act: 'renew', label: 'Recharge charges a subscription' },
  { act: 'skip', label: 'A shopper skips the next charge' },
  { act: 'fail-charge', label: 'A card is declined' },
  { act: 'cancel', label: 'A shopper cancels' },
  { act: 'activate', label: 'A cancelled one comes back' },
  { act: 'bloomreach-down', label: 'Bloomreach goes down for 20 seconds' },
  { act: 'delete-webhooks', label: 'Recharge loses our webhook registrations' },
] as const;

export type DemoAct = (typeof acts)[number]['act'];

export function demoPage(links: DemoLinks, happened: readonly Happened[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Rechannel demo</title>
<style>
:root { color-scheme: light dark; --line: #d5d9dd; --soft: #f4f6f7; --accent: #0b6b58 }
@media (prefers-color-scheme: dark) { :root { --line: #3a4147; --soft: #20262a; --accent: #63d2b9 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem }
.cards { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)) }
a.card { display: block; padding: 1rem; border: 1px solid var(--line); border-radius: .75rem; text-decoration: none; color: inherit; background: var(--soft) }
a.card strong { color: var(--accent) } a.card:hover, a.card:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent) }
form { display: inline } .buttons { display: flex; flex-wrap: wrap; gap: .5rem }
button { font: inherit; min-height: 44px; padding: .4rem .9rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--soft); color: inherit; cursor: pointer }
button:hover, button:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent) }
ol { padding-left: 1.2rem } li { margin: .2rem 0 } code { font-size: .9em; overflow-wrap: anywhere } .quiet { opacity: .75 }
</style></head><body>
<h1>Rechannel, running on your machine</h1>
<p>Everything below is simulated on loopback, except Rechannel itself: the same processes as in production, on a real PostgreSQL. The shop is connected, customers are in it and things happen every few seconds.</p>
<h2>1. Look around</h2>
<div class="cards">
${card(links.admin, 'Shopify admin', 'Rechannel inside it: health, Recharge, Bloomreach, every delivery')}
${card(links.adminGerman, 'Shopify-Admin auf Deutsch', 'Dieselben Seiten')}
${card(links.storefront, 'Storefront, My Account', 'Sign in as Ana and press Manage Subscriptions')}
${card(links.bloomreach, 'What Bloomreach received', 'Events and customer properties as they arrived')}
</div>
<h2>2. Make something happen in Recharge</h2>
<div class="buttons">${acts.map(({ act, label }) => `<form method="post" action="/do/${act}"><button>${label}</button></form>`).join('')}</div>
${happened.length === 0 ? '<p class="quiet">What you press is listed here.</p>' : `<ol reversed aria-label="What you pressed">${happened.map(({ at, label, outcome }) => `<li>${at.toISOString().slice(11, 19)}Z ${escapeHtml(label)}: ${escapeHtml(outcome)}</li>`).join('')}</ol>`}
<h2>3. Watch it arrive</h2>
<p>In the admin under <strong>Deliveries</strong> each event stands with every attempt and what Bloomreach answered. Or in a shell: <code>npm run cli -- deliveries --shop acme-usa.myshopify.com</code> with the <code>DATABASE_URL</code> printed in the terminal. <a href="${links.metrics}">Metrics</a>. The app writes its log to <code>${escapeHtml(links.logFile)}</code>.</p>
<p class="quiet">Ctrl-C in the terminal ends everything. The next start begins anew.</p>
</body></html>`;
}

function card(href: string, title: string, text: string): string {
  return `<a class="card" href="${href}" target="_blank" rel="noopener"><strong>${title}</strong><br>${text}</a>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
