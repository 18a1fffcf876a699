import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from 'node:crypto'
import type { KeyExchange, Ssh2Client } from './ssh2-internals.ts'

const KEY_BYTES = 32

/** The u-coordinate 9 (RFC 7748, 4.1): its product with a private key is the public key. */
const BASE_POINT = Buffer.concat([Buffer.from([9]), Buffer.alloc(KEY_BYTES - 1)])

/**
 * Has key exchanges by X25519 (RFC 8731) done by keys that are imported and never exported: Node 20 takes four times as
 * long to write and read the DER that ssh2 goes by, twice an exchange. Returns whether the hook was found.
 */
export function quickenKeyExchange(client: Ssh2Client): boolean {
  const protocol = client._protocol
  if (!protocol || !('_kex' in protocol)) return false
  let current = protocol._kex
  Object.defineProperty(protocol, '_kex', {
    configurable: true,
    enumerable: true,
    get: () => current,
    set(kex: KeyExchange | undefined) {
      current = kex
      if (kex?.type === '25519') byX25519(kex)
    },
  })
  return true
}

/** Each exchange is an object of its own, and so gets a key of its own. */
function byX25519(kex: KeyExchange): void {
  const own = privateKeyOf(randomBytes(KEY_BYTES))
  const publicKey = product(own, BASE_POINT)
  kex.getPublicKey = () => publicKey
  kex.computeSecret = (theirs) => {
    try {
      return mpint(product(own, theirs))
    } catch (error) {
      return error as Error
    }
  }
}

/** Of a private key the system looks at `d` only, and works out the public one (RFC 8037 has both in it). */
export function privateKeyOf(seed: Buffer): KeyObject {
  return createPrivateKey({ key: { ...jwk(seed), d: seed.toString('base64url') }, format: 'jwk' })
}

/** X25519 of RFC 7748, 5. Throws for a point of small order, whose product with anything is zero (6.1). */
export function product(own: KeyObject, point: Buffer): Buffer {
  return diffieHellman({ privateKey: own, publicKey: createPublicKey({ key: jwk(point), format: 'jwk' }) })
}

function jwk(point: Buffer): { kty: string; crv: string; x: string } {
  return { kty: 'OKP', crv: 'X25519', x: point.toString('base64url') }
}

/** The content of an mpint (RFC 4251, 5): no zeros before it, but one where it would else be negative. */
export function mpint(bytes: Buffer): Buffer {
  const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return (digits[0] as number) & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits
}
