// The shapes in which Bloomreach says no; all three have been seen.
import type { SimResponse } from '../kit.ts';
import type { BloomreachSwitches } from './options.ts';

/** Fields that carry an error text, in the shape the switch asks for. */
export function errorFields(text: string, shape: BloomreachSwitches['errorShape']): Record<string, unknown> {
  switch (shape) {
    case 'list':
      return { errors: [text] };
    case 'map':
      return { errors: { _global: [text] } };
    case 'error-string':
      return { error: text };
  }
}

export function refusal(status: number, text: string, switches: BloomreachSwitches, headers?: Record<string, string>): SimResponse {
  return { status, body: { success: false, ...errorFields(text, switches.errorShape) }, ...(headers && { headers }) };
}

/** The form of a refused batch as a whole. */
export function batchRefusal(text: string): SimResponse {
  return { status: 400, body: { success: false, message: text } };
}
