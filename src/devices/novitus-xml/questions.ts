import { crc32 } from 'node:zlib'

/**
 * All that is ever sent to a Novitus printer over its XML protocol, to the byte (version 1.02 for online printers):
 * questions that print nothing and change nothing. Attributes with a question mark are filled in by the printer.
 */
const ELEMENTS = Object.freeze({
  dle: '<dle/>',
  enq: '<enq/>',
  checkout:
    '<info action="checkout" type="receipt" isfiscal="?" receiptopen="?" lastreceipt="?" lasterror="?" date="?"/>',
  lasttransaction: '<info action="lasttransaction" state="?" date="?" number="?"/>',
  repository:
    '<info action="repository" date_send="?" date_send_correct="?" jpk_send_count="?" jpk_actual_send_no="?"/>',
  printoutinfo: '<deviceinfo action="printoutinfo" papercount="?"/>',
  fiscalmemory:
    '<info action="fiscalmemory" recordscount="?" maxrecordscount="?" reportscount="?" maxreportscount="?" resetcount="?"/>',
  sdcard: '<info action="sdcard" state="?" free="?" lastreport="?"/>',
  error: '<error action="get" value=""/>',
} as const)

export type Question = keyof typeof ELEMENTS

/** Whether it prints, sells and may be disturbed. */
export const QUICK: readonly Question[] = Object.freeze<Question[]>([
  'dle',
  'enq',
  'checkout',
  'lasttransaction',
  'repository',
  'printoutinfo',
])

/** Everything. */
export const THOROUGH: readonly Question[] = Object.freeze(Object.keys(ELEMENTS) as Question[])

/** No packet is longer, in either direction. */
export const MAX_BYTES = 5_000

/**
 * The packet of a question, with its checksum.
 * @throws TypeError for anything that is no question of the list: a fault of ours, since no parameter leads here
 */
export function encodeQuestion(question: Question): Uint8Array {
  if (!Object.hasOwn(ELEMENTS, question)) throw new TypeError(`The Novitus client never sends "${String(question)}".`)
  return Buffer.from(`<packet crc="${checksumOf(ELEMENTS[question])}">${ELEMENTS[question]}</packet>`, 'latin1')
}

/** CRC-32 of exactly what stands between the tags, white space and all. */
export function checksumOf(inner: string | Uint8Array): string {
  const bytes = typeof inner === 'string' ? Buffer.from(inner, 'latin1') : inner
  return crc32(bytes).toString(16).toUpperCase().padStart(8, '0')
}
