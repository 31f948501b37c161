/** All scenarios, in the order in which `--scenario all` runs them. */
import type { Scenario } from './scenario.ts';
import { freeze, kill, postgres, rolling } from './scenarios/kill.ts';

export const scenarios: readonly Scenario[] = [kill, postgres, freeze, rolling];
