/** Every request to another system leaves through here: bounded in time and size, guarded at connect, never redirected. */
import type { Http } from './destinations/contract.ts';

export type EgressPolicy =
  /** A vendor's own hosts: https, port 443, public addresses only. A pattern must match the whole host. */
  | { kind: 'vendor'; hosts: readonly RegExp[] }
  /** An address that a merchant typed: https, public addresses only, and whatever origin the operator listed. */
  | { kind: 'public'; allowOrigins: readonly string[] }
  /** Exactly this origin, which the operator set; http and loopback are fine. */
  | { kind: 'operator'; origin: string };

export type HttpLimits = {
  /** Name look-up, TCP and TLS together. */
  connectMs: number;
  headersMs: number;
  totalMs: number;
  /** After inflation. */
  maxBodyBytes: number;
};

export function createHttp(_policy: EgressPolicy, _limits: Partial<HttpLimits> = {}): Http {
  throw new Error('not written yet');
}
