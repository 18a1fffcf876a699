import { randomBytes } from 'node:crypto'
import {
  avPairs,
  fileTime,
  NTLM_AV,
  NTLM_FLAG,
  NTLM_SEALED,
  NTLM_SIGNATURE,
  NTLM_VERSION,
  ntlmField,
  parseAvPairs,
} from '../../devices/winrm/ntlm-fields.ts'
import {
  type Account,
  encryptedSessionKey,
  hmacMd5,
  lmV2Response,
  ntlmV2Response,
  passwordKey,
  utf16,
} from '../../devices/winrm/ntlm-keys.ts'

/** Without any of these, messages could not be sealed. */
const NEEDED = {
  UNICODE: NTLM_FLAG.unicode,
  sign: NTLM_FLAG.sign,
  seal: NTLM_FLAG.seal,
  ESS: NTLM_FLAG.extendedSecurity,
  128: NTLM_FLAG.bits128,
  KEY_EXCH: NTLM_FLAG.keyExchange,
}

/** The message that opens an NTLM login. */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(40)
  NTLM_SIGNATURE.copy(message)
  message.writeUInt32LE(1, 8)
  message.writeInt32LE(NTLM_SEALED | 0, 12)
  NTLM_VERSION.copy(message, 32)
  return message
}

export interface Challenge {
  readonly raw: Buffer
  readonly flags: number
  readonly serverChallenge: Buffer
  /** By their ids, in order; without the end. */
  readonly targetInfo: ReadonlyMap<number, Buffer>
}

/** Reads the device's CHALLENGE; undefined when it is none. */
export function parseChallenge(raw: Buffer): Challenge | undefined {
  if (raw.length < 48 || !raw.subarray(0, 8).equals(NTLM_SIGNATURE) || raw.readUInt32LE(8) !== 2) return undefined
  const info = ntlmField(raw, 40)
  const targetInfo = info && parseAvPairs(info)
  if (!targetInfo) return undefined
  return { raw, flags: raw.readInt32LE(20), serverChallenge: raw.subarray(24, 32), targetInfo }
}

/** What a challenge lacks for messages to be sealed, in its own words; empty when nothing. */
export function missingForSeal(challenge: Challenge): readonly string[] {
  return Object.entries(NEEDED)
    .filter(([, flag]) => (challenge.flags & flag) === 0)
    .map(([name]) => name)
}

export interface AuthenticateOptions {
  readonly account: Account
  readonly password: string
  /** Host name or address, for `HTTP/host`. */
  readonly host: string
  /** MD5 of the channel's bindings; always given on TLS. */
  readonly channelBinding?: Buffer | undefined
  readonly negotiate: Buffer
  /** Default: random. 8 and 16 bytes. */
  readonly clientChallenge?: Buffer
  readonly exportedSessionKey?: Buffer
}

/** The AUTHENTICATE message with its MIC (MS-NLMP 3.1.5.1.2), and the key that the seal is made from. */
export function authenticateMessage(
  challenge: Challenge,
  options: AuthenticateOptions,
): { readonly message: Buffer; readonly exportedSessionKey: Buffer } {
  const { account } = options
  const clientChallenge = options.clientChallenge ?? randomBytes(8)
  const timestamp = challenge.targetInfo.get(NTLM_AV.timestamp)
  const key = passwordKey(account, options.password)
  const { response, sessionBaseKey } = ntlmV2Response(key, {
    serverChallenge: challenge.serverChallenge,
    clientChallenge,
    time: timestamp ?? fileTime(new Date()),
    targetInfo: answeredInfo(challenge, options),
  })
  // Over TLS a device may do without a key of ours; it is the one that comes of the password then (3.4.5.1).
  const exchangesKey = (challenge.flags & NTLM_FLAG.keyExchange) !== 0
  const exportedSessionKey = exchangesKey ? (options.exportedSessionKey ?? randomBytes(16)) : sessionBaseKey
  const flags = (challenge.flags & NTLM_SEALED) | NTLM_FLAG.targetInfo | NTLM_FLAG.version
  const message = laidOut(flags, [
    // LMv2 is not for those who have a time of the device's own.
    timestamp ? Buffer.alloc(24) : lmV2Response(key, challenge.serverChallenge, clientChallenge),
    response,
    utf16(account.domain),
    utf16(account.user),
    Buffer.alloc(0),
    exchangesKey ? encryptedSessionKey(sessionBaseKey, exportedSessionKey) : Buffer.alloc(0),
  ])
  hmacMd5(exportedSessionKey, options.negotiate, challenge.raw, message).copy(message, MIC_AT)
  return { message, exportedSessionKey }
}

function answeredInfo(challenge: Challenge, options: AuthenticateOptions): Buffer {
  const pairs = new Map(challenge.targetInfo)
  const flags = Buffer.alloc(4)
  flags.writeUInt32LE((pairs.get(NTLM_AV.flags)?.readUInt32LE(0) ?? 0) | 2)
  pairs.set(NTLM_AV.flags, flags)
  pairs.set(NTLM_AV.targetName, utf16(`HTTP/${options.host}`))
  if (options.channelBinding) pairs.set(NTLM_AV.channelBindings, options.channelBinding)
  return avPairs(pairs)
}

const MIC_AT = 72
const PAYLOAD_AT = 88

/** Fields in the order of their pointers; the MIC is still zero. */
function laidOut(flags: number, fields: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(PAYLOAD_AT)
  NTLM_SIGNATURE.copy(head)
  head.writeUInt32LE(3, 8)
  let offset = PAYLOAD_AT
  for (const [n, value] of fields.entries()) {
    const at = 12 + n * 8
    head.writeUInt16LE(value.length, at)
    head.writeUInt16LE(value.length, at + 2)
    head.writeUInt32LE(offset, at + 4)
    offset += value.length
  }
  head.writeInt32LE(flags | 0, 60)
  NTLM_VERSION.copy(head, 64)
  return Buffer.concat([head, ...fields])
}
