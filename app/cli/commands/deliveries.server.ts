/** `deliveries` and `delivery ID`: what went where, each attempt with the vendor's answer. */
import { attemptsOf, deliveryDetail, listDeliveries, shopOfDelivery, type AttemptRow, type DeliveryRow } from '#app/delivery/queries.server.ts';
import { cursorOption, limitOption, shopOption, text, type CliCommand } from '../command.ts';
import { readDestinationType, readLimit, readShop, readState, wrong } from '../options.ts';
import { lines, more, table, time } from '../output.ts';

export const deliveriesCommand: CliCommand = {
  usage: 'deliveries',
  summary: 'what went where for a shop, newest first',
  options: (command) =>
    void command
      .requiredOption(...shopOption)
      .option('--state <state>', 'pending, sending, delivered, skipped, superseded, held or dead')
      .option('--destination <type>', 'to one destination, such as bloomreach')
      .option(...limitOption)
      .option(...cursorOption),
  async run(_, options) {
    const state = text(options.state);
    const type = text(options.destination);
    const filter = { state: state === undefined ? undefined : readState(state), type: type === undefined ? undefined : readDestinationType(type), limit: readLimit(text(options.limit) ?? '50'), cursor: text(options.cursor) };
    const { shopId } = await readShop(text(options.shop) ?? '');
    const page = await listDeliveries(shopId, filter);
    const attempts = await attemptsOf(shopId, page.items.map((row) => row.deliveryId));
    const items = page.items.map((row) => deliveryJson(row, attempts.get(row.deliveryId) ?? []));
    const rows = page.items.map((row) => [row.deliveryId, row.eventType, row.destination, row.email ?? row.rechargeCustomerId, row.state, row.reason, row.attemptCount, time(row.settledAt ?? row.dueAt)]);
    return { json: { items, next: page.next }, text: table(['id', 'event', 'destination', 'customer', 'state', 'reason', 'attempts', 'settled or due'], rows, 'No deliveries.') + more(page.next) };
  },
};

export const deliveryCommand: CliCommand = {
  usage: 'delivery <id>',
  summary: 'one delivery with each attempt and the vendor\'s answer',
  async run([deliveryId = '']) {
    const shopId = await shopOfDelivery(deliveryId);
    const row = shopId && (await deliveryDetail(shopId, deliveryId));
    if (!row) throw wrong('ID', `There is no delivery ${deliveryId}.`);
    const facts = lines([
      ['delivery', row.deliveryId],
      ['event', `${row.eventType} (${row.eventId}), occurred ${time(row.occurredAt)}`],
      ['customer', row.email ?? row.rechargeCustomerId],
      ['destination', `${row.destination} (${row.destinationId})`],
      ['state', `${row.state}${row.reason ? `: ${row.reason}` : ''}`],
      ['due', row.settledAt ? null : time(row.dueAt)],
    ]);
    const rows = row.attempts.map((attempt) => [attempt.number, time(attempt.at), attempt.outcome, attempt.status, attempt.requestedBy, attempt.vendorAnswer]);
    return { json: deliveryJson(row, row.attempts), text: `${facts}\n${table(['attempt', 'at', 'outcome', 'status', 'asked by', 'answer'], rows, 'No attempt yet.')}` };
  },
};

function deliveryJson(row: DeliveryRow, attempts: readonly AttemptRow[]) {
  return {
    id: row.deliveryId,
    eventId: row.eventId,
    eventType: row.eventType,
    destination: row.destination,
    destinationId: row.destinationId,
    state: row.state,
    reason: row.reason,
    attempts: attempts.map(({ number, at, outcome, status, vendorAnswer, requestedBy }) => ({ number, at, outcome, status, vendorAnswer, requestedBy })),
    dueAt: row.dueAt,
  };
}
