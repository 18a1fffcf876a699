import type { Condition } from '../printer/reading.ts'

/*
 * PJL status readback: HP PCL/PJL reference (chapter 7, appendix D) and Brother's. What stands on the display is in the
 * language of the country; only codes and ONLINE count.
 */

const UEL = '\x1b%-12345X'

/** What can be asked, all at once: how it is, what it is, how many pages it has printed. */
export const QUESTION = `${UEL}@PJL\r\n@PJL INFO STATUS\r\n@PJL INFO ID\r\n@PJL INFO PAGECOUNT\r\n${UEL}`
export const FORM_FEED = 0x0c

/** Answers by what they answer (`STATUS`, `ID`), each without its heading. Unsolicited status has names of its own. */
export function answersIn(bytes: Uint8Array): ReadonlyMap<string, string> {
  const blocks = Buffer.from(bytes).toString('latin1').split('\f').slice(0, -1)
  const answers = new Map<string, string>()
  for (const block of blocks) {
    const [, name, body = ''] = /@PJL INFO ([A-Z]+)[ \t]*\r?\n([\s\S]*)$/.exec(block) ?? []
    if (name !== undefined) answers.set(name, body)
  }
  return answers
}

export interface PjlStatus {
  readonly codes: readonly number[]
  /** Undefined where it does not say. */
  readonly isOnline: boolean | undefined
}

/** Undefined where there is no code in it. */
export function statusIn(answer: string): PjlStatus | undefined {
  const codes = [...answer.matchAll(/^\s*CODE\d*\s*=\s*(\d{1,9})\s*$/gim)].map((found) => Number(found[1]))
  const online = /^\s*ONLINE\s*=\s*(TRUE|FALSE)\s*$/im.exec(answer)?.[1]?.toUpperCase()
  return codes.length === 0 ? undefined : { codes, isOnline: online === undefined ? undefined : online === 'TRUE' }
}

const SINGLE: Readonly<Record<number, readonly [Condition['name'], string]>> = {
  10002: ['offline', 'offline'],
  10006: ['toner-low', 'toner low'],
  40021: ['cover-open', 'a cover is open'],
  40022: ['paper-jam', 'paper jam'],
}

const CLASSES: readonly (readonly [from: number, to: number, name: Condition['name'] | undefined, words: string])[] = [
  [10_000, 10_999, undefined, 'information'],
  [11_000, 11_999, 'paper-low', 'a tray is empty'],
  [20_000, 29_999, undefined, 'a word of PJL that it does not know'],
  [30_000, 34_999, 'other-warning', 'a message that goes by itself'],
  [35_000, 39_999, 'service-requested', 'somebody may have to see to it; it goes on printing'],
  [40_000, 40_999, 'waiting-for-user', 'it waits for somebody'],
  [41_000, 41_999, 'paper-out', 'paper is missing'],
  [42_000, 44_999, 'paper-jam', 'paper jam'],
  [50_000, 50_999, 'unrecoverable-error', 'a fault of its hardware'],
]

/** The condition that a code stands for; undefined for one that is none. */
export function conditionOf(code: number): Condition | undefined {
  const evidence = (words: string): string => `@PJL INFO STATUS: CODE=${code}: ${words}`
  const single = SINGLE[code]
  if (single) return { name: single[0], evidence: evidence(single[1]) }
  const [, , name, words] = CLASSES.find(([from, to]) => code >= from && code <= to) ?? [
    0,
    0,
    'other-error' as const,
    'a code that only the maker knows',
  ]
  return name === undefined ? undefined : { name, evidence: evidence(words) }
}

/** Its codes say that it works, or that it is getting ready to. */
export function isWell(code: number): boolean {
  return (code >= 10_000 && code <= 11_999 && code !== 10_002) || (code >= 30_000 && code <= 39_999)
}
