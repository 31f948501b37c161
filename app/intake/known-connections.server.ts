/**
 * Finds the connection that a webhook's address names, with its opened secrets. Kept in memory; read again in the
 * background every few seconds, and at once whenever a request would be refused, so that a changed secret works immediately.
 */
import type { KeyObject } from 'node:crypto';
import type pg from 'pg';
import { clientSecret } from '#app/recharge/signature.ts';
import { openBytes } from '#app/secrets.server.ts';

export type KnownConnection = {
  connectionId: string;
  shopId: string;
  connectionKey: string;
  /** The present client secret, and the former one while it is valid. */
  secrets: { value: KeyObject; validUntil: number | undefined }[];
  /** v1 was seen: legacy signatures no longer count. */
  v1Only: boolean;
  readAtMs: number;
  /** Sealed secrets as read, so that an unchanged row is not opened again. */
  sealed: string;
  /** How many more requests may come now, as of `tokensAtMs`; see `takeToken` in receive. */
  tokens: number;
  tokensAtMs: number;
};

export type KnownConnections = {
  /** What is in memory; when that is some seconds old, a reading starts behind it. */
  remembered(connectionKey: string): KnownConnection | undefined;
  /** What the database says now. Rejects when the database does not answer. */
  read(connectionKey: string): Promise<KnownConnection | undefined>;
  /** Writes down, once, that a connection signs with v1; from then on legacy alone is refused. Rejects like `read`. */
  pinToV1(connection: KnownConnection): Promise<void>;
};

type Asked = PromiseWithResolvers<KnownConnection | undefined>;

type Row = {
  id: string; shopId: string; connectionKey: string; clientSecretSealed: Buffer; previousClientSecretSealed: Buffer | null;
  previousSecretUntil: Date | null; signedWithV1Since: Date | null;
};

// A connection that was cut (app uninstalled, Recharge disconnected) is as unknown as one that never was.
const statement = `
  select c.id, c."shopId", c."connectionKey", c."clientSecretSealed", c."previousClientSecretSealed", c."previousSecretUntil", c."signedWithV1Since"
  from "Connection" c join "Shop" s on s.id = c."shopId"
  where c."connectionKey" = any($1) and c.status <> 'disconnected' and c."clientSecretSealed" is not null and s."uninstalledAt" is null`;

const pinStatement = 'update "Connection" set "signedWithV1Since" = now() where "shopId" = $1 and id = $2 and "signedWithV1Since" is null';

const freshForMs = 2_000;
const mostRemembered = 100_000;
const mostKeysPerQuery = 500;
const queryTimeoutMs = 1_500;

/** 160 random bits in hex or base64url; anything else is not worth a query. */
const possibleKey = /^[A-Za-z0-9_-]{16,64}$/;

/** Every reader shares one query at a time, so a flood of unknown keys costs the database one connection and no more. */
export function rememberConnections(pool: () => pg.Pool): KnownConnections {
  const known = new Map<string, KnownConnection>();
  let waiting = new Map<string, Asked>();
  let reading = false;

  function read(connectionKey: string): Promise<KnownConnection | undefined> {
    if (!possibleKey.test(connectionKey)) connectionKey = '';
    const already = waiting.get(connectionKey);
    if (already) return already.promise;
    const asked: Asked = Promise.withResolvers();
    waiting.set(connectionKey, asked);
    if (!reading) {
      reading = true;
      setImmediate(() => void readAll());
    }
    return asked.promise;
  }

  async function readAll(): Promise<void> {
    while (waiting.size > 0) {
      const batch = new Map([...waiting].slice(0, mostKeysPerQuery));
      waiting = new Map([...waiting].slice(mostKeysPerQuery));
      try {
        const query = { name: 'intake_connections', text: statement, values: [[...batch.keys()]], query_timeout: queryTimeoutMs };
        const { rows } = await pool().query<Row>(query);
        const rowOf = new Map(rows.map((row) => [row.connectionKey, row]));
        for (const [connectionKey, asked] of batch) settle(connectionKey, rowOf.get(connectionKey), asked);
      } catch (error) {
        for (const asked of batch.values()) asked.reject(error);
      }
    }
    reading = false;
  }

  function settle(connectionKey: string, row: Row | undefined, asked: Asked): void {
    if (!row) known.delete(connectionKey);
    try {
      asked.resolve(row && remember(row));
    } catch (error) {
      // Its secrets do not open, for lack of the encryption key: that is this connection's trouble and no other's.
      asked.reject(error);
    }
  }

  function remember(row: Row): KnownConnection {
    const former = known.get(row.connectionKey);
    const sealed = [row.clientSecretSealed, row.previousClientSecretSealed, row.previousSecretUntil?.getTime()].map((part) => (Buffer.isBuffer(part) ? part.toString('base64') : String(part))).join();
    const secrets = former?.sealed === sealed ? former.secrets : openSecrets(row);
    const now = Date.now();
    const connection: KnownConnection = {
      connectionId: row.id, shopId: row.shopId, connectionKey: row.connectionKey, secrets, sealed, v1Only: row.signedWithV1Since !== null, readAtMs: now,
      tokens: former?.tokens ?? Infinity, tokensAtMs: former?.tokensAtMs ?? now,
    };
    known.delete(row.connectionKey);
    known.set(row.connectionKey, connection);
    if (known.size > mostRemembered) known.delete(known.keys().next().value as string);
    return connection;
  }

  return {
    read,
    remembered(connectionKey) {
      const connection = known.get(connectionKey);
      if (connection && Date.now() - connection.readAtMs > freshForMs) {
        connection.readAtMs = Date.now();
        read(connectionKey).catch(() => {});
      }
      return connection;
    },
    async pinToV1(connection) {
      const query = { text: pinStatement, values: [connection.shopId, connection.connectionId], query_timeout: queryTimeoutMs };
      await pool().query(query);
      connection.v1Only = true;
    },
  };
}

function openSecrets(row: Row): KnownConnection['secrets'] {
  const present = { value: clientSecret(openBytes(row.clientSecretSealed, { shopId: row.shopId, table: 'Connection', column: 'clientSecret' })), validUntil: undefined };
  if (!row.previousClientSecretSealed) return [present];
  const place = { shopId: row.shopId, table: 'Connection', column: 'previousClientSecret' };
  return [present, { value: clientSecret(openBytes(row.previousClientSecretSealed, place)), validUntil: row.previousSecretUntil?.getTime() ?? 0 }];
}
