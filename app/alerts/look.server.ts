/**
 * One look at everything: what is known is read, judged and written down as notices, in one transaction and one process at a
 * time, so that any number of watchers tell each thing once. Nothing is sent here.
 */
import { hostname } from 'node:os';
import type pg from 'pg';
import { transaction } from '#app/db.server.ts';
import { diskLimits, isNearlyFull, readDisk, type DiskUse } from '#app/disk.server.ts';
import { log, redactText } from '#app/log.server.ts';
import { tellSkewFromMs } from './clock.server.ts';
import type { NoticeDetail } from './notice.ts';
import { knownNotices, openNotice, resolveNotices, subjectKey, tidyNotices } from './notices.server.ts';
import { lastDeadReason, pauseFailing, watchedConnections, watchedDestinations, whatWaits, type WatchedConnection, type WatchedDestination } from './records.server.ts';
import { judgeDestination, judgeStates, type Holding, type Judgement, type KnownNotice, type NoticeKind } from './thresholds.ts';

/** What this machine knows of itself; null where it could not be found out. */
export type Machine = { name: string; disk: DiskUse | null; skewMs: number | null };

const lookLock = 7_273_004;
const reasonLength = 300;

/** Writes down what is new at `now`. */
export async function lookAround(now: Date, machine: Machine): Promise<void> {
  await transaction(
    async (client) => {
      await client.query('select pg_advisory_xact_lock($1)', [lookLock]);
      const known = await knownNotices(client, now);
      const of = (shopId: string | null, subject: string) => known.get(subjectKey(shopId, subject)) ?? [];
      for (const destination of await watchedDestinations(client, now)) {
        const subject = `destination:${destination.destinationId}`;
        await write(client, destination.shopId, subject, judgeDestination(destination, of(destination.shopId, subject), now), now, destinationDetail(client, destination), () => pause(client, destination));
      }
      for (const connection of await watchedConnections(client, now)) {
        await write(client, connection.shopId, 'recharge', judgeConnection(connection, of(connection.shopId, 'recharge'), now), now, async (kind) => connectionDetail(connection, kind));
      }
      const subject = `machine:${machine.name}`;
      await write(client, null, subject, judgeMachine(machine, of(null, subject), now), now, async (kind) => machineDetail(machine, kind));
      await tidyNotices(client, now);
    },
    // Watchers wait for each other's look.
    { lockTimeoutMs: 10_000 },
  );
}

/** How this machine is. What cannot be found out is left open and logged. */
export async function inspectMachine(skewMs: number | null): Promise<Machine> {
  try {
    return { name: hostname(), disk: await readDisk(), skewMs };
  } catch (error) {
    log.warn('The disk could not be looked at', { error });
    return { name: hostname(), disk: null, skewMs };
  }
}

type Describe = (kind: NoticeKind) => Promise<NoticeDetail>;

async function write(client: pg.PoolClient, shopId: string | null, subject: string, judged: Judgement, now: Date, describe: Describe, doPause: () => Promise<boolean> = async () => true): Promise<void> {
  const ended = await resolveNotices(client, judged.resolve, now);
  if (judged.recovered && ended > 0) {
    await openNotice(client, { shopId, subject, kind: 'recovered', since: judged.recovered.since, detail: await describe('recovered'), sent: judged.recovered.sent, over: true }, now);
    log.info('A trouble is over', { shopId, subject });
  }
  for (const { kind, since } of judged.open) {
    const detail = await describe(kind);
    if (kind === 'paused' && !(await doPause())) continue;
    if (await openNotice(client, { shopId, subject, kind, since, detail, sent: true }, now)) log.warn('A notice was opened', { shopId, subject, kind });
  }
}

function destinationDetail(client: pg.PoolClient, { destinationId, shopId, statusReason, newlyDead }: WatchedDestination): Describe {
  return async (kind) => {
    if (kind === 'dead_letters') return { count: newlyDead, ...reasonOf(await lastDeadReason(client, shopId, destinationId)) };
    const { waiting, reason } = await whatWaits(client, destinationId);
    if (kind === 'recovered') return { waiting };
    return { waiting, ...reasonOf(kind === 'key_refused' ? statusReason : reason) };
  };
}

function reasonOf(reason: string | null): { reason?: string } {
  return reason === null ? {} : { reason: redactText(reason).slice(0, reasonLength) };
}

function pause(client: pg.PoolClient, destination: WatchedDestination): Promise<boolean> {
  const since = destination.firstFailureAt?.toISOString().slice(0, 16).replace('T', ' ') ?? '';
  return pauseFailing(client, destination, `Paused by Rechannel: no success since ${since} UTC, for five days. Everything that waits is kept; resume it once the other side works.`);
}

const connectionKinds: NoticeKind[] = ['recharge_refused', 'webhooks_missing'];

function judgeConnection({ status, checked, wanted, present, recovered }: WatchedConnection, known: readonly KnownNotice[], now: Date): Judgement {
  const refused = status === 'unauthorised';
  const missing = status === 'active' && checked && present < wanted;
  const holding: Holding[] = [...(refused ? [{ kind: 'recharge_refused' as const, since: now }] : []), ...(missing ? [{ kind: 'webhooks_missing' as const, since: now }] : [])];
  const mended: Holding[] = recovered && recovered.missing.length > 0 ? [{ kind: 'webhooks_mended', since: new Date(recovered.at) }] : [];
  return judgeStates(holding, connectionKinds, mended, known, now);
}

function connectionDetail({ statusReason, wanted, present, recovered }: WatchedConnection, kind: NoticeKind): NoticeDetail {
  if (kind === 'recharge_refused') return reasonOf(statusReason);
  if (kind === 'webhooks_missing') return { wanted, present };
  if (kind === 'webhooks_mended') return { topics: recovered?.missing ?? [], count: recovered?.accepted ?? 0 };
  return {};
}

const machineKinds = ['disk_filling', 'disk_full', 'clock_skew'] as const satisfies readonly NoticeKind[];
/** A disk around a limit, or a clock around its own, would otherwise be in trouble and well again every hour. */
const slack = { disk: 0.02, clockMs: 1_000 };

function judgeMachine({ disk, skewMs }: Machine, known: readonly KnownNotice[], now: Date): Judgement {
  const wasOpen = (kind: NoticeKind) => known.some((notice) => notice.kind === kind && notice.resolvedAt === null);
  const holds: Record<(typeof machineKinds)[number], (already: boolean) => boolean> = {
    disk_filling: (already) => (disk ? disk.usedPart >= diskLimits.tellFrom - (already ? slack.disk : 0) : already),
    disk_full: (already) => (disk ? isNearlyFull(disk, already ? slack.disk : 0) : already),
    clock_skew: (already) => (skewMs === null ? already : Math.abs(skewMs) >= tellSkewFromMs - (already ? slack.clockMs : 0)),
  };
  return judgeStates(machineKinds.filter((kind) => holds[kind](wasOpen(kind))).map((kind) => ({ kind, since: now })), machineKinds, [], known, now);
}


function machineDetail({ disk, skewMs }: Machine, kind: NoticeKind): NoticeDetail {
  if (kind === 'clock_skew') return { skewSeconds: Math.round(Math.abs(skewMs ?? 0) / 1000) };
  return disk ? { usedPercent: Math.floor(disk.usedPart * 100) } : {};
}
