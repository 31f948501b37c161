/** Failures and refused input as plain values that travel from an action to the browser and are put into words there. */
import { InputRefused, toFailure, type Failure, type FailureKind, type FieldFault } from '#app/errors.ts';

export type PlainFailure = { kind: FailureKind; code: string; message: string; system: string | null; status: number | null; vendorAnswer: string | null };

/** What a form's action answers when something stands in the way. */
export type Refusal = { ok: false; faults: FieldFault[]; failure: PlainFailure | null };

export function plainFailure(failure: Failure): PlainFailure {
  const { kind, code, message, system, status, vendorAnswer } = failure;
  return { kind, code, message, system: system ?? null, status: status ?? null, vendorAnswer: vendorAnswer ?? null };
}

/** Turns what a domain function threw into an answer; a bug is thrown on to the error page and the log. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof InputRefused || (thrown instanceof Error && thrown.name === 'InputRefused')) {
    return { ok: false, faults: [...(thrown as InputRefused).faults], failure: null };
  }
  const failure = toFailure(thrown);
  if (failure.kind === 'bug') throw thrown;
  return { ok: false, faults: [], failure: plainFailure(failure) };
}
