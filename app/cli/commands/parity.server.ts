/** `parity`: Recharge's counts beside ours and each destination's, with the differences. */
import { parity, type Difference, type ParityReport } from '#app/schedule/parity.server.ts';
import { shopOption, text, type CliCommand } from '../command.ts';
import { readShop, wrong } from '../options.ts';
import { table } from '../output.ts';

export const parityCommand: CliCommand = {
  usage: 'parity',
  summary: "Recharge's counts beside each destination's, with the differences",
  options: (command) => void command.option(...shopOption),
  async run(_, { shop }) {
    const named = text(shop);
    if (!named) throw wrong('--shop', 'is needed');
    const { shopId } = await readShop(named);
    const report = await parity(shopId);
    return { json: report, text: inWords(report) };
  },
};

function inWords({ accepted, recharge, rechannel, differences, destinations }: ParityReport): string {
  const counts = table(
    ['', 'customers', 'active subscriptions', 'customers with an active one', 'waiting', 'failed', 'never told'],
    [
      ['Recharge', recharge.customers, recharge.activeSubscriptions, recharge.customersWithActiveSubscription, null, null, null],
      ['Rechannel', rechannel.customers, rechannel.activeSubscriptions, rechannel.customersWithActiveSubscription, null, null, null],
      ...destinations.map(({ destination, customers, customersWithActiveSubscription }) => [
        destination, customers?.told ?? null, null, customersWithActiveSubscription, customers?.waiting ?? null, customers?.failed ?? null, customers?.never ?? null,
      ]),
    ],
    '',
  );
  const named = [
    said('Subscriptions active at Recharge and not here', differences.activeOnlyAtRecharge),
    said('Subscriptions active here and not at Recharge', differences.activeOnlyHere),
    ...destinations.map(({ destination, notTold }) => said(`Customers with an active subscription that ${destination} was not told`, notTold)),
  ].filter(Boolean);
  const mend = named.length > 0 ? ['run-job reconcile settles differences between Recharge and Rechannel; a new destination is told everybody by its import.'] : [];
  return [counts, accepted === 0 ? 'Everything agrees.' : `${accepted} differences.`, ...named, ...mend].join('\n');
}

function said(what: string, difference: Difference | null): string {
  if (!difference || difference.count === 0) return '';
  const more = difference.count > difference.ids.length ? ', ...' : '';
  return `${what}: ${difference.count} (${difference.ids.join(', ')}${more})`;
}
