import { createHmac, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'

/** An ed25519 key pair as SSH programs read it. */
export interface KeyPair {
  /** OpenSSH private key file, not encrypted. */
  readonly privateKey: string
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string
}

/** PKCS #8 around the 32 bytes of an ed25519 key (RFC 8410, 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const KEY_TYPE = 'ssh-ed25519'
const UNKNOWN_POINT = 'A'.repeat(43)

/** The same key for the same secret and name, always: thousands of host keys without thousands of files. */
export function deriveKey(secret: Uint8Array, name: string): KeyPair {
  return keyPair(createHmac('sha256', secret).update(name).digest(), name)
}

export function randomSecret(): Buffer {
  return randomBytes(32)
}

function keyPair(seed: Buffer, comment: string): KeyPair {
  const point = pointOf(seed)
  const publicBlob = Buffer.concat([sshString(KEY_TYPE), sshString(point)])
  return {
    privateKey: openSshPrivateKey(seed, point, { publicBlob, comment }),
    publicKey: `${KEY_TYPE} ${publicBlob.toString('base64')}`,
  }
}

/**
 * The public half of a key. As a JWK a key is read seven times faster than from PKCS #8, which counts for thousands; the
 * form asks for the public half too, which OpenSSL computes anew. A Node.js that compares them gets the slow form.
 */
function pointOf(seed: Buffer): Buffer {
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x: UNKNOWN_POINT }
  try {
    const { x } = createPrivateKey({ key: jwk, format: 'jwk' }).export({ format: 'jwk' })
    if (x !== undefined && x !== UNKNOWN_POINT) return Buffer.from(x, 'base64url')
  } catch {
    // The slow form below says what is wrong, if anything is.
  }
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
}

/** The file format `openssh-key-v1` (PROTOCOL.key of OpenSSH), without a passphrase. */
function openSshPrivateKey(
  seed: Buffer,
  point: Buffer,
  more: { readonly publicBlob: Buffer; readonly comment: string },
): string {
  const check = seed.subarray(0, 4)
  const secret = Buffer.concat([
    check,
    check,
    sshString(KEY_TYPE),
    sshString(point),
    sshString(Buffer.concat([seed, point])),
    sshString(more.comment),
  ])
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8))
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    sshString('none'),
    sshString('none'),
    sshString(''),
    uint32(1),
    sshString(more.publicBlob),
    sshString(Buffer.concat([secret, padding])),
  ])
  const lines = body.toString('base64').match(/.{1,70}/g) ?? []
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`
}

function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string)
  return Buffer.concat([uint32(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
