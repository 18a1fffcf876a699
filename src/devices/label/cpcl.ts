import type { Condition } from '../printer/reading.ts'
import { conditionsOf } from '../printer/visit.ts'
import { type LabelQuestion, labelProtocol } from './label-language.ts'

/*
 * CPCL of Zebra's mobile printers, and of those that imitate them: `ESC h` and `ESC v` by Zebra's CPCL programming manual, section 11
 * ("Printer Escape Commands", Status/Information). The same bits stand in Brother's (RJ series, CPCL emulation, 2.10).
 */

const QUIET_MS = 100
const NUL = 0
const STATE: LabelQuestion = { words: '<ESC>h', send: '\x1bh', until: { quietMs: QUIET_MS } }
const MODEL: LabelQuestion = { words: '<ESC>v', send: '\x1bv', until: { byte: NUL }, optional: true }

const PRINTING = 0x01
/** Bits 5 to 7 have no meaning: a byte that has them is none of this. */
const WITHOUT_MEANING = 0xe0
const BITS: readonly (readonly [mask: number, name: Condition['name'], words: string])[] = [
  [0x02, 'paper-out', 'no paper'],
  [0x04, 'cover-open', 'the latch is open'],
  [0x08, 'other-warning', 'the battery is low'],
]

/** The state is asked twice: one byte alone may be left of something else. */
export const cpcl = labelProtocol({
  name: 'cpcl',
  title: 'CPCL',
  questions: [STATE, MODEL, STATE],
  stateOf([first, named, last]) {
    const state = stateByte(first)
    const again = stateByte(last)
    if (state === undefined || again === undefined) return undefined
    const where = `<ESC>h 0x${again.toString(16).padStart(2, '0')}`
    const model = modelOf(named)
    return {
      conditions: conditionsOf(again, BITS, where),
      more: { printing: (again & PRINTING) !== 0 },
      ...(model !== undefined && { identity: { model } }),
    }
  },
})

function stateByte(answer: Uint8Array = new Uint8Array()): number | undefined {
  const [byte] = answer
  return byte !== undefined && answer.length === 1 && (byte & WITHOUT_MEANING) === 0 ? byte : undefined
}

/** Model, firmware and serial number, as one text that ends with NUL. */
function modelOf(answer: Uint8Array = new Uint8Array()): string | undefined {
  const text = Buffer.from(answer).toString('latin1')
  if (!text.endsWith('\0')) return undefined
  const model = text.slice(0, -1).trim()
  return /^[\x20-\x7e\r\n]{1,120}$/.test(model) ? model : undefined
}
