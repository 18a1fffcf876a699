import type { Condition } from '../printer/reading.ts'
import { firstOfEach } from '../printer/visit.ts'
import { labelProtocol } from './label-language.ts'

/*
 * DPL of Datamax (now Honeywell): immediate commands SOH A and SOH a by the Class Series 2 Programmer's Manual, table 3-1, pages 12
 * and 13. The first Class Series has 17 characters where the second has 26.
 */

const CR = 0x0d
const ASCII = /^[YN]{8}\r$/
const EXTENDED = /^[YN]{8}:[YN]{8}(?::[YN]{8})?\r$/

const PRINTING_BATCH = 3
const BUSY_PRINTING = 4
const LABEL_PRESENTED = 6
/** By the place of the character, from 0. */
const PLACES: readonly (readonly [place: number, name: Condition['name'], words: string])[] = [
  [12, 'head-open', 'print head up'],
  [10, 'paper-out', 'paper out'],
  [1, 'paper-out', 'paper out or fault'],
  [2, 'ribbon-out', 'ribbon out or fault'],
  [5, 'paused', 'printer paused'],
  [9, 'cutter-error', 'cutter fault'],
  [7, 'mechanism-error', 'rewinder out or fault'],
  [11, 'mechanism-error', 'ribbon saver fault'],
  [13, 'mechanism-error', 'top of form fault'],
  [14, 'supply-low', 'ribbon low'],
]

/** Old firmware does not know the second question: then an open head is not told from what else stops it. */
export const dpl = labelProtocol({
  name: 'dpl',
  title: 'DPL',
  questions: [
    { words: '<SOH>A', send: '\x01A', until: { byte: CR } },
    { words: '<SOH>a', send: '\x01a', until: { byte: CR }, optional: true },
  ],
  stateOf(answers) {
    const [short, long] = answers.map((answer) => Buffer.from(answer).toString('latin1'))
    if (short === undefined || !ASCII.test(short)) return undefined
    const extended = long !== undefined && EXTENDED.test(long) ? long : ''
    const conditions = PLACES.flatMap(([place, name, words]) => {
      const [asked, answer] = place < 8 ? ['<SOH>A', short] : ['<SOH>a', extended]
      return answer[place] === 'Y' ? [{ name, evidence: `${asked} ${answer.trim()}: ${words}` }] : []
    })
    const printing = short[PRINTING_BATCH] === 'Y' || short[BUSY_PRINTING] === 'Y'
    return { conditions: firstOfEach(conditions), more: { printing, label_presented: short[LABEL_PRESENTED] === 'Y' } }
  },
})
