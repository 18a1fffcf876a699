/*
 * Frames of protocol 2 of Shtrih-M, by the drivers that its maker publishes (shtrih-m/javapos_shtrih, shtrih-m/opos):
 * 8Fh, length, number, data, checksum, each number of two bytes, the lowest first. The length counts the number and the
 * data. Behind 8Fh neither that nor 9Fh stands as itself. A frame of length 0, without a number, asks for the number
 * that the device has come to.
 */

export const START = 0x8f
const ESCAPE = 0x9f
const ESCAPED_START = 0x81
const ESCAPED_ESCAPE = 0x83

/** Some devices answer a question for the number with this length, the number, and no checksum. */
const BARE_NUMBER = 0x0100

/** What asks for the number of a device. */
export const SYNCHRONIZE: Uint8Array = stuffed(withChecksum(Uint8Array.of(0, 0)))

export interface Frame2 {
  readonly number: number
  /** Empty where it only tells the number. */
  readonly data: Buffer
}

/** The bytes of a frame. */
export function encodeFrame(number: number, data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(data.length + 2)
  head.writeUInt16LE(number, 2)
  return stuffed(withChecksum(Buffer.concat([head, data])))
}

/** CRC-16 of CCITT, from FFFFh, over the bytes before any is replaced. */
export function checksum(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => {
    let crc = ((sum >> 8) | (sum << 8)) & 0xffff
    crc ^= byte
    crc ^= (crc & 0xff) >> 4
    crc ^= (crc << 12) & 0xffff
    return crc ^ (((crc & 0xff) << 5) & 0xffff)
  }, 0xffff)
}

/** The whole, undamaged frames that stand in what has come, in their order. */
export function framesIn(bytes: Uint8Array): readonly Frame2[] {
  const starts = [...bytes.keys()].filter((at) => bytes[at] === START)
  return starts.flatMap((at, n) => frameIn(unstuffed(bytes.subarray(at + 1, starts[n + 1]))) ?? [])
}

function frameIn(bytes: Buffer): Frame2 | undefined {
  if (bytes.length < 4) return undefined
  const length = bytes.readUInt16LE(0)
  const number = bytes.readUInt16LE(2)
  if (length === BARE_NUMBER && bytes.length === 4) return { number, data: Buffer.alloc(0) }
  if (length < 2 || bytes.length < length + 4) return undefined
  const counted = bytes.subarray(0, length + 2)
  return checksum(counted) === bytes.readUInt16LE(length + 2) ? { number, data: counted.subarray(4) } : undefined
}

function withChecksum(bytes: Uint8Array): Uint8Array {
  const end = Buffer.alloc(2)
  end.writeUInt16LE(checksum(bytes))
  return Buffer.concat([bytes, end])
}

function stuffed(bytes: Uint8Array): Uint8Array {
  const body = [...bytes].flatMap((byte) => {
    if (byte === START) return [ESCAPE, ESCAPED_START]
    return byte === ESCAPE ? [ESCAPE, ESCAPED_ESCAPE] : [byte]
  })
  return Uint8Array.of(START, ...body)
}

function unstuffed(bytes: Uint8Array): Buffer {
  const plain: number[] = []
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte !== ESCAPE) plain.push(byte)
    else plain.push(bytes[++at] === ESCAPED_START ? START : ESCAPE)
  }
  return Buffer.from(plain)
}
