/** Gauges for /metrics that are read from the database, the disk and the clock when somebody asks: docs/metrics.md. */
import { readDisk } from '#app/disk.server.ts';
import { log } from '#app/log.server.ts';
import { gauge } from '#app/metrics.server.ts';
import { readClock } from './clock.server.ts';
import { readGauges, type Readings } from './readings.server.ts';

/** A database that hangs must not take the other figures with it: Prometheus waits ten seconds for all. */
const limitMs = 3_000;

type Sample = [labels: Record<string, string>, value: number];

/** Registers the gauges in this process; twice is once. A figure that could not be read is absent rather than old. */
export function exposeGauges(): void {
  fromDatabase('rechannel_deliveries_waiting', 'Deliveries that wait to be sent, by destination type', ['destination'], ({ queues }) => queues.map(({ destination, waiting }) => [{ destination }, waiting]));
  fromDatabase('rechannel_deliveries_held', 'Deliveries held by a paused or stopped destination', ['destination'], ({ queues }) => queues.map(({ destination, held }) => [{ destination }, held]));
  fromDatabase('rechannel_deliveries_dead', 'Deliveries given up and kept for replay', ['destination'], ({ queues }) => queues.map(({ destination, dead }) => [{ destination }, dead]));
  fromDatabase('rechannel_oldest_waiting_seconds', 'Age of the oldest delivery that waits at an active destination', ['destination'], ({ queues }) => queues.map(({ destination, oldestWaitingSeconds }) => [{ destination }, oldestWaitingSeconds]));
  fromDatabase('rechannel_shops_late', 'Shops with a delivery that has waited for more than 15 minutes at an active destination', [], ({ lateShops }) => [[{}, lateShops]]);
  fromDatabase('rechannel_inbound_waiting', 'Stored webhooks that are not events yet', [], ({ inbound }) => [[{}, inbound.waiting]]);
  fromDatabase('rechannel_inbound_oldest_seconds', 'Age of the oldest stored webhook that is no event yet', [], ({ inbound }) => [[{}, inbound.oldestSeconds]]);
  fromDatabase('rechannel_destinations', 'Destinations by type and status', ['destination', 'status'], ({ destinations }) => destinations.map(({ destination, status, count }) => [{ destination, status }, count]));
  fromDatabase('rechannel_breakers_open', 'Active destinations that are left alone because they fail', ['destination'], ({ destinations }) => destinations.filter(({ status }) => status === 'active').map(({ destination, breakersOpen }) => [{ destination }, breakersOpen]));
  fromDatabase('rechannel_connections', 'Recharge connections by status', ['status'], ({ connections }) => connections.map(({ status, count }) => [{ status }, count]));
  fromDatabase('rechannel_budget_tokens', 'Fewest tokens in any budget of this kind when last taken from', ['budget'], ({ budgets }) => budgets.map(({ budget, fewestTokens }) => [{ budget }, fewestTokens]));
  fromDatabase('rechannel_budgets_blocked', 'Budgets closed because a vendor asked us to wait', ['budget'], ({ budgets }) => budgets.map(({ budget, blocked }) => [{ budget }, blocked]));
  fromDatabase('rechannel_jobs', 'Background jobs by name and state', ['job', 'state'], ({ jobs }) => jobs.map(({ job, state, count }) => [{ job, state }, count]));
  fromDatabase('rechannel_notices_open', 'Open notices by kind', ['kind'], ({ notices }) => notices.map(({ kind, open }) => [{ kind }, open]));
  fromDatabase('rechannel_notices_unsent', 'Notices that wait to be sent', [], ({ unsentNotices }) => [[{}, unsentNotices]]);
  measured('rechannel_disk_used_ratio', 'Used part of the file system under DATA_DIR', [], async () => [[{}, (await readDisk()).usedPart]]);
  measured('rechannel_clock_skew_seconds', 'This process\'s clock less the database\'s', [], async () => [[{}, (await readClock()).skewMs / 1000]]);
}

function fromDatabase(name: string, help: string, labels: string[], pick: (readings: Readings) => Sample[]): void {
  measured(name, help, labels, async () => pick(await readGauges()));
}

function measured(name: string, help: string, labels: string[], measure: () => Promise<Sample[]>): void {
  gauge<string>(name, help, labels, async function () {
    const samples = await within(measure()).catch((error: unknown): Sample[] => {
      log.debug('A gauge could not be read', { name, error });
      return [];
    });
    this.reset();
    // A gauge without labels stands at 0 after a reset.
    if (samples.length === 0 && labels.length === 0) this.remove();
    for (const [values, value] of samples) this.set(values, value);
  });
}

async function within<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`Not read within ${limitMs / 1000} s`)), limitMs)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
