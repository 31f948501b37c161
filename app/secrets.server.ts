/**
 * Seals secrets and personal payloads for storage: AES-256-GCM with a nonce of its own for each record and the
 * place it belongs to (shop, table, column) as additional data, so that a value moved to another row does not open.
 * Sealed form: version byte, length of key id, key id, 12-byte nonce, 16-byte tag, ciphertext.
 */
import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { env } from './env.server.ts';
import { Failure } from './errors.ts';

export type EncryptionKey = { id: string; key: Buffer };

const sealVersion = 1;

/** Where a sealed value lives; opening it anywhere else fails. */
export type Place = { shopId: string; table: string; column: string };

/** Seals `plain` with the first key. */
export function seal(plain: string | Uint8Array, place: Place, keys: readonly EncryptionKey[] = env().encryptionKeys): Buffer {
  const first = keys[0];
  if (!first) throw new Failure('bug', 'No encryption key is set', { code: 'no_encryption_key' });
  const keyId = Buffer.from(first.id, 'utf8');
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyObject(first), nonce);
  cipher.setAAD(additionalData(place, first.id));
  const body = Buffer.concat([cipher.update(plain as string, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([sealVersion, keyId.length]), keyId, nonce, cipher.getAuthTag(), body]);
}

/** Opens what `seal` made at the same place. Throws Failure when the key is gone or the value was moved or changed. */
export function openBytes(sealed: Uint8Array, place: Place, keys: readonly EncryptionKey[] = env().encryptionKeys): Buffer {
  const bytes = Buffer.from(sealed);
  const keyIdLength = bytes[1] ?? 0;
  if (bytes[0] !== sealVersion || bytes.length < 2 + keyIdLength + 28) throw broken(place);
  const keyId = bytes.subarray(2, 2 + keyIdLength).toString('utf8');
  const key = keys.find((candidate) => candidate.id === keyId);
  if (!key) {
    throw new Failure('bug', `The encryption key "${keyId}" is not in ENCRYPTION_KEYS. Add it again, then run rotate-keys.`, { code: 'encryption_key_missing' });
  }
  const nonce = bytes.subarray(2 + keyIdLength, 14 + keyIdLength);
  const decipher = createDecipheriv('aes-256-gcm', keyObject(key), nonce);
  decipher.setAAD(additionalData(place, keyId));
  decipher.setAuthTag(bytes.subarray(14 + keyIdLength, 30 + keyIdLength));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(30 + keyIdLength)), decipher.final()]);
  } catch (cause) {
    throw broken(place, cause);
  }
}

/** Opens a sealed text. */
export function open(sealed: Uint8Array, place: Place, keys?: readonly EncryptionKey[]): string {
  return openBytes(sealed, place, keys).toString('utf8');
}

/** Names a secret without showing it: the first eight hex digits of its SHA-256. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}

const keyObjects = new WeakMap<Buffer, KeyObject>();

/** Made once for each key: sealing 3 KB takes 16 instead of 43 microseconds. */
function keyObject({ key }: EncryptionKey): KeyObject {
  const known = keyObjects.get(key);
  if (known) return known;
  const made = createSecretKey(key);
  keyObjects.set(key, made);
  return made;
}

function additionalData(place: Place, keyId: string): Buffer {
  return Buffer.from(`${place.shopId}\u0000${place.table}\u0000${place.column}\u0000${keyId}`, 'utf8');
}

function broken(place: Place, cause?: unknown): Failure {
  return new Failure('bug', `A stored secret of ${place.table}.${place.column} does not open: it was changed or belongs elsewhere`, { code: 'secret_does_not_open', cause });
}
