/**
 * How single values of Recharge's bodies are read: what does not fit its field is treated as not said (null) and never stops
 * the rest of the body. Source: contract of Recharge 3.5 and section 9.
 */
import { z } from 'zod';
import { calendarDayOf, isoUtc, parseInstant, type CalendarDay } from '../time.ts';

export type Raw = Record<string, unknown>;

export function isRecord(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property; inherited ones do not count as said. */
export function own(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Decimal text of a number, text or bigint; a number that has already lost digits is no id. */
export function idText(value: unknown): string | null {
  const text = typeof value === 'number' ? (Number.isSafeInteger(value) ? String(value) : '') : typeof value === 'bigint' ? String(value) : typeof value === 'string' ? value.trim() : '';
  return /^\d{1,20}$/.test(text) ? text : null;
}

/** Text as it came, without what a database refuses in text (NUL, half surrogate pairs). */
export function plainText(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.replaceAll('\u0000', '').toWellFormed() : null;
}

/** Shopify's id inside `{ ecommerce: "…" }`, or flat as in 2021-01. */
function externalText(value: unknown): string | null {
  const inner = isRecord(value) ? own(value, 'ecommerce') : value;
  return plainText(inner)?.trim() || null;
}

function decimalText(value: unknown): string | null {
  const text = plainText(value)?.trim() ?? '';
  return /^-?\d+(\.\d+)?$/.test(text) ? text : null;
}

function wholeNumber(value: unknown): number | null {
  const number = typeof value === 'number' ? value : typeof value === 'string' && /^-?\d{1,15}$/.test(value.trim()) ? Number(value) : NaN;
  return Number.isSafeInteger(number) ? number : null;
}

function truth(value: unknown): boolean | null {
  if (value === true || value === 1 || value === '1' || value === 'true') return true;
  if (value === false || value === 0 || value === '0' || value === 'false') return false;
  return null;
}

/** A year that databases and destinations can hold. */
const plausibleYear = /^(19|20|21)\d\d-/;

/** ISO 8601 with Z; a text without offset is read as UTC (2021-01's Eastern times get their offset in former-spelling.ts). */
export function instantText(value: unknown): string | null {
  if (typeof value !== 'string' || !plausibleYear.test(value)) return null;
  const instant = parseInstant(value);
  return instant ? isoUtc(instant) : null;
}

const reads = <T>(read: (value: unknown) => T) => z.unknown().optional().transform(read);

export const id = reads(idText);
export const text = reads(plainText);
/** Text whose emptiness means nothing was said: an e-mail, a status. */
export const word = reads((value) => plainText(value)?.trim() || null);
export const external = reads(externalText);
export const money = reads(decimalText);
export const whole = reads(wholeNumber);
export const flag = reads(truth);
export const day = reads((value): CalendarDay | null => (typeof value === 'string' && plausibleYear.test(value) ? calendarDayOf(value) : null));
export const instant = reads(instantText);
export const list = reads((value): Raw[] => (Array.isArray(value) ? value.filter(isRecord) : []));

/** The sum of decimal texts with as many decimals as the longest; null when one of them is no money. */
export function sumOfMoney(amounts: readonly unknown[]): string | null {
  const texts = amounts.map(decimalText);
  if (texts.some((amount) => amount === null)) return null;
  const decimals = Math.max(2, ...texts.map((amount) => amount?.split('.')[1]?.length ?? 0));
  const sum = texts.reduce((total, amount) => {
    const [whole = '0', fraction = ''] = (amount ?? '0').split('.');
    return total + BigInt(whole + fraction.padEnd(decimals, '0'));
  }, 0n);
  const digits = (sum < 0n ? -sum : sum).toString().padStart(decimals + 1, '0');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
