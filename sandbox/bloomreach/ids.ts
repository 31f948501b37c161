// Which customer ids of a command count, by Bloomreach's rules.

export type CustomerIds = Record<string, string[]>;
export type IdCheck = { ok: true; ids: CustomerIds } | { ok: false; error: string };

/**
 * Keeps the valid ids of a `customer_ids` object. A value counts only when it holds a letter or a digit and is not the
 * text of an empty value; ids are strings, soft ones may also be lists of strings.
 */
export function checkIds(input: unknown, rules: { normalise: boolean; refuseUnknown: boolean; hardIds: readonly string[] }): IdCheck {
  if (typeof input !== 'object' || input === null || Array.isArray(input) || Object.keys(input).length === 0) return { ok: false, error: 'At least one id should be specified.' };
  const ids: CustomerIds = {};
  for (const [name, given] of Object.entries(input as Record<string, unknown>)) {
    const isHard = rules.hardIds.includes(name);
    if (rules.refuseUnknown && !isHard && name !== 'cookie') return { ok: false, error: `Customer id ${name} is not defined in this project` };
    const values = (Array.isArray(given) && !isHard ? given : [given]).filter(isValidId).map((value) => (rules.normalise ? value.trim().toLowerCase() : value));
    if (values.length > 0) ids[name] = [...new Set(values)];
  }
  return Object.keys(ids).length > 0 ? { ok: true, ids } : { ok: false, error: 'At least one valid id should be specified' };
}

function isValidId(value: unknown): value is string {
  return typeof value === 'string' && /[\p{L}\p{N}]/u.test(value) && !/^\s*(null|undefined|none|nan)\s*$/i.test(value);
}
