import { describe, expect, test } from 'vitest';
import { parseSettings } from '../env.server.ts';

const base: NodeJS.ProcessEnv = { NODE_ENV: 'test', ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}` };
const secret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const mail = { SMTP_URL: 'smtps://robot:secret@mail.example.com:465', ALERT_EMAIL_FROM: 'Rechannel <alerts@example.com>', ALERT_EMAIL_TO: 'ops@example.com, lead@example.com' };

describe('where notices go', () => {
  test('nowhere but the admin when nothing is set', () => {
    expect(parseSettings(base).alerts).toEqual({ language: 'en', email: undefined, webhook: undefined });
  });

  test('by mail and by signed webhook, in German', () => {
    expect(parseSettings({ ...base, ...mail, ALERT_WEBHOOK_URL: 'https://hooks.example.com/x', ALERT_WEBHOOK_SECRET: secret, ALERT_LANGUAGE: 'de' }).alerts).toEqual({
      language: 'de',
      email: { smtpUrl: mail.SMTP_URL, from: 'Rechannel <alerts@example.com>', to: ['ops@example.com', 'lead@example.com'] },
      webhook: { url: 'https://hooks.example.com/x', secret },
    });
  });

  test.each<[Record<string, string>, RegExp]>([
    [{ SMTP_URL: 'mail.example.com' }, /SMTP_URL should be a mail server such as smtps:/],
    [{ SMTP_URL: 'smtp://mail.example.com' }, /ALERT_EMAIL_FROM is needed together with SMTP_URL\. Set it to the sender/],
    [{ SMTP_URL: 'smtp://mail.example.com' }, /ALERT_EMAIL_TO is needed together with SMTP_URL\. Set it to who/],
    [{ ALERT_EMAIL_TO: 'ops@example.com' }, /SMTP_URL is needed together with ALERT_EMAIL_TO/],
    [{ ...mail, ALERT_EMAIL_TO: 'ops@example.com, lead' }, /ALERT_EMAIL_TO should be an e-mail address/],
    [{ ...mail, ALERT_EMAIL_FROM: 'Evil\r\nBcc: x@example.com <a@example.com>' }, /ALERT_EMAIL_FROM should be an e-mail address/],
    [{ ALERT_WEBHOOK_URL: 'https://hooks.example.com' }, /ALERT_WEBHOOK_SECRET is needed together with ALERT_WEBHOOK_URL\. Make one with/],
    [{ ALERT_WEBHOOK_URL: 'https://user:pass@hooks.example.com', ALERT_WEBHOOK_SECRET: secret }, /ALERT_WEBHOOK_URL should be a URL/],
    [{ ALERT_WEBHOOK_URL: 'https://hooks.example.com', ALERT_WEBHOOK_SECRET: 'whsec_c2hvcnQ=' }, /ALERT_WEBHOOK_SECRET should be whsec_ and 24 to 64 bytes in base64\. Make one with/],
    [{ ALERT_LANGUAGE: 'fr' }, /ALERT_LANGUAGE should be en or de/],
  ])('%o is refused with its cure', (wrong, cure) => {
    expect(() => parseSettings({ ...base, ...wrong })).toThrow(cure);
  });
});
