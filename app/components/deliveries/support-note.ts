/** A note for the support of whichever system refused: facts and the raw answer, without a name, an address or a number of a person. */
import type { DeliveryPageData } from './types.ts';

const personal: [RegExp, string][] = [
  [/[\w.+%-]+@[\w-]+(\.[\w-]+)+/g, '[e-mail]'],
  [/\+?\d[\d ()/-]{7,}\d/g, '[number]'],
];

/** In English, because vendors' supports read it. Times in UTC. Ids are ours and the delivery's, never the customer's. */
export function supportNote(delivery: DeliveryPageData['delivery'], destination: string): string {
  const lines = [
    `Rechannel delivery ${delivery.deliveryId} (event ${delivery.eventId})`,
    `Event: ${delivery.eventType}, happened ${new Date(delivery.occurredAt).toISOString()}`,
    `Destination: ${destination}`,
    `State: ${delivery.state}`,
    ...(delivery.reason ? [`Reason: ${delivery.reason}`] : []),
    ...delivery.attempts.map(
      (attempt) =>
        `Attempt ${attempt.number}: ${new Date(attempt.at).toISOString()}, ${attempt.outcome}${attempt.status === null ? '' : `, HTTP ${attempt.status}`}${attempt.vendorAnswer ? `, answer: ${attempt.vendorAnswer}` : ''}`,
    ),
  ];
  return lines.map((line, index) => (index === 0 ? line : personal.reduce((text, [pattern, mark]) => text.replace(pattern, (found) => (isTime(found) ? found : mark)), line))).join('\n');
}

/** An ISO instant looks like a number of somebody's. */
function isTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}/.test(text);
}
