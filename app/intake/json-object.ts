/** Tells whether bytes are one JSON object in UTF-8 that nests at most so deep. Everything else about its shape is for later. */
import { isUtf8 } from 'node:buffer';

/** The outermost object counts as one level. */
export const deepestNesting = 64;

/** False for bad UTF-8, a byte order mark, no strict JSON, no object at the top, or deeper nesting. Never throws. */
export function isJsonObject(body: Buffer, deepest: number = deepestNesting): boolean {
  if (!isUtf8(body)) return false;
  const text = body.toString('utf8');
  if (brackets(text, deepest) > deepest && nestsDeeperThan(deepest, body)) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Opening brackets anywhere, counted up to just above `enough`: most bodies have too few to nest too deep, and this is ten times as quick. */
function brackets(text: string, enough: number): number {
  let count = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1 && count <= enough; at = text.indexOf(bracket, at + 1)) count++;
  }
  return count;
}

const quote = 0x22;
const backslash = 0x5c;

/** Counts brackets outside strings before anything is parsed, so that no parser has to survive a bomb. */
function nestsDeeperThan(deepest: number, body: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index] as number;
    if (inString) {
      if (byte === backslash) index++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) {
      inString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) return true;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    }
  }
  return false;
}
