import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { JsonObject } from '../../core/json.ts'
import { jsonIn, numberIn, objectIn, textIn } from '../printer/json-answer.ts'

/*
 * Protection of local messages of Adyen's terminals, by Adyen's documentation ("Protect with your own code"): keys by PBKDF2 from a
 * passphrase, AES-256-CBC with a vector of the message's own, HMAC-SHA256 over what was encrypted.
 */

/** Of the shared key, as the acquirer's Customer Area tells it. */
export interface SharedKey {
  readonly identifier: string
  readonly version: number
  readonly passphrase: string
}

const SALT = 'AdyenNexoV1Salt'
const ROUNDS = 4_000
const KEY_BYTES = 32
const VECTOR_BYTES = 16
const CRYPTO_VERSION = 1

interface Keys {
  readonly hmac: Uint8Array
  readonly cipher: Uint8Array
  readonly vector: Uint8Array
}

/** The three keys that a passphrase stands for. */
export function keysOf(passphrase: string): Keys {
  const all = pbkdf2Sync(Buffer.from(passphrase, 'utf8'), SALT, ROUNDS, 2 * KEY_BYTES + VECTOR_BYTES, 'sha1')
  return {
    hmac: all.subarray(0, KEY_BYTES),
    cipher: all.subarray(KEY_BYTES, 2 * KEY_BYTES),
    vector: all.subarray(2 * KEY_BYTES),
  }
}

/**
 * A message as it travels: its header in clear, the whole of it encrypted.
 * @param root `SaleToPOIRequest`, or of an answer `SaleToPOIResponse`
 */
export function protect(
  root: string,
  message: JsonObject,
  key: SharedKey,
  nonce = randomBytes(VECTOR_BYTES),
): JsonObject {
  const keys = keysOf(key.passphrase)
  const plain = Buffer.from(JSON.stringify({ [root]: message }), 'utf8')
  const cipher = createCipheriv('aes-256-cbc', keys.cipher, mixed(keys.vector, nonce))
  return {
    [root]: {
      MessageHeader: objectIn(message, 'MessageHeader') ?? {},
      NexoBlob: Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64'),
      SecurityTrailer: {
        AdyenCryptoVersion: CRYPTO_VERSION,
        KeyIdentifier: key.identifier,
        KeyVersion: key.version,
        Nonce: nonce.toString('base64'),
        Hmac: createHmac('sha256', keys.hmac).update(plain).digest('base64'),
      },
    },
  }
}

/** What a protected message holds; undefined where its key is another, or it was changed on the way. */
export function unprotect(root: string, sealed: JsonObject, key: SharedKey): JsonObject | undefined {
  const trailer = objectIn(sealed, root, 'SecurityTrailer')
  const blob = textIn(objectIn(sealed, root), 'NexoBlob')
  const [nonce, hmac] = [textIn(trailer, 'Nonce'), textIn(trailer, 'Hmac')].map((text) =>
    Buffer.from(text ?? '', 'base64'),
  )
  const isOurs = textIn(trailer, 'KeyIdentifier') === key.identifier && numberIn(trailer, 'KeyVersion') === key.version
  if (blob === undefined || nonce?.length !== VECTOR_BYTES || hmac?.length !== KEY_BYTES || !isOurs) return undefined
  const keys = keysOf(key.passphrase)
  const plain = decrypted(Buffer.from(blob, 'base64'), keys.cipher, mixed(keys.vector, nonce))
  if (plain === undefined) return undefined
  const isWhole = timingSafeEqual(createHmac('sha256', keys.hmac).update(plain).digest(), hmac)
  return isWhole ? objectIn(jsonIn(plain), root) : undefined
}

function decrypted(blob: Uint8Array, key: Uint8Array, vector: Uint8Array): Buffer | undefined {
  try {
    const cipher = createDecipheriv('aes-256-cbc', key, vector)
    return Buffer.concat([cipher.update(blob), cipher.final()])
  } catch {
    return undefined
  }
}

function mixed(vector: Uint8Array, nonce: Uint8Array): Uint8Array {
  return vector.map((byte, at) => byte ^ (nonce[at] ?? 0))
}
