/** The states of a delivery, which moves are allowed, and what each means to a person. */

export const deliveryStates = ['pending', 'sending', 'delivered', 'skipped', 'superseded', 'held', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** What the table stores; `sending` (a leased lane's head) and `held` (its destination is stopped) are read from around it. */
export type StoredState = Exclude<DeliveryState, 'sending' | 'held'>;

/** States in which nothing more happens by itself. */
export const settledStates = ['delivered', 'skipped', 'superseded', 'dead'] as const satisfies readonly StoredState[];

/** True for a word that names a state. */
export function isDeliveryState(word: string): word is DeliveryState {
  return (deliveryStates as readonly string[]).includes(word);
}

/** Only settled deliveries can be replayed; one that waits is going to be sent anyway. */
export function canReplay(state: DeliveryState): boolean {
  return (settledStates as readonly string[]).includes(state);
}
