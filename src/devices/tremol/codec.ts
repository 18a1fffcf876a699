/*
 * Tremol's protocol, by its description (version 2507141400) and its own library (ZekaFP.cpp, Tremol Ltd.), held against
 * what an FP-28 was seen to say: STX, length, number, command, data, two bytes of checksum, LF. The length counts itself,
 * number, command and data, and 20h; the checksum is the XOR of these, in two bytes of 30h to 3Fh.
 */

const STX = 0x02
const NACK = 0x15
/** It is at work, and wants the frame again later. */
const RETRY = 0x0e
/** With which every frame ends, and nothing else in an answer to ours. */
export const END = 0x0a
const OFFSET = 0x20
const STATUS_BYTES = 7

/** The short question: one byte, answered by one byte at once, whatever it is doing. It has no number. */
export const POLL = 0x09
/** The status in seven bytes. */
export const STATUS = 0x20

/** A whole frame. */
export function framed(number: number, command: number, data: readonly number[] = []): Uint8Array {
  const counted = [OFFSET + 3 + data.length, number, command, ...data]
  const sum = counted.reduce((before, byte) => before ^ byte, 0)
  return Uint8Array.of(STX, ...counted, 0x30 + (sum >> 4), 0x30 + (sum & 0x0f), END)
}

/** The status in a whole, undamaged answer to the question with this number, behind whatever else has come. */
export function statusIn(bytes: Uint8Array, number: number): Uint8Array | undefined {
  const end = bytes.lastIndexOf(END)
  const frame = bytes.subarray(Math.max(0, end - 6 - STATUS_BYTES), end + 1)
  const status = frame.slice(4, -3)
  // The highest bit of each is always set.
  const isStatus = status.length === STATUS_BYTES && status.every((byte) => byte >= 0x80)
  return isStatus && Buffer.compare(frame, framed(number, STATUS, [...status])) === 0 ? status : undefined
}

/** It said nothing but that the frame was damaged, or that it wants it again later. */
export function wantsAgain(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === NACK || byte === RETRY)
}

/** What the byte that answers the short question says. */
export interface Polled {
  readonly isBusy: boolean
  readonly isOutOfPaper: boolean
  readonly isOverheated: boolean
  readonly lacksDisplay: boolean
  /** It says no more than that to whoever asks. */
  readonly refusal?: 'password' | 'other-connection'
}

const REFUSALS: ReadonlyMap<number, 'password' | 'other-connection'> = new Map([
  [0x50, 'password'],
  [0x60, 'other-connection'],
  [0x70, 'password'],
])

/** One byte and nothing else; undefined for what is no such answer. */
export function polled(bytes: Uint8Array): Polled | undefined {
  const [byte, more] = bytes
  if (byte === undefined || more !== undefined) return undefined
  const refusal = REFUSALS.get(byte)
  const nothing = { isBusy: false, isOutOfPaper: false, isOverheated: false, lacksDisplay: false }
  if (refusal) return { ...nothing, refusal }
  const has = (bit: number): boolean => (byte & (1 << bit)) !== 0
  if ((byte & 0xf0) !== 0x40) return undefined
  return { isBusy: has(0), isOutOfPaper: has(1), isOverheated: has(2), lacksDisplay: has(3) }
}
