import type { Condition } from '../printer/reading.ts'
import { labelProtocol } from './label-language.ts'

/*
 * EPL2 of Eltron and Zebra: `^ee` by the EPL Programming Guide (14245L, `eR` and `^ee`) and by Intermec's for printers that imitate it
 * (ESim for EasyCoder PD4, page 132): `00`, or one or several codes of two digits with commas between, CR LF.
 */

const LF = 0x0a
const ANSWER = /^(\d\d(?:,\d\d)*)\r?\n$/
const NO_ERROR = '00'
const CODES: Readonly<Record<string, readonly [name: Condition['name'], words: string]>> = {
  '07': ['paper-out', 'no labels or no ribbon'],
  '11': ['head-open', 'print head open'],
}

/** Other codes tell of what was sent to it, or have no meaning here: they leave open whether it prints. */
export const epl = labelProtocol({
  name: 'epl',
  title: 'EPL',
  questions: [{ words: '^ee', send: '^ee\r\n', until: { byte: LF } }],
  stateOf([answer = new Uint8Array()]) {
    const [, told] = ANSWER.exec(Buffer.from(answer).toString('latin1')) ?? []
    if (told === undefined) return undefined
    const conditions = told
      .split(',')
      .filter((code) => code !== NO_ERROR)
      .map((code) => {
        const [name, words] = CODES[code] ?? ['other-error', 'a code without a name here']
        return { name, evidence: `^ee ${code}: ${words}` } as const
      })
    return { conditions }
  },
})
