/**
 * Messages of the Internet Printing Protocol, requests and responses alike (RFC 8010, 3). Integers, enums, booleans,
 * texts and octets have values of their own; whatever else there is stays as its bytes.
 */
export interface IppMessage {
  /** `[2, 0]` is IPP/2.0. */
  readonly version: readonly [number, number]
  /** The operation of a request, the status of a response. */
  readonly code: number
  readonly requestId: number
  readonly groups: readonly IppGroup[]
}

export interface IppGroup {
  /** 1 operation, 2 job, 4 printer, 5 unsupported. */
  readonly tag: number
  readonly attributes: readonly IppAttribute[]
}

export interface IppAttribute {
  readonly name: string
  readonly values: readonly IppValue[]
}

export interface IppValue {
  readonly tag: number
  readonly value: number | boolean | string | Uint8Array | null
}

export const GROUP = { operation: 1, job: 2, printer: 4, unsupported: 5 } as const
export const TAG = {
  integer: 0x21,
  boolean: 0x22,
  enum: 0x23,
  octets: 0x30,
  text: 0x41,
  name: 0x42,
  keyword: 0x44,
  uri: 0x45,
  charset: 0x47,
  language: 0x48,
} as const

const END_OF_ATTRIBUTES = 3
const FIRST_VALUE_TAG = 0x10
/** RFC 8010, 3.5.2: `unsupported`, `unknown`, `no-value` and their like have no value. */
const isOutOfBand = (tag: number): boolean => tag >= 0x10 && tag <= 0x1f
const isInteger = (tag: number): boolean => tag === TAG.integer || tag === TAG.enum
const isText = (tag: number): boolean => tag >= 0x41 && tag <= 0x4a

/** Integers are of 32 bits; texts and octets of at most 32,767 bytes. */
export function encodeMessage(message: IppMessage): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt8(message.version[0], 0)
  head.writeUInt8(message.version[1], 1)
  head.writeUInt16BE(message.code, 2)
  head.writeInt32BE(message.requestId, 4)
  const parts: Buffer[] = [head]
  for (const { tag, attributes } of message.groups) {
    parts.push(Buffer.from([tag]))
    for (const { name, values } of attributes) {
      for (const [n, value] of values.entries()) parts.push(encodeValue(n === 0 ? name : '', value))
    }
  }
  parts.push(Buffer.from([END_OF_ATTRIBUTES]))
  return Buffer.concat(parts)
}

function encodeValue(name: string, { tag, value }: IppValue): Buffer {
  const bytes = valueBytes(tag, value)
  const label = Buffer.from(name)
  const lengths = [Buffer.alloc(2), Buffer.alloc(2)] as const
  lengths[0].writeUInt16BE(label.length)
  lengths[1].writeUInt16BE(bytes.length)
  return Buffer.concat([Buffer.from([tag]), lengths[0], label, lengths[1], bytes])
}

function valueBytes(tag: number, value: IppValue['value']): Buffer {
  if (value === null) return Buffer.alloc(0)
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0])
  if (typeof value !== 'number') return Buffer.from(value as string)
  if (!isInteger(tag)) throw new Error(`A number is no value for the tag 0x${tag.toString(16)}.`)
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Undefined for what is no whole message; what follows the attributes (a document) is passed over. */
export function decodeMessage(bytes: Uint8Array): IppMessage | undefined {
  try {
    return decode(Buffer.from(bytes))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

interface OpenGroup {
  readonly tag: number
  readonly attributes: { readonly name: string; readonly values: IppValue[] }[]
}

function decode(bytes: Buffer): IppMessage | undefined {
  const version = [bytes.readUInt8(0), bytes.readUInt8(1)] as const
  const head = { version, code: bytes.readUInt16BE(2), requestId: bytes.readInt32BE(4) }
  const groups: OpenGroup[] = []
  let at = 8
  for (;;) {
    const tag = bytes.readUInt8(at)
    at += 1
    if (tag === END_OF_ATTRIBUTES) return { ...head, groups }
    const group = groups.at(-1)
    if (tag < FIRST_VALUE_TAG) groups.push({ tag, attributes: [] })
    else if (group) at = decodeValue(bytes, at, { tag, group })
    else return undefined
  }
}

function decodeValue(bytes: Buffer, at: number, into: { readonly tag: number; readonly group: OpenGroup }): number {
  const { tag, group } = into
  const nameEnd = at + 2 + bytes.readUInt16BE(at)
  const name = bytes.toString('utf8', at + 2, nameEnd)
  const end = nameEnd + 2 + bytes.readUInt16BE(nameEnd)
  if (end > bytes.length) throw new RangeError('The value goes beyond the message.')
  const value = { tag, value: decodedValue(tag, bytes.subarray(nameEnd + 2, end)) }
  const last = group.attributes.at(-1)
  if (name !== '') group.attributes.push({ name, values: [value] })
  else if (last) last.values.push(value)
  else throw new RangeError('A further value without an attribute.')
  return end
}

function decodedValue(tag: number, bytes: Buffer): IppValue['value'] {
  if (isOutOfBand(tag)) return null
  if (isInteger(tag) && bytes.length === 4) return bytes.readInt32BE(0)
  if (tag === TAG.boolean && bytes.length === 1) return bytes[0] !== 0
  if (isText(tag)) return bytes.toString('utf8')
  return new Uint8Array(bytes)
}

/** The attributes of the groups with a tag, each group as a map by name. */
export function attributesOf(message: IppMessage, tag: number): readonly ReadonlyMap<string, readonly IppValue[]>[] {
  return message.groups
    .filter((group) => group.tag === tag)
    .map(({ attributes }) => new Map(attributes.map(({ name, values }) => [name, values])))
}
