import { randomBytes } from 'node:crypto'
import { type Account, encryptedSessionKey, hmacMd5, ntlmV2Response, passwordKey, utf16 } from './ntlm-keys.ts'

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1')

/** MS-NLMP 2.2.2.5 */
const FLAG = {
  unicode: 0x0000_0001,
  requestTarget: 0x0000_0004,
  sign: 0x0000_0010,
  seal: 0x0000_0020,
  ntlm: 0x0000_0200,
  alwaysSign: 0x0000_8000,
  extendedSecurity: 0x0008_0000,
  targetInfo: 0x0080_0000,
  version: 0x0200_0000,
  bits128: 0x2000_0000,
  keyExchange: 0x4000_0000,
  bits56: 0x8000_0000,
} as const

const WISHED =
  FLAG.unicode |
  FLAG.requestTarget |
  FLAG.sign |
  FLAG.seal |
  FLAG.ntlm |
  FLAG.alwaysSign |
  FLAG.extendedSecurity |
  FLAG.version |
  FLAG.bits128 |
  FLAG.keyExchange |
  FLAG.bits56

/** Without any of these, messages could not be sealed. */
const NEEDED = {
  sign: FLAG.sign,
  seal: FLAG.seal,
  ESS: FLAG.extendedSecurity,
  128: FLAG.bits128,
  KEY_EXCH: FLAG.keyExchange,
}

/** Windows 10.0, NTLM revision 15. */
const VERSION = Buffer.from([10, 0, 0, 0, 0, 0, 0, 15])

/** MS-NLMP 2.2.2.1 */
const AV = { end: 0, flags: 6, timestamp: 7, targetName: 9, channelBindings: 10 } as const

/** The message that opens an NTLM login. */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(40)
  SIGNATURE.copy(message)
  message.writeUInt32LE(1, 8)
  message.writeInt32LE(WISHED | 0, 12)
  VERSION.copy(message, 32)
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
  if (raw.length < 48 || !raw.subarray(0, 8).equals(SIGNATURE) || raw.readUInt32LE(8) !== 2) return undefined
  const info = field(raw, 40)
  const targetInfo = info && parseAvPairs(info)
  if (!targetInfo) return undefined
  return { raw, flags: raw.readInt32LE(20), serverChallenge: raw.subarray(24, 32), targetInfo }
}

function field(message: Buffer, at: number): Buffer | undefined {
  const length = message.readUInt16LE(at)
  const offset = message.readUInt32LE(at + 4)
  return offset + length <= message.length ? message.subarray(offset, offset + length) : undefined
}

function parseAvPairs(data: Buffer): ReadonlyMap<number, Buffer> | undefined {
  const pairs = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= data.length; ) {
    const id = data.readUInt16LE(at)
    const end = at + 4 + data.readUInt16LE(at + 2)
    if (id === AV.end) break
    if (end > data.length) return undefined
    pairs.set(id, data.subarray(at + 4, end))
    at = end
  }
  return pairs
}

function avPairs(pairs: ReadonlyMap<number, Buffer>): Buffer {
  const parts: Buffer[] = []
  for (const [id, value] of [...pairs, [AV.end, Buffer.alloc(0)] as const]) {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(id, 0)
    head.writeUInt16LE(value.length, 2)
    parts.push(head, value)
  }
  return Buffer.concat(parts)
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
  /** Random unless given: 8 and 16 bytes. */
  readonly clientChallenge?: Buffer
  readonly exportedSessionKey?: Buffer
}

/** The AUTHENTICATE message with its MIC (MS-NLMP 3.1.5.1.2), and the key that the seal is made from. */
export function authenticateMessage(
  challenge: Challenge,
  options: AuthenticateOptions,
): { readonly message: Buffer; readonly exportedSessionKey: Buffer } {
  const { account } = options
  const exportedSessionKey = options.exportedSessionKey ?? randomBytes(16)
  const timestamp = challenge.targetInfo.get(AV.timestamp)
  const key = passwordKey(account, options.password)
  const { response, sessionBaseKey } = ntlmV2Response(key, {
    serverChallenge: challenge.serverChallenge,
    clientChallenge: options.clientChallenge ?? randomBytes(8),
    time: timestamp ?? fileTime(new Date()),
    targetInfo: answeredInfo(challenge, options),
  })
  const flags = (challenge.flags & WISHED) | FLAG.targetInfo | FLAG.version
  const message = laidOut(flags, [
    // LMv2 is not for those who have a time of the device's own.
    Buffer.alloc(24),
    response,
    utf16(account.domain),
    utf16(account.user),
    Buffer.alloc(0),
    encryptedSessionKey(sessionBaseKey, exportedSessionKey),
  ])
  hmacMd5(exportedSessionKey, options.negotiate, challenge.raw, message).copy(message, MIC_AT)
  return { message, exportedSessionKey }
}

function answeredInfo(challenge: Challenge, options: AuthenticateOptions): Buffer {
  const pairs = new Map(challenge.targetInfo)
  const flags = Buffer.alloc(4)
  flags.writeUInt32LE((pairs.get(AV.flags)?.readUInt32LE(0) ?? 0) | 2)
  pairs.set(AV.flags, flags)
  pairs.set(AV.targetName, utf16(`HTTP/${options.host}`))
  if (options.channelBinding) pairs.set(AV.channelBindings, options.channelBinding)
  return avPairs(pairs)
}

const MIC_AT = 72
const PAYLOAD_AT = 88

/** Fields in the order of their pointers; the MIC is still zero. */
function laidOut(flags: number, fields: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(PAYLOAD_AT)
  SIGNATURE.copy(head)
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
  VERSION.copy(head, 64)
  return Buffer.concat([head, ...fields])
}

/** 100 ns since 1601 (MS-DTYP 2.3.3). */
function fileTime(date: Date): Buffer {
  const time = Buffer.alloc(8)
  time.writeBigUInt64LE((BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n)
  return time
}
