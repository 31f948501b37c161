/** The support note: enough for a vendor's support, nothing about a person. */
import { expect, test } from 'vitest';
import { supportNote } from './support-note.ts';

const at = new Date('2026-11-21T09:15:00Z');
const delivery = {
  deliveryId: '12', eventId: '7', eventType: 'subscription.created', objectId: '471000027', rechargeCustomerId: '98761234', email: 'ana.muster@example.com', destinationId: '1', destination: 'bloomreach',
  state: 'dead' as const, reason: 'Bloomreach refused ana.muster@example.com: call +49 30 1234567', attemptCount: 1, dueAt: at, createdAt: at, settledAt: at, occurredAt: at, origin: 'webhook',
  attempts: [{ number: 1, at, durationMs: 12, outcome: 'rejected', code: 'bloomreach_refused', status: 400, vendorAnswer: '{"errors":["no customer ana.muster@example.com"]}', requestedBy: 'engine' }],
};

test('it names the delivery, the system, the time in UTC, the status and the raw answer', () => {
  const note = supportNote(delivery, 'Bloomreach Engagement');

  expect(note).toContain('Rechannel delivery 12 (event 7)');
  expect(note).toContain('Destination: Bloomreach Engagement');
  expect(note).toContain('Attempt 1: 2026-11-21T09:15:00.000Z, rejected, HTTP 400, answer: {"errors":["no customer [e-mail]"]}');
});

test('it holds no address, no phone number and no customer id', () => {
  const note = supportNote(delivery, 'Bloomreach Engagement');

  expect(note).not.toMatch(/@|example\.com|1234567|98761234/);
});
