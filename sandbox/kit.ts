// The kit every simulator is built on: a small HTTP server with recorded requests, faults on demand and control routes.

export { FaultBook, faultRuleInput } from './kit/faults.ts';
export type { Fault, FaultRule, FaultRuleInput } from './kit/faults.ts';
export { RequestLog } from './kit/request-log.ts';
export type { RecordedRequest } from './kit/request-log.ts';
export { seededRandom } from './kit/seeded-random.ts';
export type { SeededRandom } from './kit/seeded-random.ts';
export { startSimulator } from './kit/server.ts';
export type { SimRequest, SimResponse, Simulator, SimulatorOptions } from './kit/server.ts';
export { runFromShell } from './kit/shell.ts';
