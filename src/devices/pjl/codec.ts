/*
 * PJL status readback: HP PCL/PJL reference (chapter 7, appendix D; addendum, chapter 4) and Brother's (chapter 5). What
 * stands on the display is in the language of the country; only codes and ONLINE count (`status-codes.ts`).
 */

const UEL = '\x1b%-12345X'

/** What can be asked, all at once: how it is, what it is, how many pages it has printed. */
export const QUESTION = `${UEL}@PJL\r\n@PJL INFO STATUS\r\n@PJL INFO ID\r\n@PJL INFO PAGECOUNT\r\n${UEL}`
export const FORM_FEED = 0x0c

/**
 * Answers by what they answer (`STATUS`, `ID`), each without its heading. Unsolicited status has names of its own. Some
 * printers end all that was asked at once by one form feed (a Brother does: CODE=40000, then PAGECOUNT).
 */
export function answersIn(bytes: Uint8Array): ReadonlyMap<string, string> {
  const blocks = Buffer.from(bytes).toString('latin1').split('\f').slice(0, -1)
  const answers = new Map<string, string>()
  for (const block of blocks) {
    for (const part of block.split(/^(?=@PJL )/m)) {
      const [, name, body = ''] = /@PJL INFO ([A-Z]+)[ \t]*\r?\n([\s\S]*)$/.exec(part) ?? []
      if (name !== undefined) answers.set(name, body)
    }
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
  const codes = [...answer.matchAll(/^[ \t]*CODE\d*[ \t]*=[ \t]*(\d{1,9})[ \t]*$/gim)].map((found) => Number(found[1]))
  const online = /^[ \t]*ONLINE[ \t]*=[ \t]*(TRUE|FALSE)[ \t]*$/im.exec(answer)?.[1]?.toUpperCase()
  return codes.length === 0 ? undefined : { codes, isOnline: online === undefined ? undefined : online === 'TRUE' }
}
