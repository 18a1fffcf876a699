import { type Result, success } from '../../core/failure.ts'
import type { Conversation, Line, Turn } from '../line/line.ts'
import type { Asking } from '../printer/protocol.ts'
import { SILENT } from '../printer/unanswered.ts'
import { evidenceOf } from '../printer/visit.ts'
import type { TerminalReading } from '../terminal/reading.ts'
import { terminalMissed, terminalNotReached, terminalReady } from '../terminal/readings.ts'
import { ABORT, ACKNOWLEDGED, type Apdu, apdusIn, COMPLETION, meaningOf, stateIn, statusEnquiry } from './codec.ts'

const UNDERSTOOD = 0x80
/** Class of a completion; of others, too, which end the visit. */
const CONTROL = 0x06
/** After an acknowledgement: only a terminal that says more than its completion answers it. */
const BEHIND_MS = 200

const NOT_ASKED =
  'It is there. Its state was not asked: in ZVT the question lets a terminal begin what it has planned by time (an end of day), so `status_enquiry: true` has to say that it may.'

/**
 * Asks a terminal that speaks ZVT for its state, or only connects to it.
 * @param how `enquire`: the question may be asked; `password`: six digits
 * @returns its reading, whatever it says; a failure only where the line fails for good
 */
export async function readZvt(
  line: Line,
  asking: Asking,
  how: { readonly enquire: boolean; readonly password?: string | undefined },
): Promise<Result<TerminalReading>> {
  const said = await line.converse(how.enquire ? turnsOf(asking.budgetMs, how.password) : [])
  if (!said.ok) return said
  if (said.value.state !== 'open') return success(terminalNotReached('zvt', said.value))
  if (how.enquire) return success(understood(said.value, asking))
  return success({ ...terminalMissed('zvt', NOT_ASKED, []), answered: 'unknown' })
}

function turnsOf(budgetMs: number, password: string | undefined): readonly Turn[] {
  const timeoutMs = Math.max(1, Math.floor((budgetMs - BEHIND_MS) / 2))
  const until = { lengthAt: 2, more: 0 } as const
  return [
    { send: statusEnquiry(password), until, timeoutMs, goOnAt: [UNDERSTOOD] },
    { send: new Uint8Array(), until, timeoutMs, goOnAt: [CONTROL] },
    { send: ACKNOWLEDGED, until: { bytes: 0 }, timeoutMs: BEHIND_MS, optional: true },
  ]
}

function understood({ replies, detail }: Conversation, { now }: Asking): TerminalReading {
  const asked = ['Status-Enquiry 05 01', 'its completion', 'acknowledged']
  const evidence = replies.slice(0, 2).map((reply, at) => evidenceOf(asked[at] ?? '', reply, now))
  const heard = Buffer.concat(replies.slice(0, 2).map(({ bytes }) => bytes))
  if (heard.length === 0) return terminalMissed('zvt', SILENT, evidence)
  const apdus = apdusIn(heard)
  const completion = apdus?.find(({ control }) => control === COMPLETION)
  const state = completion && stateIn(completion.data)
  if (!apdus || !state) return withoutState(apdus, evidence, detail)
  const { conditions, busy } = meaningOf(state.status)
  const isSure = !busy && !conditions.some(({ name }) => name === 'other-error')
  return {
    protocol: 'zvt',
    answered: 'yes',
    busy,
    line: 'open',
    ready: terminalReady(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    ...(state.software !== undefined && { identity: { firmware: state.software } }),
    more: { terminal_status: state.status.toString(16).padStart(2, '0').toUpperCase() },
    evidence,
  }
}

/** It answers, and not with its state: it refuses, it is at something else, or it speaks another language. */
function withoutState(
  apdus: readonly Apdu[] | undefined,
  evidence: TerminalReading['evidence'],
  detail: string,
): TerminalReading {
  const controls = apdus?.map(({ control }) => control) ?? []
  const refusal = controls.find((control) => control.startsWith('84'))
  const unsaid = { ...terminalMissed('zvt', '', evidence), answered: 'unknown' as const }
  if (refusal !== undefined) {
    return {
      ...unsaid,
      detail: `It refuses the question (${refusal.slice(0, 2)} ${refusal.slice(2)}): it is busy, or wants another password.`,
    }
  }
  if (apdus?.some(({ control }) => control === ABORT))
    return { ...unsaid, detail: 'It ended the question (06 1E) without its state.' }
  // Intermediate states, lines to print: it is in the middle of something, for somebody else or by its own clock.
  const other = controls.find((control) => /^0[46]/.test(control) && control !== COMPLETION)
  if (other !== undefined) {
    const detail = `It says ${other.slice(0, 2)} ${other.slice(2)} in place of its state: it is at work for somebody else, or began what it had planned.`
    return { ...unsaid, answered: 'yes', busy: true, detail }
  }
  if (controls.includes(COMPLETION)) {
    return { ...unsaid, answered: 'yes', detail: 'It ends the question without its state.' }
  }
  if (controls[0] === '8000')
    return terminalMissed(
      'zvt',
      `It took the question and did not say its state${detail === '' ? '' : ` (${detail})`}.`,
      evidence,
    )
  return terminalMissed('zvt', 'What it answered is not ZVT.', evidence)
}
