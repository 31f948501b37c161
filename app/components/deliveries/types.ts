/** What the deliveries pages are given by their loaders. */
import type { AttemptRow, DeliveryRow } from '#app/delivery/queries.server.ts';
import type { DeliveryState } from '#app/delivery/state.ts';

export type ShownFilter = { state: DeliveryState | null; destination: string | null; search: string | null; cursor: string | null };

export type DeliveriesPageData = {
  items: DeliveryRow[];
  next: string | null;
  filter: ShownFilter;
  destinations: { type: string; label: string }[];
  deadCount: number;
};

export type DeliveryPageData = {
  delivery: DeliveryRow & { attempts: AttemptRow[]; occurredAt: Date; origin: string };
  destinationLabel: string;
  canReplay: boolean;
  /** What is, or would be, sent; a failure when Recharge could not be asked. */
  commands: { commands: string[] } | { skip: string } | { unavailable: true };
};
