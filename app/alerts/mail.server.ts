/** Notices by e-mail, through the operator's own mail server. */
import { createTransport } from 'nodemailer';
import type { AlertSettings } from '#app/env.server.ts';

export type Mail = { /** Stays the same when a mail is sent again, so that mailboxes can show it once. */ messageId: string; subject: string; text: string; date: Date };

/** For connecting, greeting and each answer; together well below a claim's lease. */
const limits = { dnsTimeout: 5_000, connectionTimeout: 8_000, greetingTimeout: 8_000, socketTimeout: 10_000 };

/**
 * Resolves once the server has accepted the mail for every recipient; rejects otherwise, with nothing of the mail in the error.
 * A password is sent over TLS only: on a plain `smtp://` address STARTTLS is then demanded, except on this machine.
 */
export async function sendMail({ smtpUrl, from, to }: NonNullable<AlertSettings['email']>, { messageId, subject, text, date }: Mail): Promise<void> {
  const url = new URL(smtpUrl);
  const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  const secure = url.protocol === 'smtps:';
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && url.password !== '' && !local,
    ...(url.username ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } } : {}),
    ...limits,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const sent = await transport.sendMail({ from, to, subject, text, date, messageId, headers: { 'Auto-Submitted': 'auto-generated' } });
    if (sent.rejected.length > 0) throw new Error(`The mail server refused ${sent.rejected.length} of ${to.length} recipients`);
  } finally {
    transport.close();
  }
}
