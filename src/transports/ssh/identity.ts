import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { ParsedKey } from 'ssh2'
import { fail, type Result, success } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { ssh2Library } from './ssh2-library.ts'

/** A private key, parsed once for the whole process; parsing costs more than signing. */
export interface Identity {
  readonly origin: string
  readonly key: ParsedKey
  /** Signs what `key` would, by the hash that goes with an algorithm of RFC 8332 or RFC 5656. */
  sign(data: Buffer, algorithm: string | undefined): Buffer
}

const parsed = new Map<string, Result<Identity>>()

/** Reads one private key. Fails with AUTHENTICATE_KEY_INVALID, never with anything of the key in the message. */
export function loadIdentity(key: Target['keys'][number]): Result<Identity> {
  const { origin, content, passphrase } = key
  const digest = createHash('sha256')
  const id = digest.update(`${origin}\0${passphrase?.reveal() ?? ''}\0${content.reveal()}`).digest('base64')
  let identity = parsed.get(id)
  if (!identity) {
    identity = parseIdentity(origin, content.reveal(), passphrase?.reveal())
    parsed.set(id, identity)
  }
  return identity
}

function parseIdentity(origin: string, content: string, passphrase: string | undefined): Result<Identity> {
  const key = ssh2Library().utils.parseKey(content, passphrase)
  if (key instanceof Error) return invalid(origin, reasonOf(key, passphrase))
  if (!key.isPrivateKey()) return invalid(origin, 'it is a public key')
  const keyObject = readPem(key)
  if (!keyObject) return invalid(origin, `keys of type "${key.type}" cannot be used here`)
  return success({
    origin,
    key,
    sign: (data, algorithm) => sign(hashOf(algorithm ?? key.type), data, keyObject),
  })
}

function readPem(key: ParsedKey): KeyObject | undefined {
  try {
    return createPrivateKey(key.getPrivatePEM())
  } catch {
    return undefined
  }
}

/** The words of the library name no content; what is unknown is left out all the same. */
function reasonOf(error: Error, passphrase: string | undefined): string {
  if (/no passphrase given/i.test(error.message)) return 'it has a passphrase, and none is given'
  if (passphrase !== undefined && /decrypt|integrity|passphrase/i.test(error.message)) return 'the passphrase is wrong'
  return 'it is not in OpenSSH or PEM form, or damaged'
}

function invalid(origin: string, reason: string): Result<Identity> {
  const message = `The private key "${origin}" cannot be used: ${reason}.`
  return fail({ code: 'AUTHENTICATE_KEY_INVALID', phase: 'authenticate', message })
}

/** Null for EdDSA, which hashes by itself (RFC 8709). */
function hashOf(algorithm: string): string | null {
  switch (algorithm) {
    case 'ssh-rsa':
      return 'sha1'
    case 'rsa-sha2-256':
    case 'ecdsa-sha2-nistp256':
      return 'sha256'
    case 'ecdsa-sha2-nistp384':
      return 'sha384'
    case 'rsa-sha2-512':
    case 'ecdsa-sha2-nistp521':
      return 'sha512'
    default:
      return null
  }
}
