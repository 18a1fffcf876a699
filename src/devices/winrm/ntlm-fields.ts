/** Every NTLM message begins with it. */
export const NTLM_SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1')

/** MS-NLMP 2.2.2.5 */
export const NTLM_FLAG = {
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

/** What a login that seals its messages asks for, and is offered. */
export const NTLM_SEALED =
  NTLM_FLAG.unicode |
  NTLM_FLAG.requestTarget |
  NTLM_FLAG.sign |
  NTLM_FLAG.seal |
  NTLM_FLAG.ntlm |
  NTLM_FLAG.alwaysSign |
  NTLM_FLAG.extendedSecurity |
  NTLM_FLAG.version |
  NTLM_FLAG.bits128 |
  NTLM_FLAG.keyExchange |
  NTLM_FLAG.bits56

/** Windows 10.0, NTLM revision 15. */
export const NTLM_VERSION = Buffer.from([10, 0, 0, 0, 0, 0, 0, 15])

/** MS-NLMP 2.2.2.1 */
export const NTLM_AV = { end: 0, flags: 6, timestamp: 7, targetName: 9, channelBindings: 10 } as const

/** What the pointer at `at` of a message leads to; undefined when it leads out of it. */
export function ntlmField(message: Buffer, at: number): Buffer | undefined {
  const length = message.readUInt16LE(at)
  const offset = message.readUInt32LE(at + 4)
  return offset + length <= message.length ? message.subarray(offset, offset + length) : undefined
}

/** Values by their ids, in order, without the end; undefined when they are cut. */
export function parseAvPairs(data: Buffer): ReadonlyMap<number, Buffer> | undefined {
  const pairs = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= data.length; ) {
    const id = data.readUInt16LE(at)
    const end = at + 4 + data.readUInt16LE(at + 2)
    if (id === NTLM_AV.end) break
    if (end > data.length) return undefined
    pairs.set(id, data.subarray(at + 4, end))
    at = end
  }
  return pairs
}

/** The bytes of AV pairs, with the end. */
export function avPairs(pairs: ReadonlyMap<number, Buffer>): Buffer {
  const parts: Buffer[] = []
  for (const [id, value] of [...pairs, [NTLM_AV.end, Buffer.alloc(0)] as const]) {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(id, 0)
    head.writeUInt16LE(value.length, 2)
    parts.push(head, value)
  }
  return Buffer.concat(parts)
}

/** 100 ns since 1601 (MS-DTYP 2.3.3). */
export function fileTime(date: Date): Buffer {
  const time = Buffer.alloc(8)
  time.writeBigUInt64LE((BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n)
  return time
}
