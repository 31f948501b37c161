/** Reads JSON without losing digits: an integer that a JavaScript number cannot hold arrives as its decimal text. */

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

const keepDigits: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value;

/** Throws SyntaxError for anything but JSON; also for nesting so deep that it cannot be walked. */
export function parseRechargeJson(text: string): unknown {
  // Walking every value costs several times the parsing itself, and most bodies hold no such number.
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1]);
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError('The JSON is nested too deeply') : error;
  }
}
