// When a subscription is due next.
import { addDays, onOrAfterWeekday, plus, withDayOfMonth } from './dates.ts';
import type { Day, SubscriptionRow } from './types.ts';

type Cadence = Pick<SubscriptionRow, 'charge_interval_frequency' | 'order_interval_unit' | 'order_day_of_week' | 'order_day_of_month'>;

/** The due day that follows `day`. */
export function dueAfter(cadence: Cadence, day: Day): Day {
  const next = plus(day, Math.max(1, cadence.charge_interval_frequency), cadence.order_interval_unit);
  if (cadence.order_interval_unit === 'week' && cadence.order_day_of_week !== null) return onOrAfterWeekday(next, cadence.order_day_of_week);
  if (cadence.order_interval_unit === 'month' && cadence.order_day_of_month !== null) return withDayOfMonth(next, cadence.order_day_of_month);
  return next;
}

/** The first due day after `today`, counted on from the last one known. */
export function resumeOn(subscription: Cadence & { last_due_on: Day | null }, today: Day): Day {
  let day = subscription.last_due_on ?? dueAfter(subscription, today);
  while (day <= today) day = dueAfter(subscription, day);
  return day;
}

/** A changed weekday or day of month moves the next date at once, never back before tomorrow. */
export function realign(cadence: Cadence, day: Day, today: Day): Day {
  if (cadence.order_interval_unit === 'week' && cadence.order_day_of_week !== null) return onOrAfterWeekday(day, cadence.order_day_of_week);
  if (cadence.order_interval_unit !== 'month' || cadence.order_day_of_month === null) return day;
  const moved = withDayOfMonth(day, cadence.order_day_of_month);
  return moved > today ? moved : withDayOfMonth(plus(withDayOfMonth(day, 1), 1, 'month'), cadence.order_day_of_month);
}

export function tomorrow(today: Day): Day {
  return addDays(today, 1);
}
