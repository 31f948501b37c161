/** The scheduled jobs by name, each runnable now: what the shell's `run-job` does. */
import { InputRefused } from '#app/errors.ts';
import { isCalendarDay } from '#app/time.ts';
import { onceForSlot } from './ledger.server.ts';
import { parity } from './parity.server.ts';
import { prune } from './prune.server.ts';
import { reconcile } from './reconcile.server.ts';
import { checkWebhooks } from './webhook-check.server.ts';

/** `accepted` is what the run told or found; the rest depends on the job. */
export type JobReport = { accepted: number } & Record<string, unknown>;

type Run = (shopId: string, slot: string | undefined, signal: AbortSignal) => Promise<JobReport>;

/** A person waits at most so long for a run of the same job that is under way. */
const waitMs = 60_000;

const jobs = {
  'webhook-check': (shopId, _, signal) => checkWebhooks(shopId, signal, waitMs),
  reconcile: (shopId, slot, signal) => slotted(reconcile(shopId, slot ?? byHand(), { signal, waitMs })),
  parity: (shopId, slot, signal) => (slot ? slotted(onceForSlot(shopId, 'parity', slot, () => parity(shopId, signal), waitMs)) : parity(shopId, signal)),
  prune: async (_, __, signal) => ({ accepted: await prune(signal) }),
} as const satisfies Record<string, Run>;

export type RunnableJob = keyof typeof jobs;

export const runnableJobs = Object.keys(jobs) as RunnableJob[];

/**
 * Runs one job now and waits for it. With a slot (a day, `2026-11-20`) the work is done once: a second run says so and accepts nothing.
 * Without one it is done now, whatever was done today. Throws InputRefused for an unknown name or a slot that is no day, and Failure of Recharge.
 */
export async function runJob(name: string, shopId: string, slot?: string, signal: AbortSignal = new AbortController().signal): Promise<JobReport> {
  if (!isRunnable(name)) throw refused('name', `There is no job "${name}". There are: ${runnableJobs.join(', ')}.`);
  if (slot !== undefined && !isCalendarDay(slot)) throw refused('--slot', 'should be a day such as 2026-11-20');
  return jobs[name](shopId, slot, signal);
}

export function isRunnable(name: string): name is RunnableJob {
  return Object.hasOwn(jobs, name);
}

async function slotted<Report extends { accepted: number }>(run: Promise<{ ran: true; report: Report } | { ran: false; report: Report | null }>): Promise<JobReport> {
  const { ran, report } = await run;
  return ran ? { ran, ...report } : { ran, ...report, accepted: 0 };
}

/** A slot of its own. */
function byHand(): string {
  return `by-hand:${new Date().toISOString()}`;
}

function refused(path: string, message: string): InputRefused {
  return new InputRefused(message, [{ path, message }]);
}
