// The simulator against its contract: one test a rule.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BloomreachSimulator } from './server.ts';
import { demoProject, startBloomreachSimulator } from './server.ts';

const { token } = demoProject;
const limitedKey = { id: 'limited', secret: 's', eventTypes: ['subscription'], properties: ['recharge_subscription_active'] };
const project = { ...demoProject, keys: [{ id: 'key', secret: 'a:secret' }, limitedKey] };

interface Answer {
  status: number;
  headers: Headers;
  body: { success: boolean; errors?: unknown; error?: string; message?: string; time?: number; results?: { success: boolean; command_id?: string; errors?: unknown; error?: string; time?: number }[] };
}

describe('Bloomreach simulator', () => {
  let sim: BloomreachSimulator;
  let now = 1_763_719_200;

  beforeEach(async () => {
    now = 1_763_719_200;
    sim = await startBloomreachSimulator({ projects: [project], now: () => now, seed: 7 });
  });
  afterEach(() => sim.close());

  async function call(route: string, body?: unknown, over: { auth?: string | null; token?: string; raw?: string } = {}): Promise<Answer> {
    const auth = over.auth === undefined ? 'key:a:secret' : over.auth;
    const response = await fetch(`${sim.url}/track/v2/projects/${over.token ?? token}/${route}`, {
      method: body === undefined && over.raw === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(auth !== null && { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }) },
      ...((body !== undefined || over.raw !== undefined) && { body: over.raw ?? JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
  }

  const event = (over: object = {}): object => ({ customer_ids: { registered: 'ana@example.com' }, event_type: 'subscription', timestamp: 1_763_719_100, properties: { status: 'created' }, ...over });
  const property = (over: object = {}): object => ({ customer_ids: { registered: 'ana@example.com' }, properties: { recharge_subscription_active: true }, ...over });
  const batch = (commands: object[], over = {}): Promise<Answer> => call('batch', { commands }, over);
  const eventCommand = (data: object, id?: string): object => ({ name: 'customers/events', data, ...(id !== undefined && { command_id: id }) });

  describe('access', () => {
    it('answers 401 without a key and with an unknown one', async () => {
      expect(await call('customers', property(), { auth: null })).toMatchObject({ status: 401, body: { success: false, error: 'access key not found' } });
      expect(await call('customers', property(), { auth: 'nobody:x' })).toMatchObject({ status: 401 });
    });

    it('answers 403 to a wrong secret and 404 to an unknown project', async () => {
      expect(await call('customers', property(), { auth: 'key:wrong' })).toMatchObject({ status: 403, body: { success: false } });
      expect(await call('customers', property(), { token: 'no-such-project' })).toMatchObject({ status: 404, body: { success: false } });
      expect(sim.received().customers).toEqual([]);
    });

    it('tells the time, and has no other routes', async () => {
      expect(await call('system/time')).toMatchObject({ status: 200, body: { errors: [], success: true, time: now } });
      expect(await call('nonsense', {})).toMatchObject({ status: 404, body: { success: false } });
      expect((await fetch(`${sim.url}/elsewhere`)).headers.get('content-type')).toBe('application/json');
    });
  });

  describe('single calls', () => {
    it('stores an event with the time it was given, or now', async () => {
      expect(await call('customers/events', event())).toMatchObject({ status: 200, body: { errors: [], success: true } });
      await call('customers/events', event({ timestamp: undefined }));
      await call('customers/events', event({ timestamp: '2025-11-21T10:00:01Z' }));

      expect(sim.received().events.map((each) => each.timestamp)).toEqual([1_763_719_100, now, 1_763_719_201]);
    });

    it('keeps a timestamp in milliseconds as the far future it means, and counts it', async () => {
      await call('customers/events', event({ timestamp: 1_763_719_100_000 }));

      expect(sim.received()).toMatchObject({ events: [{ timestamp: 1_763_719_100_000 }], stats: { millisecondTimestamps: 1 } });
    });

    it('asks for an id, and for one that is not empty', async () => {
      expect((await call('customers', property({ customer_ids: {} }))).body.errors).toEqual(['At least one id should be specified.']);
      for (const value of ['', '  -  ', 'null', 'undefined', null, 17]) {
        expect((await call('customers', property({ customer_ids: { registered: value } }))).body.errors, String(value)).toEqual(['At least one valid id should be specified']);
      }
    });

    it('refuses an event type or a property that the key may not write', async () => {
      const limited = { auth: 'limited:s' };
      expect((await call('customers/events', event({ event_type: 'purchase' }), limited)).body).toMatchObject({ success: false, errors: ['Not authorized to add event of specified type'] });
      expect((await call('customers', property({ properties: { plan: 'gold' } }), limited)).body).toMatchObject({ success: false, errors: ['not authorized to update specified customer properties'] });
      expect((await call('customers', property(), limited)).body.success).toBe(true);
    });

    it('refuses in the status and the shape that the switches say', async () => {
      const refused = (): Promise<Answer> => call('customers', property({ customer_ids: {} }));
      expect((await refused()).status).toBe(200);
      Object.assign(sim.switches, { singleErrorStatus: 400, errorShape: 'map' });
      expect(await refused()).toMatchObject({ status: 400, body: { success: false, errors: { _global: ['At least one id should be specified.'] } } });
      sim.switches.errorShape = 'error-string';
      expect((await refused()).body).toEqual({ success: false, error: 'At least one id should be specified.' });
    });
  });

  describe('properties', () => {
    const stored = (): unknown => sim.received().customers[0]?.properties.recharge_subscription_active;

    it('overwrites only what is older', async () => {
      await call('customers', property({ properties: { recharge_subscription_active: true }, update_timestamp: 200 }));
      await call('customers', property({ properties: { recharge_subscription_active: false }, update_timestamp: 100 }));
      expect(stored()).toBe(true);

      await call('customers', property({ properties: { recharge_subscription_active: false }, update_timestamp: 201 }));
      expect(stored()).toBe(false);
    });

    it('takes now where no update time is given', async () => {
      await call('customers', property());
      expect(sim.received().customers[0]?.updatedAt).toEqual({ recharge_subscription_active: now });
    });

    it('loses new names beyond the limit without a word, and goes on updating known ones', async () => {
      sim.switches.maxProperties = 2;
      await call('customers', property({ properties: { a: 1, b: 2, c: 3 } }));
      now += 1;
      await call('customers', property({ properties: { a: 9 } }));

      expect(sim.received()).toMatchObject({ customers: [{ properties: { a: 9, b: 2 } }], stats: { droppedProperties: 1 } });
    });

    it('refuses a value of 16 KB and a request of 800 KB', async () => {
      expect((await call('customers', property({ properties: { long: 'x'.repeat(16 * 1024) } }))).body.success).toBe(false);
      expect((await call('customers', property({ properties: { pad: 'x'.repeat(801 * 1024) } }))).status).toBe(413);
    });
  });

  describe('customers', () => {
    it('makes one from an event or a property, found by any id', async () => {
      await call('customers/events', event());
      await call('customers', property({ customer_ids: { recharge_id: '77' } }));

      expect(sim.received().customers.map((each) => each.ids)).toEqual([{ registered: ['ana@example.com'] }, { recharge_id: ['77'] }]);
    });

    it('merges two for good when one call names both their hard ids', async () => {
      await call('customers/events', event());
      await call('customers/events', event({ customer_ids: { recharge_id: '77' } }));
      await call('customers', property({ customer_ids: { registered: 'ana@example.com', recharge_id: '77' } }));

      expect(sim.received()).toMatchObject({ customers: [{ ids: { registered: ['ana@example.com'], recharge_id: ['77'] }, events: 2 }], stats: { customers: 1, merges: 1 } });
      expect(sim.received().events.map((each) => each.customer)).toEqual([1, 1]);
    });

    it('joins an anonymous profile to the person, and does not mix two persons over one cookie', async () => {
      await call('customers/events', event({ customer_ids: { cookie: ['c1'] } }));
      await call('customers', property({ customer_ids: { registered: 'ana@example.com', cookie: 'c1' } }));
      await call('customers', property({ customer_ids: { registered: 'ben@example.com', cookie: 'c1' } }));

      expect(sim.received().customers.map((each) => each.ids)).toEqual([{ registered: ['ana@example.com'] }, { registered: ['ben@example.com'], cookie: ['c1'] }]);
    });

    it('keeps ids as they come, unless the project normalises them', async () => {
      await call('customers', property({ customer_ids: { registered: ' Ana@Example.com ' } }));
      sim.switches.normaliseIds = true;
      await call('customers', property({ customer_ids: { registered: ' BEN@Example.com ' } }));

      expect(sim.received().customers.map((each) => each.ids.registered)).toEqual([[' Ana@Example.com '], ['ben@example.com']]);
    });
  });

  describe('batch', () => {
    it('answers by position and repeats command_id, whatever the order inside', async () => {
      const commands = Array.from({ length: 20 }, (_, n) => eventCommand(event({ timestamp: n, ...(n === 13 && { customer_ids: {} }) }), `c-${n}`));
      const { status, body } = await batch([...commands, { name: 'system/time' }]);

      expect(status).toBe(200);
      expect(body.success).toBe(true);
      expect(body.results?.map((each) => each.command_id)).toEqual([...Array.from({ length: 20 }, (_, n) => `c-${n}`), undefined]);
      expect(body.results?.map((each) => each.success)).toEqual(Array.from({ length: 21 }, (_, n) => n !== 13));
      expect(body.results?.[13]?.errors).toEqual(['At least one id should be specified.']);
      expect(body.results?.[20]?.time).toBe(now);
    });

    it('carries commands out in an order of its own, the same for the same seed', async () => {
      const commands = Array.from({ length: 20 }, (_, n) => eventCommand(event({ timestamp: n })));
      const arrived = async (): Promise<number[]> => {
        await sim.reset();
        await batch(commands);
        return sim.received().events.map((each) => each.timestamp);
      };
      const first = await arrived();

      expect(first).not.toEqual([...first].sort((a, b) => a - b));
      expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
      expect(await arrived()).toEqual(first);
    });

    it('leaves command_id out when switched so', async () => {
      sim.switches.echoCommandId = false;
      expect((await batch([eventCommand(event(), 'c-1')])).body.results).toEqual([{ success: true }]);
    });

    it('BR-26 takes fifty commands and refuses fifty-one as a whole', async () => {
      const commands = (count: number): object[] => Array.from({ length: count }, (_, n) => eventCommand(event({ timestamp: n })));
      expect(await batch(commands(51))).toMatchObject({ status: 400, body: { success: false, message: expect.any(String) as string } });
      expect(sim.received().events).toEqual([]);
      expect((await batch(commands(50))).body.results).toHaveLength(50);
    });

    it('refuses what is not JSON, and tolerates further keys beside the commands', async () => {
      expect(await call('batch', undefined, { raw: '{"commands":[' })).toMatchObject({ status: 400, body: { success: false, message: 'Invalid JSON' } });
      expect(await call('batch', { commands: [eventCommand(event())], sdk: 'x', sdk_version: '1' })).toMatchObject({ status: 200 });
    });

    it('refuses an item with an unknown name, the others pass', async () => {
      expect((await batch([{ name: 'customers/merge', data: {} }, eventCommand(event())])).body.results?.map((each) => each.success)).toEqual([false, true]);
    });
  });

  describe('sending twice', () => {
    it('stores an identical event once, bills it each time, and takes any difference for another event', async () => {
      await call('customers/events', event({ properties: { a: 1, b: 2 } }));
      await call('customers/events', event({ properties: { b: 2, a: 1 } }));
      await call('customers/events', event({ properties: { a: 1, b: 2, attempt: 2 } }));

      expect(sim.received().stats).toMatchObject({ events: 2, billableEvents: 3, duplicateEvents: 1 });
    });

    it('has one event after an answer that was lost and a second try', async () => {
      sim.faults.add({ match: { path: '/batch$' }, fault: { kind: 'executeThenDrop' } });

      await expect(batch([eventCommand(event())])).rejects.toThrow();
      await batch([eventCommand(event())]);

      expect(sim.received().stats).toMatchObject({ events: 1, billableEvents: 2 });
    });
  });

  describe('limits and faults', () => {
    it('answers 429 over the limit of a minute, stores nothing of it, and says how long to wait when switched so', async () => {
      sim.switches.requestsPerMinute = 2;
      for (const timestamp of [1, 2]) expect((await call('customers/events', event({ timestamp }))).status).toBe(200);
      const refused = await call('customers/events', event({ timestamp: 3 }));
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(sim.received().events).toHaveLength(2);

      sim.switches.retryAfter = false;
      expect((await call('customers/events', event({ timestamp: 3 }))).headers.get('retry-after')).toBeNull();
      now += 60;
      expect((await call('customers/events', event({ timestamp: 3 }))).status).toBe(200);
    });

    it('breaks in the middle of a batch with 500 and half of it stored', async () => {
      sim.switches.failMidBatch = 1;
      const commands = Array.from({ length: 10 }, (_, n) => eventCommand(event({ timestamp: n })));

      expect((await batch(commands)).status).toBe(500);
      expect(sim.received().events).toHaveLength(5);
      expect((await batch(commands)).status).toBe(200);
      expect(sim.received().events).toHaveLength(10);
    });

    it('refuses as many items as it is told, at random places, and stores the others', async () => {
      Object.assign(sim.switches, { itemFailuresPerBatch: 3, itemFailureText: 'no' });
      const { body } = await batch(Array.from({ length: 10 }, (_, n) => eventCommand(event({ timestamp: n }))));

      expect(body.results?.filter((each) => !each.success).map((each) => each.errors)).toEqual([['no'], ['no'], ['no']]);
      expect(sim.received().stats).toMatchObject({ events: 7, refusedCommands: 3 });
    });
  });

  it('shows what it holds to tests and to people, and forgets it on reset', async () => {
    await call('customers/events', event());
    await call('customers/events', event({ customer_ids: { registered: 'ben@example.com' }, event_type: 'subscription_charge', properties: { status: '<b>paid</b>' } }));
    const read = async (path: string): Promise<unknown> => (await fetch(sim.url + path)).json();

    expect(await read('/_sim/events?type=subscription')).toMatchObject({ count: 1, events: [{ type: 'subscription', properties: { status: 'created' } }] });
    expect(await read('/_sim/events?id=ben@example.com')).toMatchObject({ count: 1, events: [{ type: 'subscription_charge' }] });
    expect(await read('/_sim/customers?id=ana@example.com')).toMatchObject({ count: 1, customers: [{ ids: { registered: ['ana@example.com'] }, events: 1 }] });
    expect(await read('/_sim/stats')).toMatchObject({ events: 2, customers: 2, commands: 2 });
    const page = await (await fetch(sim.url)).text();
    expect(page).toContain('ana@example.com');
    expect(page).not.toContain('<b>paid');

    await fetch(`${sim.url}/_sim/reset`, { method: 'POST' });
    expect(await read('/_sim/stats')).toMatchObject({ events: 0, customers: 0, commands: 0 });
  });
});
