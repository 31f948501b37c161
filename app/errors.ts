/**
 * Who must act when something fails: the one vocabulary of failure for clients, engine and screens.
 * A vendor's client classifies once, from status and body; everybody else reads `kind`.
 */

export type FailureKind =
  /** Time cures it: timeout before sending, connection, 408, 425, 5xx. */
  | 'transient'
  /** The vendor's clock cures it: 429 or the vendor's own quota answer. */
  | 'throttled'
  /** The merchant cures it: 401, 403, revoked token. */
  | 'unauthorised'
  /** The data or the mapping must change: other 4xx, a refused item. */
  | 'rejected'
  /** The request left and no answer came. */
  | 'unknown_outcome'
  /** We must act: a bug. */
  | 'bug';

export type FailureDetails = {
  /** For us: a stable snake_case word such as `bloomreach_key_refused`. */
  code: string;
  /** The system that refused, in the reader's words: `Recharge`, `Bloomreach`. */
  system?: string;
  /** HTTP status, where one came. */
  status?: number;
  /** What the vendor asked us to wait, in ms. */
  retryAfterMs?: number;
  /** The vendor's own words, already cut and stripped of secrets. */
  vendorAnswer?: string;
  cause?: unknown;
};

/** An error with a message for the merchant: what happened, which field, what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly code: string;
  readonly system: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly vendorAnswer: string | undefined;

  constructor(kind: FailureKind, message: string, details: FailureDetails) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.code = details.code;
    this.system = details.system;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.vendorAnswer = details.vendorAnswer;
  }
}

/** Turns anything thrown into a Failure; what we did not foresee is a bug and keeps its cause. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure('bug', message, { code: 'unexpected', cause: thrown });
}

/** Input that names its faults: each with the path of the field and what it should be. */
export type FieldFault = { path: string; message: string };

/** A whole input was refused and nothing was changed. */
export class InputRefused extends Error {
  override readonly name = 'InputRefused';
  readonly faults: readonly FieldFault[];

  constructor(message: string, faults: readonly FieldFault[]) {
    super(message);
    this.faults = faults;
  }
}

/** Ends an exhaustive switch: the compiler complains when a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
