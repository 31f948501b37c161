// Cursor paging: every record exactly once, whatever the limit, the order and the filter.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RechargeSimulator } from './simulator.ts';
import { startRechargeSimulator } from './simulator.ts';
import { callerOf } from './testing/bench.ts';
import type { Caller } from './testing/bench.ts';

interface List {
  next_cursor: string | null;
  previous_cursor: string | null;
  customers: { id: number; updated_at: string }[];
}

describe('lists', () => {
  let sim: RechargeSimulator;
  let call: Caller;
  const list = async (query: string): Promise<List> => (await call('GET', `/customers?${query}`)).body as unknown as List;

  beforeAll(async () => {
    sim = await startRechargeSimulator({ timeScale: 0, stores: [{ shop: 'pages.myshopify.com', customers: 83 }], switches: { rateLimit: false } });
    call = callerOf(sim.url);
  });
  afterAll(() => sim.close());

  async function walk(query: string, limit: number): Promise<{ ids: number[]; pages: List[] }> {
    const pages = [await list(`${query}&limit=${limit}`)];
    for (let last = pages[0]; last?.next_cursor != null; last = pages.at(-1)) pages.push(await list(`cursor=${last.next_cursor}&limit=${limit}`));
    return { ids: pages.flatMap((page) => page.customers.map((customer) => customer.id)), pages };
  }

  it('gives every record exactly once under any limit, order and filter', async () => {
    const all = [...sim.store().customers.all()];
    const middle = all.map((row) => row.updated_at).sort()[40] ?? '';
    const sorts = ['id-asc', 'id-desc', 'created_at-asc', 'created_at-desc', 'updated_at-asc', 'updated_at-desc'];

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 250 }), fc.constantFrom(...sorts), fc.boolean(), async (limit, sort, filtered) => {
        const query = `sort_by=${sort}${filtered ? `&updated_at_min=${encodeURIComponent(middle)}` : ''}`;
        const { ids } = await walk(query, limit);
        const wanted = all.filter((row) => !filtered || row.updated_at >= middle).map((row) => row.id);
        expect(new Set(ids)).toEqual(new Set(wanted));
        expect(ids).toHaveLength(wanted.length);
      }),
      { numRuns: 25 },
    );
  });

  it('defaults to 50 a page, newest id first, and ends with a null cursor', async () => {
    const first = await list('');
    const second = await list(`cursor=${first.next_cursor}`);

    expect(first.customers).toHaveLength(50);
    expect(first.previous_cursor).toBeNull();
    expect(first.customers.map((row) => row.id)).toEqual([...first.customers.map((row) => row.id)].sort((a, b) => b - a));
    expect(second.customers).toHaveLength(33);
    expect(second.next_cursor).toBeNull();
  });

  it('leads back over the previous cursor', async () => {
    const { pages } = await walk('sort_by=updated_at-desc', 20);
    const back = await list(`cursor=${pages[2]?.previous_cursor}&limit=20`);

    expect(back.customers.map((row) => row.id)).toEqual(pages[1]?.customers.map((row) => row.id));
    expect(back.next_cursor).not.toBeNull();
  });

  it('has a cursor of URL-safe base64 over the keys that were captured', async () => {
    const { next_cursor: cursor } = await list('limit=1');

    expect(cursor).toMatch(/^[\w-]+$/);
    expect(Object.keys(JSON.parse(Buffer.from(cursor ?? '', 'base64url').toString()) as object)).toEqual(['starting_before_id', 'last_value', 'sort_by', 'cursor_dir']);
  });

  it('refuses filters beside a cursor, nonsense cursors, limits above 250 and unknown orders', async () => {
    const { next_cursor: cursor } = await list('limit=1');

    expect((await call('GET', `/customers?cursor=${cursor}&email=a@example.com`)).status).toBe(422);
    expect((await call('GET', `/customers?cursor=${cursor}&sort_by=id-desc`)).status).toBe(422);
    expect(await call('GET', '/customers?cursor=nonsense')).toMatchObject({ status: 422, body: { errors: { cursor: ['Invalid value'] } } });
    expect((await call('GET', '/customers?limit=251')).status).toBe(422);
    expect((await call('GET', '/customers?sort_by=email-asc')).status).toBe(422);
  });

  it('keeps what is asked: ids, e-mail, customer number, hash and an ignored includes', async () => {
    const [one, two] = [...sim.store().customers.all()];
    if (one === undefined || two === undefined) throw new Error('the store is empty');

    expect((await list(`ids=${one.id},${two.id}`)).customers).toHaveLength(2);
    expect((await list(`email=${encodeURIComponent(one.email)}`)).customers.map((row) => row.id)).toEqual([one.id]);
    expect((await list(`external_customer_id=${two.external_customer_id}`)).customers.map((row) => row.id)).toEqual([two.id]);
    expect((await list(`hash=${one.hash}&includes=addresses`)).customers[0]).not.toHaveProperty('include');
    expect((await list(`hash=${one.hash}&include=addresses`)).customers[0]).toHaveProperty('include.addresses');
  });

  it('pages in 2021-01 by number or by the Link header, without cursors in the body', async () => {
    const old = { 'x-recharge-version': '2021-01' };
    const first = await call('GET', '/customers?limit=40', undefined, old);
    const link = /<https:\/\/[^/]+([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1];
    const byLink = await call('GET', link ?? '', undefined, old);
    const byNumber = await call('GET', '/customers?limit=40&page=2', undefined, old);

    expect(Object.keys(first.body)).toEqual(['customers']);
    expect(byLink.body).toEqual(byNumber.body);
    expect((byLink.body as unknown as List).customers).toHaveLength(40);
    expect((await call('GET', '/customers?page=101')).status).toBe(422);
  });
});
