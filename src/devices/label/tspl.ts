import type { Condition } from '../printer/reading.ts'
import { conditionsOf } from '../printer/visit.ts'
import { type LabelQuestion, labelProtocol } from './label-language.ts'

/*
 * Status polling of TSPL and TSPL2: `<ESC>!?` and `~!T` by TSC's programming manual (TTP-244 Plus, "Status Polling and Immediate
 * Commands"); bits 6 and 7 by Gprinter's (GP-2120T, command 29), where TSC has "other error" alone.
 */

/** Answers have no length and no end of their own. */
const QUIET_MS = 100
/** Answered at any time, also by a printer with an error. */
const STATE: LabelQuestion = { words: '<ESC>!?', send: '\x1b!?', until: { quietMs: QUIET_MS } }
const MODEL: LabelQuestion = { words: '~!T', send: '~!T\r\n', until: { quietMs: QUIET_MS }, optional: true }

const HEAD_OPEN = 0x01
const PRINTING = 0x20

const BITS: readonly (readonly [mask: number, name: Condition['name'], words: string])[] = [
  [HEAD_OPEN, 'head-open', 'the head is open'],
  [0x02, 'paper-jam', 'paper jam'],
  [0x04, 'paper-out', 'no paper'],
  [0x08, 'ribbon-out', 'no ribbon'],
  [0x10, 'paused', 'paused'],
  [0x40, 'cover-open', 'the cover is open'],
  [0x80, 'other-error', 'an error without a name; with some makers a temperature out of its range'],
]
/** Jam and out of paper at once stand in no table: a VEVOR Y486BT with paper in it says so while its head is open. */
const IMPOSSIBLE = 0x06

/** TSC and many that imitate it. The state is asked twice: one byte alone may be left of something else. */
export const tspl = labelProtocol({
  name: 'tspl',
  title: 'TSPL',
  questions: [STATE, MODEL, STATE],
  stateOf([first, named, last]) {
    const state = tsplState(first) && tsplState(last)
    if (!state) return undefined
    const model = tsplModel(named)
    const more = { printing: state.isPrinting }
    return { conditions: state.conditions, more, ...(model !== undefined && { identity: { model } }) }
  },
})

/** What a printer says in one byte. */
export interface TsplState {
  readonly conditions: readonly Condition[]
  readonly isPrinting: boolean
}

/** Undefined for what is no single byte: something else speaks. */
export function tsplState(answer: Uint8Array = new Uint8Array()): TsplState | undefined {
  const [byte] = answer
  if (byte === undefined || answer.length !== 1) return undefined
  const isGuess = (byte & IMPOSSIBLE) === IMPOSSIBLE && (byte & HEAD_OPEN) !== 0
  const word = isGuess ? byte & ~IMPOSSIBLE : byte
  const where = `<ESC>!? 0x${byte.toString(16).padStart(2, '0')}`
  return { conditions: conditionsOf(word, BITS, where), isPrinting: (byte & PRINTING) !== 0 }
}

/** `TTP-245C`, with whatever ends its line; undefined where it is no text. */
export function tsplModel(answer: Uint8Array = new Uint8Array()): string | undefined {
  const text = Buffer.from(answer).toString('latin1').replaceAll('\0', '').trim()
  return /^[\x20-\x7e]{1,60}$/.test(text) ? text : undefined
}
