/**
 * All that is ever sent to a Shtrih-M printer: questions, each a command with a password and nothing else. None prints,
 * changes or cancels anything. In the order in which they are asked.
 */
const COMMANDS = Object.freeze({
  /** Short state: flags, mode, submode. */
  '10': [0x10],
  /** State of the fiscal storage: open document, shift, warnings. */
  FF01: [0xff, 0x01],
  /** State of the exchange with the operator of fiscal data. */
  FF39: [0xff, 0x39],
  /** Full state: firmware, serial number, clock. */
  '11': [0x11],
  /** Until when the fiscal storage is valid. */
  FF03: [0xff, 0x03],
  /** Documents without a receipt from the operator. */
  FF3F: [0xff, 0x3f],
  /** The shift and its receipts. */
  FF40: [0xff, 0x40],
} as const)

export type Question = keyof typeof COMMANDS

/** Whether it prints, sells and may be disturbed; whether the last document was a receipt, and by which clock. */
export const QUICK: readonly Question[] = Object.freeze<Question[]>(['10', 'FF01', 'FF39', 'FF40', '11'])

/** Everything. */
export const THOROUGH: readonly Question[] = Object.freeze<Question[]>([
  '10',
  'FF01',
  'FF39',
  'FF40',
  '11',
  'FF03',
  'FF3F',
])

export const STX = 0x02
export const ENQ = 0x05
export const ACK = 0x06
export const NAK = 0x15

/** Exclusive or of everything from the length on. */
export function lrc(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum ^ byte, 0)
}

/**
 * The frame of a question: STX, length, command, password (four bytes, the lowest first), checksum.
 * @param password of an operator; by default of the factory 30, the administrator
 * @throws TypeError for anything that is no question of the list: a fault of ours, since no parameter leads here
 */
export function encodeQuestion(question: Question, password: number): Uint8Array {
  const body = bodyOf(question, password)
  const counted = Buffer.concat([Uint8Array.of(body.length), body])
  return Buffer.concat([Uint8Array.of(STX), counted, Uint8Array.of(lrc(counted))])
}

/** What stands in the frame of a question, whatever the version of the protocol. Throws like `encodeQuestion`. */
export function bodyOf(question: Question, password: number): Uint8Array {
  if (!Object.hasOwn(COMMANDS, question)) throw new TypeError(`The Shtrih-M client never sends "${String(question)}".`)
  if (!Number.isInteger(password) || password < 0 || password > 0xffff_ffff)
    throw new TypeError('A password of Shtrih-M is a number of at most four bytes.')
  const body = Buffer.alloc(COMMANDS[question].length + 4)
  body.set(COMMANDS[question])
  body.writeUInt32LE(password, COMMANDS[question].length)
  return body
}

/** The bytes of a command, by which its answer is told. */
export function commandOf(question: Question): readonly number[] {
  return COMMANDS[question]
}
