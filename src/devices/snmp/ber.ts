/** Basic Encoding Rules (X.690) as far as SNMP v1 and v2c need them (RFC 3417, 8). */
export interface Element {
  readonly tag: number
  readonly content: Buffer
}

export const BER = {
  integer: 0x02,
  octets: 0x04,
  nothing: 0x05,
  oid: 0x06,
  sequence: 0x30,
} as const

export function encodeElement(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const size = content.length
  if (size < 0x80) return Buffer.concat([Buffer.from([tag, size]), content])
  const bytes = size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...bytes]), content])
}

/** Of 32 bits, in as few bytes as hold it. */
export function encodeInteger(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  let first = 0
  while (first < 3 && isRedundant(bytes[first] ?? 0, bytes[first + 1] ?? 0)) first += 1
  return encodeElement(BER.integer, bytes.subarray(first))
}

function isRedundant(byte: number, next: number): boolean {
  return (byte === 0 && next < 0x80) || (byte === 0xff && next >= 0x80)
}

export function encodeOid(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number)
  return encodeElement(BER.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(arc: number): number[] {
  const bytes = [arc & 0x7f]
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift((left & 0x7f) | 0x80)
  return bytes
}

/** The elements that a content is made of; a RangeError for what is no whole row of them. */
export function decodeElements(bytes: Buffer): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at)
    const { size, start } = sizeAt(bytes, at + 1)
    if (start + size > bytes.length) throw new RangeError('An element goes beyond the message.')
    elements.push({ tag, content: bytes.subarray(start, start + size) })
    at = start + size
  }
  return elements
}

function sizeAt(bytes: Buffer, at: number): { readonly size: number; readonly start: number } {
  const first = bytes.readUInt8(at)
  if (first < 0x80) return { size: first, start: at + 1 }
  const count = first & 0x7f
  if (count === 0 || count > 4) throw new RangeError('A length that is none.')
  return { size: bytes.readUIntBE(at + 1, count), start: at + 1 + count }
}

/** Signed for INTEGER; counters, gauges and ticks are unsigned and have a leading zero where they need one. */
export function decodeInteger(content: Buffer): number {
  if (content.length === 0) throw new RangeError('A number without bytes.')
  if (content.length <= 6) return content.readIntBE(0, content.length)
  return Number(BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString('hex')}`)))
}

export function decodeOid(content: Buffer): string {
  if (content.length === 0) throw new RangeError('An identifier without bytes.')
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const head = arcs[0] ?? 0
  const first = Math.min(2, Math.floor(head / 40))
  return [first, head - first * 40, ...arcs.slice(1)].join('.')
}
