/** `pause` and `resume`: hold a destination's deliveries, and let them go in order. */
import { pauseDestination, resumeDestination, shopOfDestination } from '#app/connections/destinations.server.ts';
import { text, type CliCommand } from '../command.ts';
import { wrong } from '../options.ts';

const destinationOption = ['--destination <id>', 'the id of the destination, from status'] as const;

export const pauseCommand: CliCommand = {
  usage: 'pause',
  summary: "holds a destination's deliveries; none is lost",
  options: (command) => void command.requiredOption(...destinationOption),
  run: (_, options) => change(text(options.destination) ?? '', pauseDestination),
};

export const resumeCommand: CliCommand = {
  usage: 'resume',
  summary: 'lets held deliveries go, in order',
  options: (command) => void command.requiredOption(...destinationOption),
  run: (_, options) => change(text(options.destination) ?? '', resumeDestination),
};

async function change(destinationId: string, act: typeof pauseDestination) {
  const shopId = await shopOfDestination(destinationId);
  if (!shopId) throw wrong('--destination', `There is no destination ${destinationId}. Run "status" to see them with their ids.`);
  const { changed, view } = await act(shopId, destinationId, 'cli');
  return { json: { id: view.destinationId, type: view.type, status: view.status, changed }, text: `${view.type} (${view.destinationId}) is ${view.status}${changed ? '' : ' already'}.` };
}
