import type { Until } from '../line/line.ts'

/*
 * The one-byte questions of the Thermal protocol ("ESC P": Posnet before its own protocol, Novitus, Innova, and Elzab in
 * its compatible mode), by the manuals of Thermal printers. They are answered while it prints.
 */

export const QUESTIONS = { dle: 0x10, enq: 0x05 } as const
export type Question = keyof typeof QUESTIONS

/** The high half of an answer tells which question it answers. */
export const ANSWERS: Readonly<Record<Question, Until & { readonly mask: number; readonly value: number }>> = {
  dle: { mask: 0xf0, value: 0x70 },
  enq: { mask: 0xf0, value: 0x60 },
}

/** Answer to DLE: how the printer is. */
export interface PrinterState {
  readonly byte: number
  readonly isOnline: boolean
  /** No paper, or the mechanism is in the way: one bit for both. */
  readonly isBlocked: boolean
  readonly hasError: boolean
}

/** Answer to ENQ: how the fiscal side is. */
export interface FiscalState {
  readonly byte: number
  readonly isFiscal: boolean
  readonly wasCommandOk: boolean
  /** A receipt or another document is open. */
  readonly isInTransaction: boolean
  readonly wasTransactionOk: boolean
}

/** The last answer to this question among these bytes; undefined when there is none. */
function answerIn(question: Question, bytes: Uint8Array): number | undefined {
  const { mask, value } = ANSWERS[question]
  return bytes.findLast((byte) => (byte & mask) === value)
}

export function printerState(bytes: Uint8Array): PrinterState | undefined {
  const byte = answerIn('dle', bytes)
  if (byte === undefined) return undefined
  return { byte, isOnline: has(byte, 4), isBlocked: has(byte, 2), hasError: has(byte, 1) }
}

export function fiscalState(bytes: Uint8Array): FiscalState | undefined {
  const byte = answerIn('enq', bytes)
  if (byte === undefined) return undefined
  return {
    byte,
    isFiscal: has(byte, 8),
    wasCommandOk: has(byte, 4),
    isInTransaction: has(byte, 2),
    wasTransactionOk: has(byte, 1),
  }
}

function has(byte: number, bit: number): boolean {
  return (byte & bit) !== 0
}
