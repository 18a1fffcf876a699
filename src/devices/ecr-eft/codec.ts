import { ACK, lrcFrame, lrcMessages } from '../terminal/lrc-frame.ts'

/*
 * ECR-EFT 1.3, the protocol that the makers of Polish tills and acquirers agreed on (frob.pl): `STX token FS type FS … ETX LRC`,
 * where the LRC is the exclusive or of all bytes behind STX, ETX among them. Frames by the tests of hurufu/frobd, which implements it.
 */

const LRC_SEED = 0
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
  return lrcFrame(packet, LRC_SEED)
}

export interface Packet {
  readonly token: string
  readonly type: string
  readonly fields: readonly string[]
}

/** Packets in what came whose check sum fits, in order. */
export function packetsIn(bytes: Uint8Array): readonly Packet[] {
  return [...lrcMessages(bytes, LRC_SEED)].flatMap((message): Packet[] => {
    const [token = '', type = '', ...fields] = message.split(FS)
    return /^[0-9A-F]{6}$/i.test(token) && /^[A-Z]\d$/.test(type) ? [{ token, type, fields }] : []
  })
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
