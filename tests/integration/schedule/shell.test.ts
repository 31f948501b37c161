import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '#tests/integration/cli/shell.ts';
import { startStage, typesOf, unhurried, type Stage, type StagedShop } from './stage.ts';

let stage: Stage;
let shop: StagedShop;

beforeAll(async () => {
  stage = await startStage();
  shop = await stage.shop();
});
afterAll(() => stage.rig.close());

const run = (...words: string[]) => unhurried(() => cli(words, process.env as Record<string, string>));

describe('from a shell', { timeout: 180_000 }, () => {
  test('backfill --dry-run counts, run-job reconcile tells, the same slot again accepts nothing, parity compares', async () => {
    await shop.act('cancel', {}, { lost: true });
    await run('run-job', 'webhook-check', '--shop', shop.domain);

    const dry = await run('backfill', '--shop', shop.domain, '--since', shop.connectedAt.toISOString().slice(0, 10), '--dry-run', '--json');
    expect(dry.json).toMatchObject({ dryRun: true, events: { 'subscription.cancelled': 1 } });
    expect(await shop.told(/^subscription\./)).toEqual([]);

    const first = await run('run-job', 'reconcile', '--shop', shop.domain, '--slot', '2026-11-20', '--json');
    const second = await run('run-job', 'reconcile', '--shop', shop.domain, '--slot', '2026-11-20', '--json');
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    expect(first.json).toMatchObject({ ran: true, events: { 'subscription.cancelled': 1 } });
    expect(second.json).toMatchObject({ ran: false, accepted: 0 });
    expect(typesOf(await shop.told(/^subscription\./))).toEqual(['subscription.cancelled']);

    const parity = await run('parity', '--shop', shop.domain, '--json');
    expect(parity.json).toMatchObject({ recharge: { customers: 3, activeSubscriptions: 5 }, rechannel: expect.anything(), differences: expect.anything(), destinations: [] });
    const words = await run('parity', '--shop', shop.domain);
    expect(words.out).toContain('Recharge');
  });

  test('what is wrong is refused with what it should be', async () => {
    expect(await run('run-job', 'nonsense', '--shop', shop.domain)).toMatchObject({ exitCode: 2, err: expect.stringContaining('webhook-check, reconcile, parity, prune') });
    expect(await run('run-job', 'reconcile', '--shop', shop.domain, '--slot', 'today')).toMatchObject({ exitCode: 2 });
    expect(await run('backfill', '--shop', shop.domain)).toMatchObject({ exitCode: 2, err: expect.stringContaining('--since') });
    expect(await run('backfill', '--shop', shop.domain, '--since', '2199-01-01')).toMatchObject({ exitCode: 2 });
  });
});
