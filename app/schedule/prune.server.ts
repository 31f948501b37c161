/** Forgets what is kept no longer: raw webhooks, settled deliveries and their events after 30 days, portal visits and runs after 90. */
import { pool } from '#app/db.server.ts';

const batch = 5_000;
const statements = [
  `delete from "InboundWebhook" where id in (select id from "InboundWebhook" where "receivedAt" < now() - interval '30 days' and state <> 'received' limit ${batch})`,
  `delete from "Event" where id in (
     select e.id from "Event" e where e."receivedAt" < now() - interval '30 days'
       and not exists (select 1 from "Delivery" d where d."eventId" = e.id and d.state = 'pending') limit ${batch})`,
  `delete from "PortalVisit" where id in (select id from "PortalVisit" where at < now() - interval '90 days' limit ${batch})`,
  `delete from "ShopifyWebhook" where "eventId" in (select "eventId" from "ShopifyWebhook" where "receivedAt" < now() - interval '30 days' and topic not like '%redact%' limit ${batch})`,
  `delete from "ScheduledRun" where id in (select id from "ScheduledRun" where job in ('reconcile', 'parity') and "startedAt" < now() - interval '90 days' limit ${batch})`,
];

/** Deletes in small batches until nothing old is left; broken off, it goes on next time. Returns how many rows went. */
export async function prune(signal: AbortSignal): Promise<number> {
  let sum = 0;
  for (const statement of statements) {
    for (let deleted = batch; deleted === batch && !signal.aborted; sum += deleted) deleted = (await pool().query(statement)).rowCount ?? 0;
  }
  return sum;
}
