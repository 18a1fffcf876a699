import { labelReading } from '../label/label-language.ts'
import type { Conversation, Turn } from '../line/line.ts'
import { inOneVisit } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import type { Condition, PrinterReading } from '../printer/reading.ts'
import { notAnswered, SILENT } from '../printer/unanswered.ts'
import { evidenceOf, readyBy } from '../printer/visit.ts'
import { ETX, hostStatus, identityOf, QUESTIONS, stateConditions } from './codec.ts'

/**
 * All that ever leaves. `~HS` comes last, since printers do not answer it without media or ribbon, with an open head or
 * one that is too hot; its second line is waited for without asking for anything.
 */
const ASKED = Object.freeze([QUESTIONS.state, QUESTIONS.identity, QUESTIONS.status, ''] as const)

const NO_HOST_STATUS =
  '~HS was not answered, as by printers without media or ribbon, with an open or hot head, or a full rewinder'

/** Label printers that speak ZPL. */
export const zebra: LineProtocol = inOneVisit('zebra', { turns: turnsOf, understood })

function turnsOf(budgetMs: number): readonly Turn[] {
  return ASKED.map((question, at) => ({
    send: Buffer.from(question, 'latin1'),
    until: { byte: ETX },
    timeoutMs: Math.max(1, Math.floor(budgetMs / 3)),
    // Old firmware does not know the first, and some that imitate ZPL do not know the second.
    ...(at < 2 && { optional: true as const }),
  }))
}

function understood(said: Conversation, asking: Asking): PrinterReading {
  const evidence = said.replies.map((reply, at) => evidenceOf(ASKED[at]?.trim() || '~HS, 2nd line', reply, asking.now))
  const all = Buffer.concat(said.replies.map(({ bytes }) => bytes))
  const [state, status, identity] = [stateConditions(all), hostStatus(all), identityOf(all)]
  if (!state && !status && !identity) return notAnswered('zebra', wordsFor(all.length, said.detail), evidence)
  const conditions = unique([...(state ?? []), ...(status?.conditions ?? [])])
  const isBlocked = readyBy(conditions, 'yes') === 'no'
  if (!status && !isBlocked && !said.ranOut) conditions.push({ name: 'other-error', evidence: NO_HOST_STATUS })
  const queued = status && { queue: { depth: status.waiting }, more: { labels_left: status.labelsLeft } }
  return labelReading('zebra', { conditions, isPartial: !status, identity, ...queued }, evidence)
}

function unique(conditions: readonly Condition[]): Condition[] {
  return conditions.filter(({ name, evidence }, at) => {
    const same = conditions.findIndex((one) => one.name === name)
    // Errors without a name of ours are told apart by what was said of them.
    return same === at || (name.startsWith('other-') && conditions.findIndex((one) => one.evidence === evidence) === at)
  })
}

function wordsFor(bytes: number, detail: string): string {
  if (bytes > 0) return `What it answered is not ZPL${detail === '' ? '' : ` (${detail})`}.`
  return SILENT
}
