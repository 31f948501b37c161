/** `replay`: sends one delivery, or all that match, again. */
import { shopOfDelivery } from '#app/delivery/queries.server.ts';
import { replayDelivery, replayMany } from '#app/delivery/replay.server.ts';
import { canReplay, type DeliveryState } from '#app/delivery/state.ts';
import { shopOption, text, type CliCommand } from '../command.ts';
import { readDestinationType, readShop, readSince, readState, wrong } from '../options.ts';

type Settled = 'dead' | 'delivered' | 'skipped' | 'superseded';

export const replayCommand: CliCommand = {
  usage: 'replay',
  summary: 'sends a delivery, or all of a shop that match, again',
  options: (command) =>
    void command
      .option('--delivery <id>', 'one delivery')
      .option(...shopOption)
      .option('--state <state>', 'with --shop: dead, delivered, skipped or superseded')
      .option('--destination <type>', 'with --shop: to one destination')
      .option('--since <time>', 'with --shop: recorded at that time or later, such as 2026-11-20T10:00:00Z'),
  async run(_, options) {
    const { delivery, shop, state, destination, since } = { delivery: text(options.delivery), shop: text(options.shop), state: text(options.state), destination: text(options.destination), since: text(options.since) };
    if ((delivery === undefined) === (shop === undefined)) throw wrong('--delivery', 'needs an ID; or give --shop with --state instead of it');
    if (delivery !== undefined) return said(await replayOne(delivery));
    if (state === undefined) throw wrong('--state', 'is needed with --shop, such as --state dead');
    const filter = { state: settled(readState(state)), destinationType: destination === undefined ? undefined : readDestinationType(destination), since: since === undefined ? undefined : readSince(since) };
    const { shopId } = await readShop(shop ?? '');
    return said(await replayMany(shopId, filter, 'cli'));
  },
};

async function replayOne(deliveryId: string): Promise<{ accepted: number }> {
  const shopId = await shopOfDelivery(deliveryId);
  if (!shopId) throw wrong('--delivery', `There is no delivery ${deliveryId}.`);
  return replayDelivery(shopId, deliveryId, 'cli');
}

function settled(state: DeliveryState): Settled {
  if (!canReplay(state)) throw wrong('--state', `cannot be ${state}: what still waits is going to be sent anyway`);
  return state as Settled;
}

function said({ accepted }: { accepted: number }) {
  return { json: { accepted }, text: accepted === 1 ? '1 delivery is sent again.' : `${accepted} deliveries are sent again.` };
}
