/** Every column that holds sealed bytes, and the name under which each was sealed (see `Place` in app/secrets.server.ts). */

export type SealedColumn = {
  table: 'Connection' | 'Destination' | 'InboundWebhook' | 'Delivery';
  column: string;
  /** The `column` of the value's place. */
  sealedAs: string;
};

export const sealedColumns = [
  { table: 'Connection', column: 'apiTokenSealed', sealedAs: 'apiToken' },
  { table: 'Connection', column: 'clientSecretSealed', sealedAs: 'clientSecret' },
  { table: 'Connection', column: 'previousApiTokenSealed', sealedAs: 'previousApiToken' },
  { table: 'Connection', column: 'previousClientSecretSealed', sealedAs: 'previousClientSecret' },
  { table: 'Connection', column: 'storefrontTokenSealed', sealedAs: 'storefrontToken' },
  { table: 'Destination', column: 'secretsSealed', sealedAs: 'secrets' },
  { table: 'InboundWebhook', column: 'bodySealed', sealedAs: 'body' },
  { table: 'Delivery', column: 'commandsSealed', sealedAs: 'commands' },
] as const satisfies readonly SealedColumn[];
