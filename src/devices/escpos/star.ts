import type { Condition } from '../printer/reading.ts'
import { conditionsOf } from '../printer/visit.ts'

/*
 * Printers of Star that are set to Star's own mode. They do not know DLE EOT, and tell how they are by themselves when somebody
 * connects: automatic status, by Star's Line Mode Command Specifications (TSP600, TSP700, HSP7000). In DLE EOT they
 * read EOT, which asks for a byte of its own.
 */

/** Header 1: `00*0***1`, with the number of bytes in it; all other bytes are `0**0***0`, but for the top bit of header 2. */
const HEADER = { mask: 0xd1, value: 0x01 } as const
const REST = 0x11
const FEWEST_BYTES = 7

type Bits = readonly (readonly [mask: number, name: Condition['name'], words: string])[]

/** Bits of the third to the sixth byte; what differs from model to model is only an error. */
const STATUS_BITS: readonly Bits[] = [
  [[0x20, 'cover-open', 'the cover is open']],
  [
    [0x04, 'mechanism-error', 'an error of the mechanism'],
    [0x08, 'cutter-error', 'the cutter is stuck'],
    [0x20, 'unrecoverable-error', 'an error that cannot be recovered'],
    [0x40, 'overheated', 'the print head is too hot'],
  ],
  [
    [0x0a, 'other-error', 'an error that depends on the model'],
    [0x40, 'other-error', 'its buffer ran over'],
  ],
  [
    [0x08, 'paper-out', 'no paper'],
    [0x06, 'paper-low', 'the paper is nearly at its end'],
  ],
]
const OFFLINE_BIT = 0x08

/** What the last whole automatic status says; undefined where there is none. */
export function starConditions(bytes: Uint8Array): readonly Condition[] | undefined {
  const status = lastStatus(bytes)
  if (!status) return undefined
  const shown = Buffer.from(status).toString('hex')
  const found = STATUS_BITS.flatMap((bits, n) => conditionsOf(status[n + 2] ?? 0, bits, `Star status ${shown}`))
  const isOffline = ((status[2] ?? 0) & OFFLINE_BIT) !== 0
  if (!isOffline || found.some(({ name }) => name !== 'paper-low' && name !== 'other-error')) return found
  return [...found, { name: 'offline', evidence: `Star status ${shown}: offline` }]
}

function lastStatus(bytes: Uint8Array): Uint8Array | undefined {
  let last: Uint8Array | undefined
  for (let at = 0; at < bytes.length; ) {
    const status = statusAt(bytes, at)
    if (status) last = status
    at += status?.length ?? 1
  }
  return last
}

function statusAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const [one = 0, two = 0] = bytes.subarray(at, at + 2)
  if ((one & HEADER.mask) !== HEADER.value) return undefined
  const length = ((one >> 2) & 0x18) | ((one >> 1) & 0x07)
  const whole = length + ((two >> 6) & 0x02)
  const status = bytes.subarray(at, at + whole)
  if (length < FEWEST_BYTES || status.length < whole) return undefined
  const isStatus = status.every((byte, n) => n === 0 || ((byte & REST) === 0 && (n === 1 || byte < 0x80)))
  return isStatus ? status : undefined
}

/** One answer to EOT and nothing else: `0**1***0`. It says little of the printer, and enough of its mode. */
export function answersEot(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.length <= 2 && bytes.every((byte) => (byte & 0x91) === 0x10)
}
