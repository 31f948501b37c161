/** What the Recharge page is given by its loader. */
import type { Permission } from '#app/admin/permissions.ts';
import type { Refusal } from '#app/admin/plain-failure.ts';
import type { QuarantinedWebhook } from '#app/admin/quarantined.server.ts';
import type { ConnectionView } from '#app/connections/recharge.server.ts';

export type ShownConnection = Omit<ConnectionView, 'connectionKey' | 'webhookBaseUrl'>;

export type RechargePageData = {
  connection: ShownConnection | null;
  permissions: Permission[];
  secretWrong: boolean;
  webhooksLastDay: number;
  quarantined: { count: number; newest: QuarantinedWebhook[] };
};

export type CheckedToken = { ok: true; tokenName: string | null; storeName: string | null; permissions: Permission[] } | { ok: false; message: string };

export type RechargeAnswer = ({ ok: true; checked?: CheckedToken } | Refusal) & { intent: 'connect' | 'check' | 'recheck' | 'repair' | 'disconnect' };
