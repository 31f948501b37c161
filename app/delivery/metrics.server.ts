/** Counters and times of deliveries, for `/metrics`. */
import { counter, histogram } from '#app/metrics.server.ts';

const attempts = () => counter('rechannel_delivery_attempts_total', 'Attempts by destination type and outcome', ['destination', 'outcome']);
const attemptSeconds = () => histogram('rechannel_delivery_attempt_seconds', 'Duration of one request to a destination', [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15], ['destination']);
const endToEndSeconds = () => histogram('rechannel_delivery_end_to_end_seconds', 'From the recorded event to the vendor having it', [0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 3600], ['destination']);

/** Counts one attempt; `endToEndMs` only for what was delivered. */
export function countAttempt(destination: string, outcome: string, durationMs: number, endToEndMs: number | null): void {
  attempts().inc({ destination, outcome });
  if (durationMs > 0) attemptSeconds().observe({ destination }, durationMs / 1000);
  if (endToEndMs !== null) endToEndSeconds().observe({ destination }, endToEndMs / 1000);
}
