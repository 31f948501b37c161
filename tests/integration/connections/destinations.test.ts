import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  checkDestination, ConfirmationNeeded, findDestination, listDestinations, openDestination, pauseDestination, removeDestination, resumeDestination, saveDestination,
} from '#app/connections/destinations.server.ts';
import { ensureShop } from '#app/connections/shops.server.ts';
import { db } from '#app/db.server.ts';
import { bloomreachSettings, openStage, type Stage } from './stage.ts';

let stage: Stage;
let shopId: string;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(async () => {
  stage.bloomreach.faults.clear();
  await db.settingChange.deleteMany();
  await db.shop.deleteMany();
  shopId = (await ensureShop('acme-usa')).shopId;
});

const save = (settings: Record<string, unknown> = {}, options = {}) => saveDestination(shopId, 'bloomreach', { ...bloomreachSettings, ...settings }, 'test', options);

describe('saving a destination', () => {
  it('BR-19 asks the vendor first, then keeps settings and seals the secret', async () => {
    const { changed, view, check } = await save();

    expect(changed).toBe(true);
    expect(check.ok).toBe(true);
    expect(view).toMatchObject({ type: 'bloomreach', label: 'Bloomreach Engagement', status: 'active', secretsLast4: { apiSecret: 'cret' }, check: { ok: true } });
    expect(view.settings).toMatchObject({ customerId: 'email', emailIdName: 'registered', linkBoth: false, importActiveProperty: true, extendedEvents: [] });
    expect(view.settings).not.toHaveProperty('apiSecret');
    const row = await db.destination.findFirstOrThrow();
    expect(Buffer.from(row.secretsSealed ?? []).toString('latin1')).not.toContain('demo-key-secret');
    expect(JSON.stringify(await db.settingChange.findMany(), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('demo-key-secret');
  });

  it('changes nothing when the values are the same, and keeps an absent secret', async () => {
    await save();

    expect((await save()).changed).toBe(false);
    expect((await save({ apiSecret: undefined })).changed).toBe(false);
    expect((await save({ apiSecret: '' })).changed).toBe(false);
    expect((await db.destination.findFirstOrThrow()).version).toBe(1);
    expect(await db.settingChange.count()).toBe(1);
  });

  it('saves nothing when the vendor refuses the key, and passes on its words', async () => {
    await save();
    const before = await db.destination.findFirstOrThrow();

    const refused = save({ apiSecret: 'a-wrong-secret' });

    await expect(refused).rejects.toMatchObject({ kind: 'unauthorised', system: 'Bloomreach Engagement' });
    await expect(refused).rejects.toThrow(/Bloomreach refused the key \(403\).*Invalid API secret.*Check key ID/);
    await expect(refused).rejects.not.toThrow(/a-wrong-secret/);
    expect(await db.destination.findFirstOrThrow()).toEqual(before);
  });

  it('names every wrong field before the vendor is asked', async () => {
    const before = stage.bloomreach.requests.length;

    await expect(save({ projectToken: '?', customerId: 'phone', colour: 'red' })).rejects.toMatchObject({
      name: 'InputRefused',
      faults: expect.arrayContaining([
        expect.objectContaining({ path: 'settings.projectToken' }),
        expect.objectContaining({ path: 'settings.customerId' }),
        expect.objectContaining({ path: 'settings.colour' }),
      ]),
    });
    expect(stage.bloomreach.requests.length).toBe(before);
  });

  it('refuses a type that is not built, naming those that are', async () => {
    await expect(saveDestination(shopId, 'fax', {}, 'test')).rejects.toMatchObject({ faults: [{ path: 'type', message: expect.stringContaining('bloomreach') }] });
  });

  it('BR-17 wants a yes before the customer ID of a working destination changes, and says what follows', async () => {
    await save();

    const asked = save({ customerId: 'recharge_id' });
    await expect(asked).rejects.toBeInstanceOf(ConfirmationNeeded);
    await expect(asked).rejects.toThrow(/new profiles/);
    expect((await findDestination(shopId, 'bloomreach'))?.settings.customerId).toBe('email');

    expect((await save({ customerId: 'recharge_id' }, { confirm: true })).view.settings.customerId).toBe('recharge_id');
  });

  it('BR-12 refuses a destination for which the connected token lacks a scope', async () => {
    await db.connection.create({ data: { shopId: BigInt(shopId), connectionKey: 'a-key-of-some-connection', scopes: ['read_customers', 'read_subscriptions'] } });

    await expect(save()).rejects.toMatchObject({ system: 'Recharge', code: 'recharge_scope_missing', message: expect.stringContaining('read_orders') });
    expect(await listDestinations(shopId)).toEqual([]);
  });

  it('lets a stopped destination go on once its key is mended, and keeps a paused one paused', async () => {
    const { view } = await save();
    await db.destination.updateMany({ data: { status: 'stopped', statusReason: 'Key refused', refusalsInRow: 3, openUntil: new Date(Date.now() + 60_000) } });

    expect((await save()).view).toMatchObject({ status: 'active', statusReason: null });
    expect(await db.destination.findFirstOrThrow()).toMatchObject({ refusalsInRow: 0, openUntil: null });

    await pauseDestination(shopId, view.destinationId, 'test');
    expect((await save({ importActiveProperty: false })).view.status).toBe('paused');
  });
});

describe('a saved destination', () => {
  it('is opened with its secrets, from memory until its settings change', async () => {
    const { view } = await save();
    const first = await openDestination(view.destinationId);
    const second = await openDestination(view.destinationId);
    await save({ importActiveProperty: false });
    const third = await openDestination(view.destinationId);

    expect(first.settings).toMatchObject({ apiSecret: 'demo-key-secret', importActiveProperty: true });
    expect(second.connected).toBe(first.connected);
    expect(third.connected).not.toBe(first.connected);
    expect(third.settings).toMatchObject({ apiSecret: 'demo-key-secret', importActiveProperty: false });
    expect(await first.connected.check()).toMatchObject({ ok: true });
  });

  it('is held and let go by a person, with a record of it', async () => {
    const { view } = await save();

    expect(await pauseDestination(shopId, view.destinationId, 'test')).toMatchObject({ changed: true, view: { status: 'paused' } });
    expect(await pauseDestination(shopId, view.destinationId, 'test')).toMatchObject({ changed: false });
    expect((await openDestination(view.destinationId)).status).toBe('paused');
    expect(await resumeDestination(shopId, view.destinationId, 'test')).toMatchObject({ changed: true, view: { status: 'active', statusReason: null } });
    expect(await db.settingChange.count()).toBe(3);
  });

  it('remembers what a check found, good or bad', async () => {
    const { view } = await save();
    stage.bloomreach.faults.add({ times: 1, fault: { kind: 'status', status: 401, body: { errors: ['unauthorized'], success: false } } });

    expect(await checkDestination(shopId, view.destinationId)).toMatchObject({ ok: false });
    expect((await findDestination(shopId, 'bloomreach'))?.check).toMatchObject({ ok: false, message: expect.stringContaining('401') });
    expect(await checkDestination(shopId, view.destinationId)).toMatchObject({ ok: true });
  });

  it('belongs to its shop: another shop can neither check, pause nor remove it', async () => {
    const { view } = await save();
    const other = (await ensureShop('other-shop')).shopId;

    await expect(checkDestination(other, view.destinationId)).rejects.toMatchObject({ code: 'destination_unknown' });
    await expect(pauseDestination(other, view.destinationId, 'test')).rejects.toMatchObject({ code: 'destination_unknown' });
    await expect(removeDestination(other, view.destinationId, 'test')).rejects.toMatchObject({ code: 'destination_unknown' });
    expect(await listDestinations(other)).toEqual([]);
  });

  it('is gone after it was removed, and opening it says so', async () => {
    const { view } = await save();
    await openDestination(view.destinationId);

    await removeDestination(shopId, view.destinationId, 'test');

    expect(await listDestinations(shopId)).toEqual([]);
    await expect(openDestination(view.destinationId)).rejects.toMatchObject({ kind: 'rejected', code: 'destination_removed' });
  });
});
