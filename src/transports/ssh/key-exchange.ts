import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import type { ShortWays } from './short-ways.ts'
import type { KeyExchange, Ssh2Client } from './ssh2-internals.ts'

const KEY_BYTES = 32

/**
 * Has the public keys of X25519 (RFC 8731) written and read as JWK: Node 20 takes twice as long for the DER that ssh2
 * goes by, and later ones somewhat longer. A private key is never imported: as a JWK it must come with its public key
 * (Node 24.22 and 26 compare the two), and as DER it costs Node 20 eight times as much as making a new one. Returns
 * whether the hook was found.
 */
export function quickenKeyExchange(client: Ssh2Client, ways: ShortWays): boolean {
  const protocol = client._protocol
  if (!protocol || !('_kex' in protocol)) return false
  let current = protocol._kex
  Object.defineProperty(protocol, '_kex', {
    configurable: true,
    enumerable: true,
    get: () => current,
    set(kex: KeyExchange | undefined) {
      current = kex
      if (kex?.type === '25519') byX25519(kex, ways)
    },
  })
  return true
}

/** By the keys that ssh2 makes for each exchange, so that its own way is open until the end. */
function byX25519(kex: KeyExchange, ways: ShortWays): void {
  const { getPublicKey, computeSecret } = kex
  kex.getPublicKey = () => {
    const ours = (): Buffer => {
      kex.generateKeys()
      return pointOf(kex._keys.publicKey)
    }
    return ways.go('key exchange', ours, () => getPublicKey.call(kex))
  }
  kex.computeSecret = (theirs) => {
    const ours = (): Buffer => mpint(product(kex._keys.privateKey, theirs))
    return ways.go<Buffer | Error>('key exchange', ours, () => computeSecret.call(kex, theirs))
  }
}

/** The 32 bytes of a public key (RFC 7748, 6.1). */
export function pointOf(key: KeyObject): Buffer {
  const { x } = key.export({ format: 'jwk' })
  const point = Buffer.from(x ?? '', 'base64url')
  if (point.length !== KEY_BYTES) throw new Error('Node.js wrote a public key of X25519 in another form than RFC 8037')
  return point
}

/** X25519 of RFC 7748, 5. Throws for a point of small order, whose product with anything is zero (6.1). */
export function product(own: KeyObject, point: Buffer): Buffer {
  const jwk = { kty: 'OKP', crv: 'X25519', x: point.toString('base64url') }
  return diffieHellman({ privateKey: own, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) })
}

/** The content of an mpint (RFC 4251, 5): no zeros before it, but one where it would else be negative. */
export function mpint(bytes: Buffer): Buffer {
  const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return (digits[0] as number) & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits
}
