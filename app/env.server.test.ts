import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseSettings } from './env.server.ts';
import { InputRefused } from './errors.ts';

const dataDir = mkdtempSync(path.join(tmpdir(), 'rechannel-env-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const key = (fill: string) => Buffer.alloc(32, fill).toString('base64');
const good = { NODE_ENV: 'production', SHOPIFY_API_KEY: 'key', SHOPIFY_API_SECRET: 'secret', SHOPIFY_APP_URL: 'https://app.example.com', ENCRYPTION_KEYS: `k1:${key('a')}` } as const;

function refusal(environment: Record<string, string>): InputRefused {
  try {
    parseSettings({ DATA_DIR: dataDir, ...environment });
  } catch (error) {
    if (error instanceof InputRefused) return error;
    throw error;
  }
  throw new Error('These settings were taken');
}

describe('settings', () => {
  test.each([
    ['PORT', '70000', 'whole number from 0 to 65535'],
    ['DATABASE_URL', 'mysql://x', 'PostgreSQL address'],
    ['RECHARGE_API_URL', 'https://api.rechargeapps.com/v1', 'without a path'],
    ['SHOPIFY_APP_URL', 'app.example.com', 'origin such as'],
    ['RETRY_DELAYS_SECONDS', '5,soon', 'seconds, separated by commas'],
    ['WEBHOOK_CHECK_SECONDS', '2', 'from 5 to 86400'],
    ['LOG_LEVEL', 'loud', 'error, warn, info or debug'],
    ['METRICS_TOKEN', 'short', 'at least 16 characters'],
    ['WORKER_CONCURRENCY', '0', 'from 1 to 256'],
    ['EGRESS_ALLOW_ORIGINS', 'https://ok.example.com,ftp://no', 'origin such as'],
    ['ENCRYPTION_KEYS', 'k1:short', '32 bytes in base64'],
    ['ENCRYPTION_KEYS', `k1:${key('a')},k1:${key('b')}`, 'twice'],
    ['NODE_ENV', 'staging', 'production, development or test'],
  ])('%s=%s stops the start with its name and what it should be', (name, value, expected) => {
    const refused = refusal({ [name]: value });
    expect(refused.faults.map((fault) => fault.path)).toEqual([name]);
    expect(refused.message).toContain(`${name} `);
    expect(refused.message).toContain(expected);
  });

  test('production names everything that is missing at once, each with its cure', () => {
    const refused = refusal({ NODE_ENV: 'production' });
    expect(refused.faults.map((fault) => fault.path).sort()).toEqual(['ENCRYPTION_KEYS', 'SHOPIFY_API_KEY', 'SHOPIFY_API_SECRET', 'SHOPIFY_APP_URL']);
    expect(refused.message).toContain('Dev Dashboard');
  });

  test('a secret never stands in the message', () => {
    expect(refusal({ ...good, ENCRYPTION_KEYS: 'k1:canary-value', PORT: 'x' }).message).not.toContain('canary');
  });

  test('defaults are those of the documentation', () => {
    const settings = parseSettings({ ...good });
    expect(settings).toMatchObject({ port: 3000, host: '0.0.0.0', rechargeApiUrl: 'https://api.rechargeapps.com', webhookCheckMs: 900_000, logLevel: 'info', production: true });
    expect(settings.retryDelaysMs).toEqual([5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 72_000, 86_400].map((seconds) => seconds * 1000));
    expect(parseSettings({ NODE_ENV: 'development', DATA_DIR: dataDir }).host).toBe('127.0.0.1');
  });

  test('debug logging is impossible in production', () => {
    expect(parseSettings({ ...good, LOG_LEVEL: 'debug' }).logLevel).toBe('info');
  });

  test('several keys decrypt, the first encrypts; outside production one is made, readable by its owner alone, and found again', () => {
    expect(parseSettings({ ...good, ENCRYPTION_KEYS: `new:${key('n')},old:${key('o')}` }).encryptionKeys.map(({ id }) => id)).toEqual(['new', 'old']);
    const first = parseSettings({ NODE_ENV: 'development', DATA_DIR: dataDir }).encryptionKeys;
    const file = path.join(dataDir, 'encryption-key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toBe(first[0]?.key.toString('base64'));
    expect(parseSettings({ NODE_ENV: 'development', DATA_DIR: dataDir }).encryptionKeys).toEqual(first);
  });

  test('an empty value counts as not given', () => {
    expect(parseSettings({ ...good, METRICS_TOKEN: '', DATABASE_URL: '' })).toMatchObject({ metricsToken: undefined, databaseUrl: undefined });
  });
});
