// What can be set on the Bloomreach simulator: projects with their keys, and switches for everything the documents leave open.

export interface BloomreachKey {
  id: string;
  secret: string;
  /** Event types the key may add; absent means all, an empty list none. */
  eventTypes?: string[];
  /** Customer properties the key may set; absent means all. */
  properties?: string[];
}

export interface BloomreachProject {
  token: string;
  name?: string;
  keys: BloomreachKey[];
  /** Ids that identify a person and merge profiles. Default `registered` and `recharge_id`; `cookie` and all others are soft. */
  hardIds?: string[];
}

export interface BloomreachSwitches {
  /** Status of a refused single call: the documents say 4xx, the support pages show 200. */
  singleErrorStatus: number;
  /** `list`: `errors: [text]`; `map`: `errors: {_global: [text]}`; `error-string`: `error: text`. */
  errorShape: 'list' | 'map' | 'error-string';
  echoCommandId: boolean;
  /** Whether 429 carries Retry-After; the header is not documented. */
  retryAfter: boolean;
  /** The project setting that trims ids and writes them in lower case. */
  normaliseIds: boolean;
  /** How an id name that the project does not define is taken; the documents do not say. */
  unknownIds: 'accept' | 'refuse';
  requestsPerMinute: number;
  maxCommands: number;
  maxBodyBytes: number;
  /** 413 or 400, the documents do not say. */
  tooLargeStatus: number;
  maxPropertyBytes: number;
  maxProperties: number;
  /** So many items of every batch, at random places, are refused with `itemFailureText`. */
  itemFailuresPerBatch: number;
  itemFailureText: string;
  /** The next so many batches store about half of their commands, then answer 500. */
  failMidBatch: number;
}

export interface BloomreachOptions {
  port?: number;
  host?: string;
  seed?: number | string;
  projects?: BloomreachProject[];
  switches?: Partial<BloomreachSwitches>;
  /** Seconds since the epoch, with fraction. */
  now?: () => number;
}

export const demoProject: BloomreachProject = {
  token: '7a1c9f0e-5b7d-11f0-9c2e-0242ac120002',
  name: 'Kaffeehaus Demo',
  keys: [{ id: 'demo-key-id', secret: 'demo-key-secret' }],
};

export const standardSwitches: BloomreachSwitches = {
  singleErrorStatus: 200,
  errorShape: 'list',
  echoCommandId: true,
  retryAfter: true,
  normaliseIds: false,
  unknownIds: 'accept',
  requestsPerMinute: 6000,
  maxCommands: 50,
  maxBodyBytes: 800 * 1024,
  tooLargeStatus: 413,
  maxPropertyBytes: 16 * 1024,
  maxProperties: 255,
  itemFailuresPerBatch: 0,
  itemFailureText: 'Command could not be processed',
  failMidBatch: 0,
};
