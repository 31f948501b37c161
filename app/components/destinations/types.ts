/** What a destination's page is given by its loader, and what its actions answer. */
import type { Refusal } from '#app/admin/plain-failure.ts';
import type { DestinationView } from '#app/connections/destinations.server.ts';

export type DestinationPageData = {
  type: string;
  destination: DestinationView | null;
  rechargeConnected: boolean;
  /** Scopes of this destination that the Recharge token lacks. */
  missingScopes: string[];
};

export type DestinationIntent = 'save' | 'test' | 'pause' | 'resume' | 'remove';

export type DestinationAnswer = (
  | { ok: true; message?: string }
  /** A change with a consequence: `fields` name what was changed. */
  | { ok: false; confirm: string[] }
  | { ok: false; check: string }
  | Refusal
) & { intent: DestinationIntent };
