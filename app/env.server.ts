/**
 * The environment, parsed once at start. A wrong setting stops the start with its name, what it should be and the cure.
 * The only file that reads `process.env` for settings (entries set DATABASE_URL once the embedded database is up).
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { InputRefused } from './errors.ts';
import type { EncryptionKey } from './secrets.server.ts';

const defaultRetryDelays = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 72_000, 86_400];

const origin = z
  .string()
  .transform((text) => text.replace(/\/+$/, ''))
  .refine((text) => {
    try {
      const url = new URL(text);
      return (url.protocol === 'http:' || url.protocol === 'https:') && url.origin === text;
    } catch {
      return false;
    }
  }, 'should be an origin such as https://api.example.com, without a path');

const list = z.string().transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''));
const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `should be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `should be a whole number from ${min} to ${max}`);

const mailbox = z.string().regex(/^(?:[^<>@,\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@,]+@[^\s<>@,]+)$/, 'should be an e-mail address such as alerts@example.com or Rechannel <alerts@example.com>');

function isSmtpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'smtp:' || url.protocol === 'smtps:') && url.hostname !== '';
}

function isWebUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && !url.username && !url.password;
}

const webhookSecretCure = 'Make one with: node -e "console.log(\'whsec_\' + require(\'crypto\').randomBytes(32).toString(\'base64\'))" and give it to the receiver.';

function isWebhookSecret(text: string): boolean {
  const bytes = Buffer.from(text.slice('whsec_'.length), 'base64');
  return /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) && bytes.length >= 24 && bytes.length <= 64;
}

const schema = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test'], 'should be production, development or test').default('development'),
  PORT: whole(0, 65_535).default(3000),
  HOST: z.string().optional(),
  SHOPIFY_API_KEY: z.string().optional(),
  SHOPIFY_API_SECRET: z.string().optional(),
  SHOPIFY_APP_URL: origin.optional(),
  SCOPES: list.default(['read_customers', 'write_app_proxy']),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'should be a PostgreSQL address such as postgresql://user:password@host:5432/rechannel').optional(),
  DATA_DIR: z.string().default('.data'),
  ENCRYPTION_KEYS: z.string().optional(),
  RECHARGE_API_URL: origin.default('https://api.rechargeapps.com'),
  KUSTOMER_API_URL: origin.optional(),
  BLOOMREACH_API_URL: origin.optional(),
  OMETRIA_API_URL: origin.optional(),
  SHOPIFY_API_URL: origin.optional(),
  EGRESS_ALLOW_ORIGINS: list.pipe(z.array(origin)).default([]),
  PORTAL_ALLOWED_HOSTS: list.default([]),
  RETRY_DELAYS_SECONDS: list
    .pipe(z.array(z.string().regex(/^\d+(\.\d+)?$/, 'should be seconds, separated by commas, such as 5,30,120').transform(Number)).min(1))
    .default(defaultRetryDelays),
  WEBHOOK_CHECK_SECONDS: whole(5, 86_400).default(900),
  METRICS_TOKEN: z.string().min(16, 'should have at least 16 characters').optional(),
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug'], 'should be error, warn, info or debug').default('info'),
  WORKER_CONCURRENCY: whole(1, 256).default(32),
  SMTP_URL: z.string().refine(isSmtpUrl, 'should be a mail server such as smtps://user:password@mail.example.com:465 or smtp://mail.example.com:587, with special characters in the password percent-encoded').optional(),
  ALERT_EMAIL_FROM: mailbox.optional(),
  ALERT_EMAIL_TO: list.pipe(z.array(mailbox).min(1)).optional(),
  ALERT_WEBHOOK_URL: z.string().refine(isWebUrl, 'should be a URL such as https://hooks.example.com/rechannel, without user name or password').optional(),
  ALERT_WEBHOOK_SECRET: z.string().refine(isWebhookSecret, `should be whsec_ and 24 to 64 bytes in base64. ${webhookSecretCure}`).optional(),
  ALERT_LANGUAGE: z.enum(['en', 'de'], 'should be en or de').default('en'),
});

export type Settings = {
  production: boolean;
  port: number;
  host: string;
  shopify: { apiKey: string; apiSecret: string; appUrl: string; scopes: string[] };
  databaseUrl: string | undefined;
  dataDir: string;
  encryptionKeys: EncryptionKey[];
  rechargeApiUrl: string;
  /** Base URLs that the operator set, by destination type; loopback and http are allowed for these. */
  vendorApiUrls: Partial<Record<string, string>>;
  shopifyApiUrl: string | undefined;
  egressAllowOrigins: string[];
  portalAllowedHosts: string[];
  retryDelaysMs: number[];
  webhookCheckMs: number;
  metricsToken: string | undefined;
  logLevel: 'error' | 'warn' | 'info' | 'debug';
  workerConcurrency: number;
  alerts: AlertSettings;
};

/** Where notices go besides the admin. */
export type AlertSettings = {
  language: 'en' | 'de';
  email: { smtpUrl: string; from: string; to: string[] } | undefined;
  webhook: { url: string; secret: string } | undefined;
};

/** Outside production these stand in for Shopify's values, so that the app starts with no account anywhere. */
const sandboxShopify = { apiKey: 'sandbox-api-key', apiSecret: 'sandbox-api-secret-not-for-production' };

/**
 * Parses an environment. Throws InputRefused that names every wrong variable.
 * Writes a generated encryption key under DATA_DIR (mode 0600) outside production when none is given.
 */
export function parseSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => ({ path: String(issue.path[0]), message: issue.message }));
  const production = given.NODE_ENV === 'production';
  if (production) {
    for (const name of ['SHOPIFY_API_KEY', 'SHOPIFY_API_SECRET', 'SHOPIFY_APP_URL', 'ENCRYPTION_KEYS']) {
      if (!given[name]) faults.push({ path: name, message: `is needed in production. ${cures[name]}` });
    }
  }
  for (const [name, companions] of Object.entries(together)) {
    if (!given[name]) continue;
    for (const companion of companions) if (!given[companion]) faults.push({ path: companion, message: `is needed together with ${name}. ${cures[companion]}` });
  }
  const keys = given.ENCRYPTION_KEYS ? parseEncryptionKeys(given.ENCRYPTION_KEYS) : undefined;
  if (keys && !keys.ok) faults.push({ path: 'ENCRYPTION_KEYS', message: keys.message });
  if (!parsed.success || faults.length > 0) {
    throw new InputRefused(['These settings need a change:', ...faults.map((fault) => `  ${fault.path} ${fault.message}`)].join('\n'), faults);
  }
  const values = parsed.data;
  const port = values.PORT;
  return {
    production,
    port,
    host: values.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    shopify: {
      apiKey: values.SHOPIFY_API_KEY ?? sandboxShopify.apiKey,
      apiSecret: values.SHOPIFY_API_SECRET ?? sandboxShopify.apiSecret,
      appUrl: values.SHOPIFY_APP_URL ?? `http://127.0.0.1:${port}`,
      scopes: values.SCOPES,
    },
    databaseUrl: values.DATABASE_URL,
    dataDir: path.resolve(values.DATA_DIR),
    encryptionKeys: keys?.ok ? keys.keys : [keyFromDataDir(path.resolve(values.DATA_DIR))],
    rechargeApiUrl: values.RECHARGE_API_URL,
    vendorApiUrls: { kustomer: values.KUSTOMER_API_URL, bloomreach: values.BLOOMREACH_API_URL, ometria: values.OMETRIA_API_URL },
    shopifyApiUrl: values.SHOPIFY_API_URL,
    egressAllowOrigins: values.EGRESS_ALLOW_ORIGINS,
    portalAllowedHosts: values.PORTAL_ALLOWED_HOSTS.map((host) => host.toLowerCase()),
    retryDelaysMs: values.RETRY_DELAYS_SECONDS.map((seconds) => seconds * 1000),
    webhookCheckMs: values.WEBHOOK_CHECK_SECONDS * 1000,
    metricsToken: values.METRICS_TOKEN,
    logLevel: values.LOG_LEVEL === 'debug' && production ? 'info' : values.LOG_LEVEL,
    workerConcurrency: values.WORKER_CONCURRENCY,
    alerts: {
      language: values.ALERT_LANGUAGE,
      email: values.SMTP_URL && values.ALERT_EMAIL_FROM && values.ALERT_EMAIL_TO ? { smtpUrl: values.SMTP_URL, from: values.ALERT_EMAIL_FROM, to: values.ALERT_EMAIL_TO } : undefined,
      webhook: values.ALERT_WEBHOOK_URL && values.ALERT_WEBHOOK_SECRET ? { url: values.ALERT_WEBHOOK_URL, secret: values.ALERT_WEBHOOK_SECRET } : undefined,
    },
  };
}

/** Settings that mean nothing without others. */
const together: Record<string, string[]> = {
  SMTP_URL: ['ALERT_EMAIL_FROM', 'ALERT_EMAIL_TO'],
  ALERT_EMAIL_FROM: ['SMTP_URL'],
  ALERT_EMAIL_TO: ['SMTP_URL'],
  ALERT_WEBHOOK_URL: ['ALERT_WEBHOOK_SECRET'],
  ALERT_WEBHOOK_SECRET: ['ALERT_WEBHOOK_URL'],
};

const cures: Record<string, string> = {
  SHOPIFY_API_KEY: "Copy the client id of your app from Shopify's Dev Dashboard.",
  SHOPIFY_API_SECRET: "Copy the client secret of your app from Shopify's Dev Dashboard.",
  SHOPIFY_APP_URL: 'Set it to the public https address of this app.',
  SMTP_URL: 'Set it to your mail server, such as smtps://user:password@mail.example.com:465.',
  ALERT_EMAIL_FROM: 'Set it to the sender your mail server accepts, such as Rechannel <alerts@example.com>.',
  ALERT_EMAIL_TO: 'Set it to who should read alerts; several separated by commas.',
  ALERT_WEBHOOK_URL: 'Set it to the address that takes the notices.',
  ALERT_WEBHOOK_SECRET: webhookSecretCure,
  ENCRYPTION_KEYS: 'Make one with: node -e "console.log(\'k1:\' + require(\'crypto\').randomBytes(32).toString(\'base64\'))" and keep it safe.',
};

function parseEncryptionKeys(text: string): { ok: true; keys: EncryptionKey[] } | { ok: false; message: string } {
  const keys: EncryptionKey[] = [];
  for (const part of text.split(',').map((piece) => piece.trim())) {
    const colon = part.indexOf(':');
    const id = part.slice(0, colon);
    const key = Buffer.from(part.slice(colon + 1), 'base64');
    if (colon < 1 || !/^[A-Za-z0-9_-]{1,32}$/.test(id)) return { ok: false, message: 'should be id:base64key, several separated by commas; the id has letters, digits, - or _' };
    if (key.length !== 32) return { ok: false, message: `key "${id}" should be 32 bytes in base64. ${cures.ENCRYPTION_KEYS}` };
    if (keys.some((known) => known.id === id)) return { ok: false, message: `names the key id "${id}" twice` };
    keys.push({ id, key });
  }
  return { ok: true, keys };
}

function keyFromDataDir(dataDir: string): EncryptionKey {
  const file = path.join(dataDir, 'encryption-key');
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    try {
      writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    chmodSync(file, 0o600);
  }
  const key = Buffer.from(readFileSync(file, 'utf8'), 'base64');
  return { id: `local-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`, key };
}

const shared = globalThis as typeof globalThis & { [memory]?: Settings };
const memory = Symbol.for('rechannel.settings');

/** The settings of this process, parsed at first use. */
export function env(): Settings {
  return (shared[memory] ??= parseSettings(process.env));
}

/** The address of the database: the operator's, or the embedded server's once an entry has started it. */
export function databaseUrl(): string {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL is not set and no embedded database was started');
  return url;
}

/** Reads the environment again; for entries that changed it after an earlier read, and for tests. */
export function refreshEnv(): Settings {
  shared[memory] = parseSettings(process.env);
  return shared[memory];
}
