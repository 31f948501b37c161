/** All scenarios, in the order in which `--scenario all` runs them. */
import type { Scenario } from './scenario.ts';
import { forged, replay } from './scenarios/copies.ts';
import { answersOfAllKinds, neighbour, outage, poison, throttle } from './scenarios/destination.ts';
import { freeze, kill, postgres, rolling } from './scenarios/kill.ts';
import { database, network } from './scenarios/network.ts';

export const scenarios: readonly Scenario[] = [kill, postgres, freeze, rolling, outage, throttle, answersOfAllKinds, poison, neighbour, database, network, replay, forged];
