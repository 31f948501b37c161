/** What a command prints: JSON for machines, tables for people. Times are UTC with Z. */
import Table from 'cli-table3';

export type Printed = {
  /** What `--json` prints. */
  json: unknown;
  /** What a person reads. */
  text: string;
  /** Printed on standard error, with either. */
  warnings?: readonly string[];
  /** When it is not 0: done, but not all of it. */
  exitCode?: number;
};

/** `2026-11-20T10:00:00Z`, with milliseconds only in JSON. */
export function time(instant: Date | null | undefined): string {
  return instant ? instant.toISOString().replace(/\.\d{3}Z$/, 'Z') : '-';
}

/** JSON as every command prints it: instants in ISO 8601, big integers as text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner), 2);
}

/** A table with a head; a line instead when there are no rows. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[], none: string): string {
  if (rows.length === 0) return none;
  const drawn = new Table({ head: [...head], style: { head: [], border: [], compact: true }, wordWrap: true });
  for (const row of rows) drawn.push(row.map((cell) => shown(cell ?? '-')));
  return drawn.toString();
}

/** Names and values, one a line. */
export function lines(pairs: readonly (readonly [string, string | number | null])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${shown(value ?? '-')}`).join('\n');
}

/** Says how to get the next page. */
export function more(next: string | null): string {
  return next ? `\nThere are more: add --cursor ${next}` : '';
}

/** A vendor's words must not drive the terminal. */
function shown(cell: string | number): string {
  return String(cell).replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}
