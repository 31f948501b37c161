/**
 * Judges a history by itself, knowing nothing of the app: what was lost, unexpected, repeated, recovered or out of order.
 * The classes are those of Jepsen's queue checker, and one for order.
 */
import type { Entry } from './history.ts';

export type Verdict = {
  sent: number;
  acknowledged: number;
  /** Different events that arrived. */
  delivered: number;
  /** Acknowledged and never arrived. */
  lost: string[];
  /** Arrived without having been sent, or at another shop's destination, or although the destination must never take it. */
  unexpected: string[];
  /** Arrivals beyond the first of the same event. */
  duplicates: number;
  /** Repeats that a receiver could not recognise: another event id or other bytes than the first time. */
  altered: string[];
  /** Arrived though never acknowledged: allowed, the sender would have sent them again. */
  recovered: number;
  /** Arrived after an event that its customer's sender only sent once this one was acknowledged. */
  inverted: { event: string; after: string }[];
  /** Repeats that the destination itself caused by losing its answer. */
  answersLost: number;
};

type Sent = { shop: string; customer: string; poison: boolean; line: number };
type Arrival = { eventId: string; digest: string };

export function check(entries: readonly Entry[]): Verdict {
  const sent = new Map<string, Sent>();
  const acknowledgedAt = new Map<string, number>();
  const arrivals = new Map<string, Arrival>();
  const newestOf = new Map<string, { event: string; line: number }>();
  const verdict: Verdict = { sent: 0, acknowledged: 0, delivered: 0, lost: [], unexpected: [], duplicates: 0, altered: [], recovered: 0, inverted: [], answersLost: 0 };
  // A repeat may be lost on the way back again and again; each event is told of once.
  const told = { unexpected: new Set<string>(), altered: new Set<string>(), inverted: new Set<string>() };

  for (const [line, entry] of entries.entries()) {
    if (entry.kind === 'sent') {
      if (!sent.has(entry.event)) sent.set(entry.event, { shop: entry.shop, customer: entry.customer, poison: entry.poison !== undefined, line });
    } else if (entry.kind === 'answered') {
      if (entry.status === 200 && !acknowledgedAt.has(entry.event)) acknowledgedAt.set(entry.event, line);
    } else if (entry.kind === 'answer-lost') {
      verdict.answersLost++;
    } else if (entry.kind === 'arrived') {
      const origin = sent.get(entry.event);
      if (!origin || origin.shop !== entry.shop || origin.poison) {
        told.unexpected.add(entry.event);
        continue;
      }
      const first = arrivals.get(entry.event);
      if (first) verdict.duplicates++;
      else arrivals.set(entry.event, { eventId: entry.eventId, digest: entry.digest });
      if (first && (first.eventId !== entry.eventId || first.digest !== entry.digest)) told.altered.add(entry.event);

      const lane = `${origin.shop} ${origin.customer}`;
      const newest = newestOf.get(lane);
      const acknowledged = acknowledgedAt.get(entry.event);
      if (newest && newest.line > origin.line && acknowledged !== undefined && acknowledged < newest.line && !told.inverted.has(entry.event)) {
        told.inverted.add(entry.event);
        verdict.inverted.push({ event: entry.event, after: newest.event });
      }
      if (!newest || origin.line > newest.line) newestOf.set(lane, { event: entry.event, line: origin.line });
    }
  }

  verdict.sent = sent.size;
  verdict.acknowledged = acknowledgedAt.size;
  verdict.delivered = arrivals.size;
  verdict.unexpected = [...told.unexpected];
  verdict.altered = [...told.altered];
  for (const event of acknowledgedAt.keys()) if (!arrivals.has(event) && sent.get(event)?.poison === false) verdict.lost.push(event);
  for (const event of arrivals.keys()) if (!acknowledgedAt.has(event)) verdict.recovered++;
  return verdict;
}

/** True when a promise was broken that holds in every scenario. */
export function isBroken(verdict: Verdict): boolean {
  return verdict.lost.length + verdict.unexpected.length + verdict.inverted.length + verdict.altered.length > 0;
}
