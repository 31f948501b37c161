/** What the Manage Subscriptions page is given by its loader. */
import type { PortalOutcome } from '#app/admin/portal-visits.server.ts';

export type PortalPageData = {
  mode: 'token' | 'hash';
  linkUrl: string;
  blockEditorUrl: string;
  embedEditorUrl: string;
  connected: boolean;
  missingScopes: string[];
  outcomes: PortalOutcome[];
};
