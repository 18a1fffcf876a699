import type { Conversation, Turn } from '../line/line.ts'
import { inOneVisit } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import { type Condition, type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { firstOfEach, readyBy, shown } from '../printer/visit.ts'
import { answersIn, FORM_FEED, type PjlStatus, QUESTION, statusIn } from './codec.ts'
import { conditionOf, isKnown, isWell } from './status-codes.ts'

/** All that ever leaves: one text, between two UELs, so that nothing of it can be taken for something to print. */
const ASKED = Object.freeze([QUESTION] as const)

/** Office printers: `@PJL INFO STATUS`, `ID` and `PAGECOUNT`, in one round trip. */
export const pjl: LineProtocol = inOneVisit('pjl', { turns: turnsOf, understood })

/** Status that somebody has switched on for himself may come before the answer, so its heading is waited for first. */
function turnsOf(budgetMs: number): readonly Turn[] {
  const silence = new Uint8Array()
  const timeoutMs = Math.max(1, Math.floor(budgetMs / 3))
  return [
    { send: Buffer.from(ASKED[0], 'latin1'), until: { ending: '@PJL INFO STATUS' }, timeoutMs: timeoutMs * 2 },
    { send: silence, until: { byte: FORM_FEED }, timeoutMs },
    { send: silence, until: { byte: FORM_FEED }, timeoutMs, optional: true },
    { send: silence, until: { byte: FORM_FEED }, timeoutMs, optional: true },
  ]
}

function understood(said: Conversation, asking: Asking): PrinterReading {
  const bytes = Buffer.concat(said.replies.map((reply) => reply.bytes))
  const answers = answersIn(bytes)
  const at = asking.now().toISOString()
  const evidence = [{ asked: '@PJL INFO STATUS, ID, PAGECOUNT', answered: shown(bytes), at }]
  const status = statusIn(answers.get('STATUS') ?? '')
  if (!status) return notAnswered('pjl', wordsFor(bytes.length, said.detail), evidence)
  const conditions = conditionsIn(status)
  const isSure = status.isOnline !== false && status.codes.every((code) => isWell(code, status.isOnline))
  const model = (answers.get('ID') ?? '').replaceAll('"', '').trim()
  const pages = /(?<!\d)(\d+)\s*$/.exec(answers.get('PAGECOUNT') ?? '')?.[1]
  return {
    protocol: 'pjl',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    ...(model !== '' && model !== '?' && { identity: { model } }),
    ...(pages !== undefined && { counters: { pages: Number(pages) } }),
    guards: UNKNOWN_GUARDS,
    evidence,
    more: { codes: [...status.codes] },
    ...unknownIn(status),
  }
}

function conditionsIn({ codes, isOnline }: PjlStatus): readonly Condition[] {
  const found = firstOfEach(codes.flatMap((code) => conditionOf(code, isOnline) ?? []))
  if (isOnline !== false || readyBy(found, 'yes') === 'no') return found
  return [...found, { name: 'offline', evidence: '@PJL INFO STATUS: ONLINE=FALSE' }]
}

/** What nobody knows is unknown: neither well nor sick. */
function unknownIn({ codes }: PjlStatus): { readonly detail?: string } {
  const unknown = codes.filter((code) => !isKnown(code))
  return unknown.length === 0 ? {} : { detail: `Nothing public says what its code ${unknown.join(', ')} means.` }
}

function wordsFor(bytes: number, detail: string): string {
  if (bytes > 0) return `What it answered is no status in PJL${detail === '' ? '' : ` (${detail})`}.`
  return 'It takes connections and does not answer: it hangs, it does not know PJL, or another program keeps it.'
}
