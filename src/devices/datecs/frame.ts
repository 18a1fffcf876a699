/*
 * Frames of the fiscal printers of Datecs with one byte of length, and of Daisy: by the manuals of FP-550F (page 23) and
 * FP-2000 (pages 6 and 7). Length, number and command each have a byte of their own; in an answer the status stands
 * between 04h and 05h; the checksum is the sum of all from the length to 05h, in four bytes of 30h to 3Fh.
 */

const PREAMBLE = 0x01
const SEPARATOR = 0x04
const POSTAMBLE = 0x05
/** With which every frame ends, and nothing else in it. */
export const TERMINATOR = 0x03
/** It got a frame that was damaged, and wants it again. */
const NAK = 0x15
/** It is at work, and answers later: sent every 60 ms. */
const SYN = 0x16
const OFFSET = 0x20
const STATUS_BYTES = 6

/** Reading the status (4Ah), at once and whatever it is doing: all that is ever asked. Nothing is printed or changed. */
export const STATUS = 0x4a

/**
 * The frame of the question.
 * @param number 20h to FFh; a device repeats its last answer to the number that it got last
 */
export function encodeQuestion(number: number): Uint8Array {
  const counted = Uint8Array.of(OFFSET + 4, number, STATUS, POSTAMBLE)
  return Uint8Array.of(PREAMBLE, ...counted, ...checksum(counted), TERMINATOR)
}

/** Four bytes, each with four bits of the sum. */
export function checksum(bytes: Uint8Array): readonly number[] {
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  return [12, 8, 4, 0].map((shift) => 0x30 + ((sum >> shift) & 0x0f))
}

/** It said nothing but that it works, noise on the line aside, and began no frame: so the driver ErpNet.FP reads SYN. */
export function asksToWait(bytes: Uint8Array): boolean {
  return bytes.includes(SYN) && !bytes.includes(PREAMBLE)
}

/** It said nothing but that it wants the frame again. */
export function isRefusal(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === NAK)
}

export interface Answer {
  readonly number: number
  readonly status: Uint8Array
}

/** The whole, undamaged answers to the question in what has come. What stands before them (SYN, NAK) is passed over. */
export function answersIn(bytes: Uint8Array): readonly Answer[] {
  const found: Answer[] = []
  let from = 0
  for (let end = bytes.indexOf(TERMINATOR); end >= 0; end = bytes.indexOf(TERMINATOR, from)) {
    const start = bytes.subarray(from, end).lastIndexOf(PREAMBLE)
    const answer = start < 0 ? undefined : answerIn(bytes.subarray(from + start + 1, end))
    if (answer) found.push(answer)
    from = end + 1
  }
  return found
}

/** Between 01h and 03h. */
function answerIn(bytes: Uint8Array): Answer | undefined {
  const counted = bytes.subarray(0, -4)
  const [length, number, command] = counted
  const isWhole = counted.length >= STATUS_BYTES + 5 && length === OFFSET + counted.length
  const isFramed = counted.at(-1) === POSTAMBLE && counted.at(-2 - STATUS_BYTES) === SEPARATOR
  if (!isWhole || !isFramed || number === undefined || command !== STATUS) return undefined
  if (!checksum(counted).every((digit, at) => bytes[counted.length + at] === digit)) return undefined
  const status = counted.slice(-1 - STATUS_BYTES, -1)
  // The highest bit of each is always set.
  return status.every((byte) => byte >= 0x80) ? { number, status } : undefined
}
