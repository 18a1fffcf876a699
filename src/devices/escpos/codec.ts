import type { Until } from '../line/line.ts'
import type { Condition } from '../printer/reading.ts'

/*
 * Real-time status of ESC/POS: Epson TM-U220 and ESC/POS FAQ, Bixolon SRP-350, Citizen CT-S310 ("Identification of Send
 * Status"). Each kind of byte is told by its fixed bits alone.
 */

/** What can be asked with `DLE EOT n`. It is answered at once, even when the printer is offline or its buffer full. */
export const STATUS = { printer: 1, offline: 2, error: 3, paper: 4 } as const
export type StatusKind = keyof typeof STATUS

const [DLE, EOT, XON, XOFF] = [0x10, 0x04, 0x11, 0x13]

/** `DLE EOT n`. */
export function statusQuestion(kind: StatusKind): Uint8Array {
  return Uint8Array.of(DLE, EOT, STATUS[kind])
}

/** The fixed bits of an answer to `DLE EOT`: `0xx1xx10`. */
export const ANSWER: Until & { readonly mask: number; readonly value: number } = { mask: 0x93, value: 0x12 }

/** What a printer sends, sorted. */
export interface StatusStream {
  /** Answers to `DLE EOT`, in order. */
  readonly answers: readonly number[]
  /** Automatic status, four bytes each, which the till has switched on for itself; may be older than the answers. */
  readonly automatic: readonly (readonly number[])[]
  /** Bytes of an automatic status without its head: what came before we listened, if they are few. */
  readonly headless: number
  /** Bytes that no printer sends unasked; a few at most come from a line that was just opened. */
  readonly noise: number
  /** It has told the sender to stop (XOFF), which it does when its buffer is full. */
  readonly isHeld: boolean
}

type Kind = 'flow' | 'answer' | 'head' | 'body' | 'noise'

function kindOf(byte: number): Kind {
  if (byte === XON || byte === XOFF) return 'flow'
  if ((byte & ANSWER.mask) === ANSWER.value) return 'answer'
  if ((byte & 0x93) === 0x10) return 'head'
  return (byte & 0x90) === 0 ? 'body' : 'noise'
}

/** Sorts the bytes that a printer sends: its answers come between automatic status, XON and XOFF, in any order. */
export function sortStatus(bytes: Uint8Array): StatusStream {
  const of = (kind: Kind): number[] => [...bytes].filter((byte) => kindOf(byte) === kind)
  const automatic: number[][] = []
  let headless = 0
  let open: number[] = []
  for (const byte of bytes) {
    const kind = kindOf(byte)
    if (kind === 'head') open = [byte]
    else if (kind === 'body' && open.length === 0) headless += 1
    else if (kind === 'body') open.push(byte)
    if (open.length < 4) continue
    automatic.push(open)
    open = []
  }
  return { answers: of('answer'), automatic, headless, noise: of('noise').length, isHeld: of('flow').at(-1) === XOFF }
}

export const OFFLINE_BIT = 0x08

type Bits = readonly (readonly [mask: number, name: Condition['name'], words: string])[]

/** Bits of the answers that say that something is the matter. What differs from model to model is only an error. */
export const CONDITION_BITS: Readonly<Record<StatusKind, Bits>> = {
  printer: [],
  offline: [
    [0x04, 'cover-open', 'the cover is open'],
    [0x20, 'paper-out', 'printing stopped at the end of the paper'],
  ],
  error: [
    [0x04, 'other-error', 'an error of the mechanism that can be recovered (what it is depends on the model)'],
    [0x08, 'cutter-error', 'the cutter is stuck'],
    [0x20, 'unrecoverable-error', 'an error that cannot be recovered'],
    [0x40, 'other-error', 'an error that goes by itself, often a hot print head'],
  ],
  paper: [
    [0x0c, 'paper-low', 'the paper is nearly at its end'],
    [0x60, 'paper-out', 'no paper'],
  ],
}

/** Bit 6 of the second answer: there is an error, which the third one names. */
export const ERROR_BIT = 0x40
