// The kit: faults, records and control routes over real HTTP.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Simulator } from '../kit.ts';
import { startSimulator } from '../kit.ts';

describe('simulator kit', () => {
  let sim: Simulator<{ greeting: string; loud: boolean }>;
  let executed = 0;

  beforeEach(async () => {
    executed = 0;
    const switches = { greeting: 'hello', loud: false };
    sim = await startSimulator({
      name: 'sample',
      switches,
      handle: (request) => {
        executed += 1;
        return { status: 200, body: { said: switches.greeting, path: request.path, got: request.json() ?? null } };
      },
      control: (request) => (request.path === '/_sim/own' ? { status: 200, body: { own: true } } : undefined),
    });
  });
  afterEach(() => sim.close());

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(sim.url + path, init);
  const post = (path: string, body: unknown): Promise<Response> => get(path, { method: 'POST', body: JSON.stringify(body) });

  it('answers through the handler and records what came with its outcome', async () => {
    const answer = await post('/things?a=1', { b: 2 });

    expect(await answer.json()).toEqual({ said: 'hello', path: '/things', got: { b: 2 } });
    expect(sim.requests).toMatchObject([{ method: 'POST', path: '/things', query: { a: '1' }, body: '{"b":2}', status: 200, executed: true, fault: null }]);
    expect((await (await get('/_sim/requests?path=^/other')).json()) as object).toMatchObject({ count: 0 });
  });

  it('hits as many requests as the rule says, after as many as it lets through, then no more', async () => {
    await post('/_sim/faults', { match: { method: 'GET', path: '^/x' }, times: 2, after: 1, fault: { kind: 'status', status: 503, body: { error: 'down' } } });

    const statuses = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await get('/x')).status);

    expect(statuses).toEqual([200, 503, 503, 200, 200]);
    expect(executed).toBe(3);
  });

  it('drops the connection before or after carrying out', async () => {
    sim.faults.add({ match: { path: '^/before' }, fault: { kind: 'reset' } });
    sim.faults.add({ match: { path: '^/after' }, fault: { kind: 'executeThenDrop' } });

    await expect(get('/before')).rejects.toThrow();
    expect(executed).toBe(0);
    await expect(get('/after', { method: 'POST', body: '{}' })).rejects.toThrow();
    expect(executed).toBe(1);
  });

  it('cuts, replaces, redirects, drips and never answers', async () => {
    sim.faults.add({ match: { path: '^/cut' }, fault: { kind: 'cut', bytes: 5 } });
    sim.faults.add({ match: { path: '^/short' }, fault: { kind: 'cut', bytes: 5, declare: 'full' } });
    sim.faults.add({ match: { path: '^/body' }, fault: { kind: 'body', body: '<html>' } });
    sim.faults.add({ match: { path: '^/away' }, fault: { kind: 'redirect', location: 'http://127.0.0.1:1/' } });
    sim.faults.add({ match: { path: '^/slow' }, fault: { kind: 'drip', bytesPerSecond: 2000 } });
    sim.faults.add({ match: { path: '^/never' }, fault: { kind: 'hang' } });

    expect(await (await get('/cut')).text()).toBe('{"sai');
    await expect(get('/short').then((answer) => answer.text())).rejects.toThrow();
    expect(await (await get('/body')).text()).toBe('<html>');
    expect((await get('/away', { redirect: 'manual' })).status).toBe(302);
    expect(await (await get('/slow')).json()).toMatchObject({ said: 'hello' });
    await expect(get('/never', { signal: AbortSignal.timeout(50) })).rejects.toThrow();
  });

  it('sends a small body that inflates to the size asked for', async () => {
    sim.faults.add({ fault: { kind: 'gzipBomb', inflatedBytes: 3_000_000 } });

    const answer = await get('/');

    expect((await answer.text()).length).toBe(3_000_002);
  });

  it('changes known switches only, and reset puts the first values back', async () => {
    expect((await get('/_sim/switches', { method: 'PATCH', body: '{"greeting":"hi"}' })).status).toBe(200);
    expect(await (await get('/')).json()).toMatchObject({ said: 'hi' });
    expect((await get('/_sim/switches', { method: 'PATCH', body: '{"greting":"hi"}' })).status).toBe(422);
    expect((await get('/_sim/switches', { method: 'PATCH', body: '{"loud":"yes"}' })).status).toBe(422);

    await post('/_sim/reset', {});

    expect(sim.switches).toEqual({ greeting: 'hello', loud: false });
    expect(sim.requests).toEqual([]);
  });

  it('asks the simulator for its own control routes and says which it does not have', async () => {
    expect(await (await get('/_sim/own')).json()).toEqual({ own: true });
    expect((await get('/_sim/none')).status).toBe(404);
    expect((await post('/_sim/faults', { fault: { kind: 'gremlin' } })).status).toBe(422);
  });

  it('wakes whoever waits for requests, and says how many came when they do not', async () => {
    const waiting = sim.requestLog.waitFor((request) => request.path === '/late', 2);
    await get('/late');
    await get('/late');

    expect(await waiting).toHaveLength(2);
    await expect(sim.requestLog.waitFor(() => true, 5, 20)).rejects.toThrow('saw 2');
  });
});
