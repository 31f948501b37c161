/** `events`: what came in. */
import { listEvents } from '#app/delivery/queries.server.ts';
import { cursorOption, limitOption, shopOption, text, type CliCommand } from '../command.ts';
import { readLimit, readShop } from '../options.ts';
import { more, table, time } from '../output.ts';

export const eventsCommand: CliCommand = {
  usage: 'events',
  summary: 'what came in for a shop, newest first',
  options: (command) => void command.requiredOption(...shopOption).option('--customer <email|id>', 'of one customer').option(...limitOption).option(...cursorOption),
  async run(_, options) {
    const shop = await readShop(text(options.shop) ?? '');
    const page = await listEvents(shop.shopId, { customer: text(options.customer), limit: readLimit(text(options.limit) ?? '50'), cursor: text(options.cursor) });
    const items = page.items.map(({ eventId, type, rechargeCustomerId, email, occurredAt, receivedAt, origin, state }) => ({
      id: eventId, type, shop: shop.domain, rechargeCustomerId, email, occurredAt, receivedAt, origin, state,
    }));
    const rows = items.map((event) => [event.id, event.type, event.rechargeCustomerId, event.email, time(event.occurredAt), time(event.receivedAt), event.origin, event.state]);
    return { json: { items, next: page.next }, text: table(['id', 'type', 'customer', 'e-mail', 'occurred', 'received', 'origin', 'state'], rows, 'No events.') + more(page.next) };
  },
};
