import {
  BER,
  decodeElements,
  decodeInteger,
  decodeOid,
  type Element,
  encodeElement,
  encodeInteger,
  encodeOid,
} from './ber.ts'

/**
 * All that is ever asked over SNMP: operations that read (RFC 3416, 3). There is no name for a Set, so that none can be
 * encoded.
 */
export const QUESTIONS = Object.freeze({ get: 0xa0, 'get-next': 0xa1, 'get-bulk': 0xa5 })
const RESPONSE = 0xa2

export type Version = 'v1' | 'v2c'

export interface SnmpQuestion {
  readonly version: Version
  readonly community: string
  readonly operation: keyof typeof QUESTIONS
  readonly requestId: number
  readonly oids: readonly string[]
  /** Of a `get-bulk`: how many rows. */
  readonly repetitions?: number
}

/** A number, octets, or an object identifier; null where there is no such object, or no more of them. */
export type SnmpValue = number | Uint8Array | { readonly oid: string } | null

export interface SnmpResponse {
  readonly version: Version
  readonly community: string
  readonly requestId: number
  /** 0 is none, 2 noSuchName (v1). */
  readonly errorStatus: number
  /** Counted from 1. */
  readonly errorIndex: number
  readonly variables: readonly SnmpVariable[]
}

export interface SnmpVariable {
  readonly oid: string
  readonly value: SnmpValue
}

export function encodeQuestion(question: SnmpQuestion): Buffer {
  const tag = QUESTIONS[question.operation]
  if (tag === undefined) throw new Error(`"${question.operation}" is not on the list of what may be asked.`)
  const nothing = encodeElement(BER.nothing)
  const variables = question.oids.map((oid) => encodeElement(BER.sequence, encodeOid(oid), nothing))
  const pdu = encodeElement(
    tag,
    encodeInteger(question.requestId),
    encodeInteger(0),
    encodeInteger(question.operation === 'get-bulk' ? (question.repetitions ?? 10) : 0),
    encodeElement(BER.sequence, ...variables),
  )
  return message(question, pdu)
}

/** What an agent answers; for those that imitate one. */
export function encodeResponse(response: SnmpResponse): Buffer {
  const variables = response.variables.map(({ oid, value }) =>
    encodeElement(BER.sequence, encodeOid(oid), encodeValue(value)),
  )
  const pdu = encodeElement(
    RESPONSE,
    encodeInteger(response.requestId),
    encodeInteger(response.errorStatus),
    encodeInteger(response.errorIndex),
    encodeElement(BER.sequence, ...variables),
  )
  return message(response, pdu)
}

const NO_SUCH_OBJECT = 0x80

function encodeValue(value: SnmpValue): Buffer {
  if (value === null) return encodeElement(NO_SUCH_OBJECT)
  if (typeof value === 'number') return encodeInteger(value)
  return value instanceof Uint8Array ? encodeElement(BER.octets, Buffer.from(value)) : encodeOid(value.oid)
}

function message(about: { readonly version: Version; readonly community: string }, pdu: Buffer): Buffer {
  const version = encodeInteger(about.version === 'v1' ? 0 : 1)
  return encodeElement(BER.sequence, version, encodeElement(BER.octets, Buffer.from(about.community)), pdu)
}

/** Undefined for what is no response of SNMP v1 or v2c. */
export function decodeResponse(bytes: Uint8Array): SnmpResponse | undefined {
  const read = decodeMessage(bytes)
  if (read?.tag !== RESPONSE) return undefined
  const { version, community, requestId, numbers, variables } = read
  return { version, community, requestId, errorStatus: numbers[0], errorIndex: numbers[1], variables }
}

/** A question, as an agent reads it; undefined for what is none of those that we ask. */
export function decodeQuestion(bytes: Uint8Array): SnmpQuestion | undefined {
  const read = decodeMessage(bytes)
  const operation = Object.entries(QUESTIONS).find(([, tag]) => tag === read?.tag)?.[0]
  if (!read || operation === undefined) return undefined
  const { version, community, requestId, numbers, variables } = read
  const oids = variables.map(({ oid }) => oid)
  const head = { version, community, requestId, oids, operation: operation as keyof typeof QUESTIONS }
  return operation === 'get-bulk' ? { ...head, repetitions: numbers[1] } : head
}

interface Message {
  readonly version: Version
  readonly community: string
  readonly tag: number
  readonly requestId: number
  readonly numbers: readonly [number, number]
  readonly variables: readonly SnmpVariable[]
}

function decodeMessage(bytes: Uint8Array): Message | undefined {
  try {
    return decode(Buffer.from(bytes))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function decode(bytes: Buffer): Message | undefined {
  const [whole] = decodeElements(bytes)
  if (whole?.tag !== BER.sequence) return undefined
  const [version, community, pdu] = decodeElements(whole.content)
  if (version?.tag !== BER.integer || community?.tag !== BER.octets || !pdu) return undefined
  const number = decodeInteger(version.content)
  if (number !== 0 && number !== 1) return undefined
  const [id, first, second, list] = decodeElements(pdu.content)
  if (id?.tag !== BER.integer || first?.tag !== BER.integer || second?.tag !== BER.integer) return undefined
  if (list?.tag !== BER.sequence) return undefined
  return {
    version: number === 0 ? 'v1' : 'v2c',
    community: community.content.toString('utf8'),
    tag: pdu.tag,
    requestId: decodeInteger(id.content),
    numbers: [decodeInteger(first.content), decodeInteger(second.content)],
    variables: decodeElements(list.content).map(variableOf),
  }
}

function variableOf({ content }: Element): SnmpVariable {
  const [name, value] = decodeElements(content)
  if (name?.tag !== BER.oid || !value) throw new RangeError('A variable without a name.')
  return { oid: decodeOid(name.content), value: decodedValue(value) }
}

/** Counter32, Gauge32, TimeTicks, Counter64. */
const NUMBERS: ReadonlySet<number> = new Set([BER.integer, 0x41, 0x42, 0x43, 0x46])

function decodedValue({ tag, content }: Element): SnmpValue {
  if (NUMBERS.has(tag)) return decodeInteger(content)
  if (tag === BER.oid) return { oid: decodeOid(content) }
  return tag === BER.octets || tag === 0x40 || tag === 0x44 ? new Uint8Array(content) : null
}
