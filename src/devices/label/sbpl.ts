import type { Condition } from '../printer/reading.ts'
import { labelProtocol } from './label-language.ts'

/*
 * SBPL of SATO: ENQ by the Programming Reference (CL4NX/CL6NX, "Return status of Status 3"; E series, section 7, page 7-9) and the DR300's
 * operator manual, chapter 10: STX, two characters of a job, one of the state, six digits of labels left, ETX. Some (GL4xxe, unit 6) tell
 * 16 characters of the job's name before ETX; on port 9100 the length may stand in front, in four bytes ("Legacy Status").
 */

const STX = '\x02'
const ETX = 0x03
const SIZE_BYTES = 4
const ANSWER = /^[ 0-9]{2}([!-~])(\d{6})([!-~ ]{16})?$/

/** Four letters each: no error, ribbon or labels near their end, buffer nearly full, both. */
const STAGES = {
  'off-line': '0123',
  'waiting for data': 'ABCD',
  printing: 'GHIJ',
  'waiting for a label to be taken': 'MNOP',
  compiling: 'STUV',
} as const
/** Letters that two manuals explain differently (4, E, K, Q, W) stand in no table of ours. */
const ERRORS: Readonly<Record<string, readonly [name: Condition['name'], words: string]>> = {
  a: ['other-error', 'receive buffer full'],
  b: ['head-open', 'head open'],
  c: ['paper-out', 'paper end'],
  d: ['ribbon-out', 'ribbon end'],
  e: ['offline', 'media error'],
  f: ['mechanism-error', 'sensor error'],
  g: ['mechanism-error', 'head error'],
  i: ['offline', 'card error'],
  j: ['cutter-error', 'cutter error'],
  k: ['offline', 'an error without a name'],
}

export const sbpl = labelProtocol({
  name: 'sbpl',
  title: 'SBPL',
  questions: [{ words: '<ENQ>', send: '\x05', until: { byte: ETX } }],
  stateOf([answer = new Uint8Array()]) {
    const [, state, left] = ANSWER.exec(bodyOf(answer)) ?? []
    if (state === undefined) return undefined
    const stage = Object.entries(STAGES).find(([, letters]) => letters.includes(state))
    const told = (name: Condition['name'], words: string): Condition => ({ name, evidence: `<ENQ> ${state}: ${words}` })
    if (!stage) {
      const [name, words] = ERRORS[state] ?? (['other-error', 'no table says what this means'] as const)
      return { conditions: [told(name, words)], more: { labels_left: Number(left) } }
    }
    const [doing, letters] = stage
    const conditions: Condition[] = []
    if (doing === 'off-line') conditions.push(told('offline', 'off-line'))
    if (letters.indexOf(state) % 2 === 1) conditions.push(told('supply-low', 'ribbon or labels near their end'))
    return { conditions, more: { labels_left: Number(left), doing } }
  },
})

/** What stands between STX and ETX; empty where the answer is none. */
function bodyOf(answer: Uint8Array): string {
  const bytes = Buffer.from(answer)
  const begin = bytes.length > SIZE_BYTES && bytes.readUInt32BE() === bytes.length - SIZE_BYTES ? SIZE_BYTES : 0
  const text = bytes.subarray(begin).toString('latin1')
  return text.startsWith(STX) && bytes.at(-1) === ETX ? text.slice(1, -1) : ''
}
