import { createHash, createHmac } from 'node:crypto'
import { md4 } from './md4.ts'
import { Rc4 } from './rc4.ts'

/** As NTLM has it: `DOMAIN`, empty for an account of the machine or a name with `@`. */
export interface Account {
  readonly user: string
  readonly domain: string
}

/**
 * `DOMAIN\user`, `user@domain` or `user`. `.\user` is an account of the machine, which NTLM calls an empty domain: the
 * dot is known to Windows' own clients only.
 */
/** `DOMAIN\user` in its parts; `.` is the machine itself, and a name without a domain has none. */
export function accountOf(name: string): Account {
  const at = name.indexOf('\\')
  if (at < 0) return { user: name, domain: '' }
  const domain = name.slice(0, at)
  return { user: name.slice(at + 1), domain: domain === '.' ? '' : domain }
}

/** UNICODE of MS-NLMP 6: UTF-16, little-endian, without a mark or a terminator. */
export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}

/** HMAC_MD5 of MS-NLMP 6, over the parts one behind the other. */
export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('md5', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** NTOWFv2 of MS-NLMP 3.3.2: what both sides know of the password. */
export function passwordKey(account: Account, password: string): Buffer {
  return hmacMd5(md4(utf16(password)), utf16(upperCase(account.user) + account.domain))
}

/**
 * As Windows does it: unit by unit of UTF-16, so that a name keeps its length (`ß` has no upper case there), and only
 * where the small letter is the one that comes back (`ı`, `ſ` and the sign `µ` stay), but for the second sigma of Greek.
 */
function upperCase(text: string): string {
  return text
    .split('')
    .map((unit) => {
      const upper = unit.toUpperCase()
      return unit === 'ς' || (upper.length === 1 && upper.toLowerCase() === unit) ? upper : unit
    })
    .join('')
}

/** The NTLMv2 response and the key that comes of it (MS-NLMP 3.3.2). */
export function ntlmV2Response(
  key: Buffer,
  parts: {
    readonly serverChallenge: Uint8Array
    readonly clientChallenge: Uint8Array
    /** FILETIME, 8 bytes. */
    readonly time: Uint8Array
    readonly targetInfo: Uint8Array
  },
): { readonly response: Buffer; readonly sessionBaseKey: Buffer } {
  const head = Buffer.from([1, 1, 0, 0, 0, 0, 0, 0])
  const gap = Buffer.alloc(4)
  const temp = Buffer.concat([head, parts.time, parts.clientChallenge, gap, parts.targetInfo, gap])
  const proof = hmacMd5(key, parts.serverChallenge, temp)
  return { response: Buffer.concat([proof, temp]), sessionBaseKey: hmacMd5(key, proof) }
}

/** The LMv2 response (MS-NLMP 3.3.2), for devices that give no time of their own. */
export function lmV2Response(key: Buffer, serverChallenge: Uint8Array, clientChallenge: Uint8Array): Buffer {
  return Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge])
}

/** The session key as it travels (KEY_EXCH): a random one under the key that comes of the password. */
export function encryptedSessionKey(sessionBaseKey: Uint8Array, exportedSessionKey: Uint8Array): Buffer {
  return new Rc4(sessionBaseKey).process(exportedSessionKey)
}

export type Direction = 'client' | 'server'

const MAGIC = {
  client: 'session key to client-to-server',
  server: 'session key to server-to-client',
} as const

/** SIGNKEY and SEALKEY of MS-NLMP 3.4.5 with extended session security and 128 bits. */
export function directionKeys(
  exportedSessionKey: Uint8Array,
  direction: Direction,
): { readonly sign: Buffer; readonly seal: Buffer } {
  const derive = (use: string): Buffer =>
    createHash('md5').update(exportedSessionKey).update(`${MAGIC[direction]} ${use} key magic constant\0`).digest()
  return { sign: derive('signing'), seal: derive('sealing') }
}
