/*
 * ECR-EFT 1.3, the protocol that the makers of Polish tills and acquirers agreed on (frob.pl): `STX token FS type FS … ETX LRC`,
 * where the LRC is the exclusive or of all bytes behind STX, ETX among them. Frames by the tests of hurufu/frobd, which implements it.
 */

const STX = 0x02
export const ETX = 0x03
export const ACK = 0x06
const FS = '\x1c'

export const ACKNOWLEDGED: Uint8Array = Uint8Array.of(ACK)

/**
 * T1, the test of communication, the only packet that is ever sent: whoever gets it answers with T2, who it is.
 * @param token six hexadecimal digits, which the answer repeats
 */
export function communicationTest(token: string): Uint8Array {
  return frame(`${token}${FS}T1${FS}`)
}

/** A packet between STX and its LRC. */
export function frame(packet: string): Uint8Array {
  const body = [...Buffer.from(packet, 'latin1'), ETX]
  return Uint8Array.of(
    STX,
    ...body,
    body.reduce((lrc, byte) => lrc ^ byte, 0),
  )
}

export interface Packet {
  readonly token: string
  readonly type: string
  readonly fields: readonly string[]
}

/** Packets in what came whose check sum fits, in order. */
export function packetsIn(bytes: Uint8Array): readonly Packet[] {
  const found: Packet[] = []
  for (let at = bytes.indexOf(STX); at >= 0; at = bytes.indexOf(STX, at + 1)) {
    const end = bytes.indexOf(ETX, at)
    const lrc = bytes.subarray(at + 1, end + 1).reduce((sum, byte) => sum ^ byte, 0)
    if (end < 0 || bytes[end + 1] !== lrc) continue
    const [token = '', type = '', ...fields] = Buffer.from(bytes.subarray(at + 1, end))
      .toString('latin1')
      .split(FS)
    if (/^[0-9A-F]{6}$/i.test(token) && /^[A-Z]\d$/.test(type)) found.push({ token, type, fields })
    at = end + 1
  }
  return found
}

/** Who answers: T2 with the newest version of the protocol that it knows, its vendor, what it is, and its number. */
export interface EftDevice {
  readonly version: string
  readonly vendor?: string
  readonly type?: string
  readonly id?: string
}

/** Undefined where no T2 with this token came. */
export function deviceIn(bytes: Uint8Array, token: string): EftDevice | undefined {
  const packet = packetsIn(bytes).find((one) => one.type === 'T2' && one.token.toUpperCase() === token.toUpperCase())
  const [version, vendor, type, id] = packet?.fields ?? []
  if (version === undefined || version === '') return undefined
  return { version, ...(vendor && { vendor }), ...(type && { type }), ...(id && { id }) }
}
