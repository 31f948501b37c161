// The page at /: what Bloomreach received, for people watching the demo.
import type { BloomreachSwitches } from './options.ts';
import type { Received, ReceivedCustomer, ReceivedEvent } from './readback.ts';

const newest = 60;

export function receivedPage(received: Received, switches: BloomreachSwitches): string {
  const { stats } = received;
  const figures: [string, number][] = [
    ['customers', stats.customers],
    ['events', stats.events],
    ['billed events', stats.billableEvents],
    ['commands', stats.commands],
    ['refused', stats.refusedCommands],
    ['throttled', stats.throttled],
  ];
  const emails = new Map(received.customers.map((customer) => [`${customer.project} ${customer.customer}`, nameOf(customer)]));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<title>Bloomreach (simulated)</title>
<style>
  :root { font: 15px/1.5 system-ui, sans-serif; color: #1b2540; background: #f4f5fa; }
  body { margin: 0; }
  header { background: #002840; color: #fff; padding: 14px clamp(16px, 4vw, 40px); }
  header h1 { font-size: 1.15rem; margin: 0; }
  header p { margin: 2px 0 0; color: #c9d8e4; font-size: .85rem; }
  main { padding: 20px clamp(16px, 4vw, 40px); display: grid; gap: 20px; }
  .figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 0; }
  .figures div { background: #fff; border-radius: 10px; padding: 10px 18px; min-width: 96px; }
  .figures dt { font-size: .78rem; color: #54607a; }
  .figures dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
  section { background: #fff; border-radius: 10px; padding: 16px 18px; overflow-x: auto; }
  h2 { font-size: 1rem; margin: 0 0 10px; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: 7px 12px 7px 0; border-top: 1px solid #e6e9f2; vertical-align: top; }
  th { font-size: .78rem; color: #54607a; font-weight: 600; border: 0; }
  td time { white-space: nowrap; font-variant-numeric: tabular-nums; }
  .tag { display: inline-block; border-radius: 6px; padding: 0 8px; background: #e5ecff; white-space: nowrap; }
  .yes { background: #d9f5e3; } .no { background: #ffe6dc; }
  code { font-size: .82rem; overflow-wrap: anywhere; color: #3a4560; }
  .none { color: #54607a; }
  summary { cursor: pointer; }
</style>
</head>
<body>
<header><h1>Bloomreach Engagement (simulated)</h1><p>Everything below arrived over the tracking API. This page renews itself.</p></header>
<main>
<dl class="figures">${figures.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>
<section><h2>Events, newest first</h2>${eventTable(received.events.slice(-newest).sort((a, b) => b.timestamp - a.timestamp), emails)}</section>
<section><h2>Customers</h2>${customerTable(received.customers.slice(-newest).reverse())}</section>
<section><details><summary>Switches</summary><pre><code>${escapeHtml(JSON.stringify(switches, null, 2))}</code></pre></details></section>
</main>
</body>
</html>`;
}

function eventTable(events: ReceivedEvent[], names: ReadonlyMap<string, string>): string {
  if (events.length === 0) return '<p class="none">Nothing yet.</p>';
  const rows = events.map((event) => {
    const { status, event_id: _id, ...rest } = event.properties;
    const again = event.duplicates > 0 ? ` <span class="tag no">${event.duplicates} × again</span>` : '';
    return `<tr><td>${timeOf(event.timestamp)}</td><td><span class="tag">${escapeHtml(event.type)}</span>${again}</td><td>${escapeHtml(status === undefined ? '' : String(status))}</td><td>${escapeHtml(names.get(`${event.project} ${event.customer}`) ?? '')}</td><td><code>${escapeHtml(shortJson(rest))}</code></td></tr>`;
  });
  return `<table><thead><tr><th>Time (UTC)</th><th>Event</th><th>Status</th><th>Customer</th><th>Properties</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function customerTable(customers: ReceivedCustomer[]): string {
  if (customers.length === 0) return '<p class="none">Nothing yet.</p>';
  const rows = customers.map((customer) => {
    const { recharge_subscription_active: active, ...rest } = customer.properties;
    const flag = active === undefined ? '' : `<span class="tag ${active === true ? 'yes' : 'no'}">${escapeHtml(String(active))}</span>`;
    return `<tr><td>${escapeHtml(nameOf(customer))}</td><td>${flag}</td><td>${customer.events}</td><td><code>${escapeHtml(shortJson(rest))}</code></td></tr>`;
  });
  return `<table><thead><tr><th>Customer ids</th><th>recharge_subscription_active</th><th>Events</th><th>Other properties</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function nameOf(customer: ReceivedCustomer): string {
  return Object.entries(customer.ids)
    .map(([name, values]) => `${name}: ${values.join(', ')}`)
    .join(' · ');
}

function timeOf(seconds: number): string {
  const ms = seconds * 1000;
  const text = Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : `${seconds} s`;
  return `<time>${escapeHtml(text)}</time>`;
}

function shortJson(value: Record<string, unknown>): string {
  const text = Object.entries(value)
    .map(([name, each]) => `${name}=${typeof each === 'string' ? each : JSON.stringify(each)}`)
    .join('  ');
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
