/*
 * Frames of the fiscal printers of Datecs and Daisy, by the manuals of FP-550F (page 23), FP-2000 (pages 6 and 7) and, for
 * the X series, of FP-700X and its kind (version 2.08, pages 3 and 4). A frame has a length, a number, a command and data;
 * in an answer the status stands between 04h and 05h; the checksum is the sum of all from the length to 05h, in four bytes
 * of 30h to 3Fh.
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

/** How a series of devices frames what is said. */
export interface Framing {
  /** Length and command have four bytes each, of 30h to 3Fh; otherwise one. */
  readonly isWide: boolean
  readonly statusBytes: number
}

/** Of Daisy, and of Datecs before its X series. */
export const NARROW: Framing = { isWide: false, statusBytes: 6 }
/** Of the X series of Datecs. */
export const WIDE: Framing = { isWide: true, statusBytes: 8 }

/** Reading the status (4Ah), at once and whatever it is doing: all that is ever asked. Nothing is printed or changed. */
export const STATUS = 0x4a

/**
 * The frame of the question.
 * @param number 20h to FFh; a device repeats its last answer to the number that it got last
 */
export function encodeQuestion(number: number, framing: Framing): Uint8Array {
  return framed({ number, command: STATUS, content: [POSTAMBLE] }, framing)
}

/**
 * A whole frame.
 * @param content what stands behind the command, 05h at its end
 */
export function framed(
  {
    number,
    command,
    content,
  }: { readonly number: number; readonly command: number; readonly content: readonly number[] },
  { isWide }: Framing,
): Uint8Array {
  const written = (value: number): readonly number[] => (isWide ? digits(value) : [value])
  const behind = [number, ...written(command), ...content]
  const counted = [...written(OFFSET + behind.length + (isWide ? 4 : 1)), ...behind]
  return Uint8Array.of(PREAMBLE, ...counted, ...checksum(Uint8Array.from(counted)), TERMINATOR)
}

function checksum(bytes: Uint8Array): readonly number[] {
  return digits(bytes.reduce((total, byte) => total + byte, 0))
}

/** Four bytes, each with four bits of the value. */
function digits(value: number): readonly number[] {
  return [12, 8, 4, 0].map((shift) => 0x30 + ((value >> shift) & 0x0f))
}

/** It said nothing but that it works, noise on the line aside, and began no frame: so the driver ErpNet.FP reads SYN. */
export function asksToWait(bytes: Uint8Array): boolean {
  return lastWord(bytes) === SYN
}

/** It said nothing but that it wants the frame again, be it after it had looked at it: FP-700X says SYN, and then NAK. */
export function isRefusal(bytes: Uint8Array): boolean {
  return lastWord(bytes) === NAK
}

/** Where it began no frame: the last of its words of one byte. */
function lastWord(bytes: Uint8Array): number | undefined {
  return bytes.includes(PREAMBLE) ? undefined : bytes.findLast((byte) => byte === SYN || byte === NAK)
}

export interface Answer {
  readonly number: number
  readonly status: Uint8Array
}

/** The whole, undamaged answers to the question in what has come. What stands before them (SYN, NAK) is passed over. */
export function answersIn(bytes: Uint8Array, framing: Framing): readonly Answer[] {
  const found: Answer[] = []
  let from = 0
  for (let end = bytes.indexOf(TERMINATOR); end >= 0; end = bytes.indexOf(TERMINATOR, from)) {
    const start = bytes.subarray(from, end).lastIndexOf(PREAMBLE)
    const answer = start < 0 ? undefined : answerIn(bytes.subarray(from + start, end + 1), framing)
    if (answer) found.push(answer)
    from = end + 1
  }
  return found
}

/** Of a frame, from 01h to 03h: it is one to the question only if it is what writing it would give, byte by byte. */
function answerIn(frame: Uint8Array, framing: Framing): Answer | undefined {
  const { isWide, statusBytes } = framing
  const [numberAt, contentAt] = isWide ? [5, 10] : [2, 4]
  const number = frame[numberAt]
  const content = frame.subarray(contentAt, -5)
  if (number === undefined || content.length < statusBytes + 2) return undefined
  const isFramed = content.at(-1) === POSTAMBLE && content.at(-2 - statusBytes) === SEPARATOR
  const again = framed({ number, command: STATUS, content: [...content] }, framing)
  if (!isFramed || Buffer.compare(frame, again) !== 0) return undefined
  const status = content.slice(-1 - statusBytes, -1)
  // The highest bit of each is always set.
  return status.every((byte) => byte >= 0x80) ? { number, status } : undefined
}
