import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventTypes, objectTypeOf } from './event.ts';
import { sampleEvent } from './samples.ts';

describe('the vocabulary', () => {
  test.each(eventTypes)('%s has a sample of itself that names what it is about', (type) => {
    const event = sampleEvent(type);
    expect(event.type).toBe(type);
    expect(event.key.startsWith(`${type}:${event.objectId}:`)).toBe(true);
    const [facts] = Object.values(event.data) as { id: string }[];
    if (facts) expect(facts.id).toBe(event.objectId);
    expect(Object.keys(event.data)).toEqual(facts ? [objectTypeOf(type)] : []);
  });

  test('every type is explained in docs/events.md, and nothing else is', () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/events.md'), 'utf8');
    const rows = page.split('\n').filter((line) => /^\| `/.test(line)).flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([a-z_.]+)`/g)].map((match) => match[1]));
    expect(rows.sort()).toEqual([...eventTypes].sort());
  });
});
