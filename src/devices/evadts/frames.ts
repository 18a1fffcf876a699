import { crc16 } from './crc.ts'

/** An audit file as bytes, and how many blocks of a raw capture were left out because their check sum did not fit. */
export interface Unframed {
  readonly bytes: Uint8Array
  /** What it came in; `none` where it is the file itself. */
  readonly framing: 'none' | 'dex' | 'ddcmp'
  readonly badBlocks: number
}

const [SOH, STX, ETX, ENQ, DLE, ETB] = [0x01, 0x02, 0x03, 0x05, 0x10, 0x17]
const DDCMP_DATA = 0x81
const DDCMP_START = 0x06
const DDCMP_HEADER = 8
/** Shorter blocks of a transfer may hold the same by chance. */
const SHORT = 64
/** In front of a piece of the audit: 99h and its number. */
const AUDIT_PIECE = 0x99

/**
 * Takes an audit file out of what a modem kept of a line: DEX (blocks of DLE STX … DLE ETB or ETX with a check sum) or DDCMP
 * (messages of 81h, a header and data, each with one). Blocks whose check sum does not fit are left out, so is what was
 * sent again; bytes that are neither are the file itself.
 */
export function unframed(bytes: Uint8Array): Unframed {
  if (bytes[0] === DDCMP_DATA || (bytes[0] === ENQ && isDdcmpControl(bytes))) return fromDdcmp(bytes)
  if (bytes[0] === ENQ || (bytes[0] === DLE && (bytes[1] ?? 0) < 0x40)) return fromDex(bytes)
  return { bytes, framing: 'none', badBlocks: 0 }
}

function isDdcmpControl(bytes: Uint8Array): boolean {
  return bytes.length >= DDCMP_HEADER && fits(bytes.subarray(0, DDCMP_HEADER))
}

/** Whether the last two bytes are the check sum of those before them, the low one first. */
function fits(block: Uint8Array): boolean {
  const [low = 0, high = 0] = block.subarray(-2)
  return crc16(block.subarray(0, -2)) === low + 256 * high
}

function fromDex(bytes: Uint8Array): Unframed {
  const pieces: Uint8Array[] = []
  let badBlocks = 0
  for (let at = 0; at + 1 < bytes.length; ) {
    if (!isDexBegin(bytes, at)) {
      at += 1
      continue
    }
    const end = dexEnd(bytes, at + 2)
    if (end === undefined) break
    if (isDexBegin(bytes, end)) {
      // The session was begun anew within it.
      badBlocks += 1
      at = end
      continue
    }
    const text = bytes.subarray(at + 2, end)
    // The check sum covers the text and the byte that ends it, neither of them with its DLE.
    const isGood = fits(Uint8Array.of(...text, ...bytes.subarray(end + 1, end + 4)))
    if (!isGood) badBlocks += 1
    else if (bytes[at + 1] === STX && !isSame(text, pieces.at(-1))) pieces.push(text)
    at = end + 4
  }
  return { bytes: joined(pieces), framing: 'dex', badBlocks }
}

function isDexBegin(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === DLE && (bytes[at + 1] === STX || bytes[at + 1] === SOH)
}

/** Where the DLE stands that ends a block, or begins the next one; undefined where the capture ends before it. */
function dexEnd(bytes: Uint8Array, from: number): number | undefined {
  for (let at = from; at + 3 < bytes.length; at += 1) {
    const isEnd = bytes[at] === DLE && (bytes[at + 1] === ETB || bytes[at + 1] === ETX)
    if (isEnd || isDexBegin(bytes, at)) return at
  }
  return undefined
}

function fromDdcmp(bytes: Uint8Array): Unframed {
  let pieces: Uint8Array[] = []
  let badBlocks = 0
  for (const data of ddcmpData(bytes)) {
    if (data === 'start') pieces = []
    else if (!fits(data)) badBlocks += 1
    else if (data[0] === AUDIT_PIECE && data[1] === (pieces.length & 0xff)) pieces.push(data.subarray(2, -2))
  }
  return { bytes: joined(pieces), framing: 'ddcmp', badBlocks }
}

/**
 * The data of each message whose header fits, with its check sum, and where a session begins; a message that the capture cuts off is
 * left out.
 */
function* ddcmpData(bytes: Uint8Array): Generator<Uint8Array | 'start'> {
  for (let at = 0; at + DDCMP_HEADER <= bytes.length; ) {
    const header = bytes.subarray(at, at + DDCMP_HEADER)
    if ((header[0] !== DDCMP_DATA && header[0] !== ENQ) || !fits(header)) {
      at += 1
      continue
    }
    at += DDCMP_HEADER
    if (header[0] === ENQ) {
      if (header[1] === DDCMP_START) yield 'start'
      continue
    }
    const length = (header[1] ?? 0) + 256 * ((header[2] ?? 0) & 0x3f) + 2
    if (at + length <= bytes.length) yield bytes.subarray(at, at + length)
    at += length
  }
}

/** Blocks are numbered by their acknowledgements alone; two long ones that are the same are one that was sent again. */
function isSame(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && one.length >= SHORT && Buffer.compare(one, other) === 0
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces))
}
